"""The smallest verified patch of one failing program, over all its candidate repairs."""

import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

import numpy as np

from heatline_probes.patches.combining import Scored, combined
from heatline_probes.patches.donors import Candidate, Donors, Variant, diverse, least_edited, nearest_donors
from heatline_probes.patches.insertions import inserted_statements
from heatline_probes.patches.labels import label_tokens
from heatline_probes.patches.minimise import minimise, reduce_hunks, settle, total_size
from heatline_probes.patches.nearest import PassingPool
from heatline_probes.patches.oracle import Oracle
from heatline_probes.patches.renaming import rename_onto
from heatline_probes.patches.suspicion import most_suspicious_first, suspicion
from heatline_probes.patches.templates import proposals, renamed_entry, wrapped_returns
from heatline_probes.patches.transplants import inserted_guards, replaced_lines
from heatline_probes.patches.units import Hunk, Source, apply, cut, difference, difference_by_lines, edits_of
from heatline_probes.patches.voting import voted_hunks

BATCH = 16  # changes that are scored in one process
MOST_ALIGNMENTS = 2  # times that a patch is aligned anew and minimised again
# What a program may use without binding it: builtins and what the tests' preamble imports.
KNOWN_NAMES = frozenset(dir(builtins)) | frozenset(
    ("math", "sys", "re", "collections", "itertools", "functools", "heapq", "bisect", "string", "operator")
)


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How hard to look. Runs of the tests bound the work, so that a result does not depend on the machine's speed."""

    aligned: int = 30  # passing programs that are aligned, as they are and renamed; and the reference
    candidates: int = 6  # of their differences, the smallest, that are reduced
    refined: int = 3  # of the reduced, the smallest, that are minimised down to tokens
    runs: int = 80  # for reducing these
    refine_runs: int = 70  # for minimising them
    template_runs: int = 50  # for small edits from templates
    large: float = 0.05  # edited fraction above which lines of passing programs are tried
    donor_runs: int = 160  # for their lines
    combined_runs: int = 80  # for several of these changes at once
    found_runs: int = 40  # for what each of these kinds of changes finds
    seconds: float = 60.0  # of processor time for each of these steps: a safety net, reached by few


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
        self._passing_before = 0  # of the single tests, by the failing program

    def run(self) -> Patch | None:
        """The smallest patch that passes all tests twice more, or None."""
        settings = self._settings
        donors = nearest_donors(
            self._failing, self._pool, self._origins, self._extra, self._keep_names, settings.aligned
        )
        self._from_differences(donors.variants)
        if self._is_worth_more(1):
            spectrum = self._oracle.spectrum(self._failing.code)
            weights = suspicion(self._failing, spectrum, [patch.hunks for patch in self._found])
            _, (self._passing_before,) = self._oracle.scores(self._failing, [()])
            improving = self._from_templates(weights)
            if self._is_worth_more(int(settings.large * len(self._failing.units)) + 1):
                improving += self._from_lines(donors, weights)
                if self._is_worth_more(2):
                    self._from_combinations(improving)
        for patch in sorted(self._found, key=lambda patch: patch.rank):
            if self._oracle.really_passes(patch.code):
                return patch
        return None

    def _is_worth_more(self, tokens: int) -> bool:
        """Whether nothing that edits at most `tokens` tokens was found yet."""
        return all(patch.edited > tokens for patch in self._found)

    def _keep(self, hunks: Sequence[Hunk], origin: str) -> None:
        """Remember minimised hunks; what is left of a difference may align better as a whole than it did as a part."""
        code = apply(self._failing, hunks)
        patch = self._patch(hunks, origin, code)
        for _ in range(MOST_ALIGNMENTS):
            best = min(self._aligned(patch), key=lambda other: other.rank)
            if best.rank >= patch.rank:
                break
            patch = best
            smaller = minimise(patch.hunks, self._failing, self._trials)
            patch = min(
                patch, self._patch(smaller, origin, apply(self._failing, smaller)), key=lambda p: p.rank
            )
        self._found.append(patch)

    def _aligned(self, patch: Patch) -> Iterator[Patch]:
        """The same program aligned anew, and with the failing program's names where it still has others."""
        renamed = rename_onto(self._failing.code, patch.code, self._keep_names)
        for code in (patch.code, renamed):
            if code is None:
                continue
            for align in (difference, difference_by_lines):
                hunks = align(self._failing, cut(code))
                if hunks and (code == patch.code or self._trials.passes(hunks)):
                    yield self._patch(hunks, patch.origin, code)
        yield patch

    def _patch(self, hunks: Sequence[Hunk], origin: str, code: str) -> Patch:
        settled = tuple(settle(hunks, self._failing))
        kept = label_tokens(self._offsets, edits_of(self._failing, settled))
        return Patch(settled, origin, code, int((~kept).sum()))

    def _from_differences(self, variants: Sequence[Variant]) -> None:
        settings = self._settings
        self._oracle.start(self._failing, runs=settings.runs, seconds=settings.seconds)
        reduced: list[tuple[tuple[int, int], str, list[Hunk]]] = []
        for variant in diverse(variants):
            if len(reduced) == settings.candidates or self._oracle.exhausted:
                break
            if not self._trials.passes(variant.hunks):
                continue
            smaller = reduce_hunks(variant.hunks, self._trials)
            reduced.append(((least_edited(smaller), total_size(smaller)), variant.origin, smaller))
            if total_size(smaller) <= 1:
                break
        reduced.sort(key=lambda item: item[0])
        self._oracle.start(self._failing, runs=settings.refine_runs, seconds=settings.seconds)
        for _, origin, hunks in reduced[: settings.refined]:
            self._keep(minimise(hunks, self._failing, self._trials), origin)

    def _from_templates(self, weights: Sequence[float]) -> list[Scored]:
        limit = self._settings.template_runs
        edits = chain(
            renamed_entry(self._failing, self._keep_names),
            proposals(self._failing, most_suspicious_first(weights), limit),
            wrapped_returns(self._failing),
        )
        return self._tried(edits, "template", limit)

    def _from_lines(self, donors: Donors, weights: Sequence[float]) -> list[Scored]:
        runs = self._settings.donor_runs
        steps = (
            (inserted_guards(self._failing, donors.sources), runs // 8),
            (voted_hunks(self._failing, donors.variants, weights), runs * 3 // 8),
            (inserted_statements(self._failing, donors.sources, KNOWN_NAMES, weights), runs // 4),
            (replaced_lines(self._failing, donors.sources[:12], weights), runs // 4),
        )
        improving = []
        for edits, share in steps:
            improving += self._tried(edits, "line of a passing program", share)
            if not self._is_worth_more(1):
                break
        return improving

    def _tried(self, edits: Iterable[list[Hunk]], origin: str, limit: int) -> list[Scored]:
        """Keep those of the first `limit` of `edits` that pass; returns those that repair a part."""
        settings = self._settings
        self._oracle.start(self._failing, runs=settings.found_runs, seconds=settings.seconds)
        improving: list[Scored] = []
        # None that could not be the smallest patch.
        worth = (hunks for hunks in edits if self._is_worth_more(least_edited(hunks) - 1))
        for promising in _batches(islice(worth, limit)):
            most, scores = self._oracle.scores(self._failing, promising)
            for hunks, score in zip(promising, scores, strict=True):
                # Where single tests can't be told apart, each is for the whole of them to judge.
                if score == most and self._trials.passes(hunks):
                    self._keep(minimise(hunks, self._failing, self._trials), origin)
                elif score > self._passing_before:
                    improving.append(Scored(tuple(hunks), score))
            if self._oracle.exhausted or not self._is_worth_more(1):
                break
        return improving

    def _from_combinations(self, improving: Sequence[Scored]) -> None:
        settings = self._settings
        self._oracle.start(self._failing, runs=settings.found_runs, seconds=settings.seconds)
        scores = partial(self._oracle.scores, self._failing)
        for hunks in combined(improving, scores, settings.combined_runs):
            if self._trials.passes(hunks):
                self._keep(minimise(hunks, self._failing, self._trials), "combination")


def _batches(edits: Iterable[list[Hunk]]) -> Iterator[list[list[Hunk]]]:
    remaining = iter(edits)
    while batch := list(islice(remaining, BATCH)):
        yield batch
