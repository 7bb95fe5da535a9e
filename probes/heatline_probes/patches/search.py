"""The smallest verified patch of one failing program, over all its candidate repairs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from heatline_probes.patches.labels import label_tokens
from heatline_probes.patches.minimise import minimise, reduce_hunks, settle, total_size
from heatline_probes.patches.nearest import PassingPool
from heatline_probes.patches.oracle import Oracle
from heatline_probes.patches.renaming import rename_onto
from heatline_probes.patches.suspicion import most_suspicious_first, suspicion
from heatline_probes.patches.templates import proposals, wrapped_returns
from heatline_probes.patches.transplants import inserted_guards, replaced_lines
from heatline_probes.patches.units import Hunk, Source, apply, cut, difference, difference_by_lines, edits_of

BATCH = 16  # changes that are screened in one process


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How hard to look. Runs of the tests bound the work, so that a result does not depend on the machine's speed."""

    nearest: int = 5  # passing programs tried, each also renamed, and the reference
    candidates: int = 5  # of their differences, the smallest, that are reduced
    refined: int = 2  # of the reduced, the smallest, that are minimised down to tokens
    runs: int = 100  # for these
    template_runs: int = 50  # for small edits from templates
    large: float = 0.05  # edited fraction above which lines of passing programs are tried
    donors: int = 12  # passing programs that lend them
    donor_runs: int = 80  # for these
    seconds: float = 60.0  # wall clock for each of these steps: a safety net, reached by few


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program that passes, or should, and where it comes from."""

    code: str
    origin: str


@dataclass(frozen=True, slots=True)
class Patch:
    """Hunks that make the failing program pass, minimised."""

    hunks: tuple[Hunk, ...]
    origin: str
    code: str

    edited: int  # tokens of the failing program that are not kept

    @property
    def rank(self) -> tuple[int, int, int]:
        """What makes a patch the better one: fewer edited tokens, then fewer hunks, then fewer new tokens."""
        return self.edited, len(self.hunks), total_size(self.hunks)


class Trials:
    """Changes of one failing program, tried by the tests."""

    def __init__(self, oracle: Oracle, failing: Source) -> None:
        self._oracle = oracle
        self._failing = failing

    def passes(self, hunks: Sequence[Hunk]) -> bool:
        """Whether the failing program passes after `hunks`; False when the budget is spent."""
        return self._oracle.patch_passes(self._failing, hunks)

    def screen(self, changes: Sequence[Sequence[Hunk]]) -> None:
        """Find out together which of `changes` fail, so that `passes` need not run those."""
        self._oracle.screen(self._failing, changes)


class PatchSearch:
    """The search for one failing program: `best` is the smallest patch so far."""

    def __init__(
        self,
        failing: Source,
        pool: PassingPool,
        origins: Sequence[str],
        extra: Sequence[Candidate],
        keep_names: frozenset[str],
        oracle: Oracle,
        settings: SearchSettings,
    ) -> None:
        """Take the means of a search.

        pool, origins: passing programs of the problem and where each comes from. extra: further candidates, e.g.
        the reference. keep_names: names that renaming leaves alone.
        """
        self._failing = failing
        self._pool = pool
        self._origins = origins
        self._extra = extra
        self._keep_names = keep_names
        self._oracle = oracle
        self._trials = Trials(oracle, failing)
        self._settings = settings
        self._offsets = np.array([(unit.start, unit.end) for unit in failing.units]).reshape(-1, 2)
        self._found: list[Patch] = []

    def run(self) -> Patch | None:
        """The smallest patch that passes all tests twice more, or None."""
        settings = self._settings
        chosen = [
            i for i, _ in self._pool.nearest(self._failing.code, max(settings.nearest, settings.donors))
        ]
        self._from_differences(chosen[: settings.nearest])
        if self._is_worth_more(1):
            spectrum = self._oracle.spectrum(self._failing.code)
            weights = suspicion(self._failing, spectrum, [patch.hunks for patch in self._found])
            self._from_templates(weights)
            if self._is_worth_more(int(settings.large * len(self._failing.units)) + 1):
                self._from_lines(chosen[: settings.donors], weights)
        for patch in sorted(self._found, key=lambda patch: patch.rank):
            if self._oracle.really_passes(patch.code):
                return patch
        return None

    def _is_worth_more(self, tokens: int) -> bool:
        """Whether nothing that edits at most `tokens` tokens was found yet."""
        return all(patch.edited > tokens for patch in self._found)

    def _keep(self, hunks: Sequence[Hunk], origin: str) -> None:
        code = apply(self._failing, hunks)
        # What is left of a difference may align better as a whole than it did as part of the difference.
        variants = (hunks, difference(self._failing, cut(code)))
        self._found.append(
            min((self._patch(v, origin, code) for v in variants), key=lambda patch: patch.rank)
        )

    def _patch(self, hunks: Sequence[Hunk], origin: str, code: str) -> Patch:
        settled = tuple(settle(hunks, self._failing))
        kept = label_tokens(self._offsets, edits_of(self._failing, settled))
        return Patch(settled, origin, code, int((~kept).sum()))

    def _from_differences(self, chosen: Sequence[int]) -> None:
        settings = self._settings
        self._oracle.start(self._failing, runs=settings.runs, seconds=settings.seconds)
        candidates = [Candidate(self._pool.programs[i], self._origins[i]) for i in chosen]
        reduced: list[tuple[tuple[int, int], str, list[Hunk]]] = []
        for hunks, origin in self._differences([*candidates, *self._extra]):
            if len(reduced) == settings.candidates or self._oracle.exhausted:
                break
            if not self._trials.passes(hunks):
                continue
            smaller = reduce_hunks(hunks, self._trials)
            reduced.append(((total_size(smaller), len(smaller)), origin, smaller))
            if total_size(smaller) <= 1:
                break
        reduced.sort(key=lambda item: item[0])
        for _, origin, hunks in reduced[: settings.refined]:
            self._keep(minimise(hunks, self._failing, self._trials), origin)

    def _from_templates(self, weights: Sequence[float]) -> None:
        limit = self._settings.template_runs
        self._oracle.start(self._failing, runs=limit, seconds=self._settings.seconds)
        order = most_suspicious_first(weights)
        for hunks in self._screened(
            chain(proposals(self._failing, order, limit), wrapped_returns(self._failing))
        ):
            self._keep(hunks, "template")
            if not self._is_worth_more(1):
                break

    def _from_lines(self, chosen: Sequence[int], weights: Sequence[float]) -> None:
        runs = self._settings.donor_runs
        donors = []
        for index in chosen:
            code = self._pool.programs[index]
            renamed = rename_onto(self._failing.code, code, self._keep_names)
            donors.append(cut(code if renamed is None else renamed))
        guards = inserted_guards(self._failing, donors)
        replaced = replaced_lines(self._failing, donors, weights)
        for edits, share in ((guards, runs // 4), (replaced, runs - runs // 4)):
            self._oracle.start(self._failing, runs=share, seconds=self._settings.seconds)
            for hunks in self._screened(edits):
                self._keep(minimise(hunks, self._failing, self._trials), "line of a passing program")
                if not self._is_worth_more(1):
                    return

    def _screened(self, edits: Iterable[list[Hunk]]) -> Iterator[list[Hunk]]:
        """Those of `edits` that pass, as far as the budget goes; none that could not be the smallest patch."""
        for batch in _batches(edits):
            promising = [hunks for hunks in batch if self._is_worth_more(_least_edited(hunks) - 1)]
            self._trials.screen(promising)
            for hunks in promising:
                if self._trials.passes(hunks):
                    yield hunks
            if self._oracle.exhausted:
                return

    def _differences(self, candidates: Sequence[Candidate]) -> list[tuple[list[Hunk], str]]:
        """Differences to all candidates, as they are and renamed, the smallest first."""
        ranked: list[tuple[tuple[int, int, int], list[Hunk], str]] = []
        seen: set[str] = set()
        for candidate in candidates:
            variants = [(candidate.code, candidate.origin)]
            renamed = rename_onto(self._failing.code, candidate.code, self._keep_names)
            if renamed is not None:
                variants.append((renamed, candidate.origin + " renamed"))
            for code, origin in variants:
                target = cut(code)
                for align in (difference, difference_by_lines):
                    hunks = align(self._failing, target)
                    text = repr([(h.first, h.last, [u.text for u in h.new]) for h in hunks])
                    if hunks and text not in seen:
                        seen.add(text)
                        ranked.append(((total_size(hunks), len(hunks), len(ranked)), hunks, origin))
        ranked.sort(key=lambda item: item[0])
        return [(hunks, origin) for _, hunks, origin in ranked]


def _least_edited(hunks: Sequence[Hunk]) -> int:
    """A bound from below for the tokens that are edited, but for those that stay equal inside a hunk."""
    return sum(max(1, hunk.last - hunk.first) for hunk in hunks)


def _batches(edits: Iterable[list[Hunk]]) -> Iterator[list[list[Hunk]]]:
    remaining = iter(edits)
    while batch := list(islice(remaining, BATCH)):
        yield batch
