"""The smallest verified patch of one failing program, over all its candidate repairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heatline_probes.patches.minimise import minimise, reduce_hunks, settle, total_size
from heatline_probes.patches.nearest import PassingPool
from heatline_probes.patches.oracle import Oracle
from heatline_probes.patches.renaming import rename_onto
from heatline_probes.patches.templates import proposals, wrapped_returns
from heatline_probes.patches.units import Hunk, Source, apply, cut, difference, difference_by_lines


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How hard to look. `runs` bounds the work so that a result does not depend on the machine's speed."""

    nearest: int = 5  # passing programs tried, each also renamed, and the reference
    candidates: int = 5  # of their differences, the smallest, that are reduced
    refined: int = 2  # of the reduced, the smallest, that are minimised down to tokens
    runs: int = 150  # of the tests, for each failing program
    template_runs: int = 50  # of these, for the template search
    seconds: float = 5.0  # wall clock for each failing program: a safety net, reached by few


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

    @property
    def rank(self) -> tuple[int, int]:
        """What makes a patch the better one: fewer tokens, then fewer hunks."""
        return total_size(self.hunks), len(self.hunks)


def find_patch(
    failing: Source,
    pool: PassingPool,
    origins: Sequence[str],
    extra: Sequence[Candidate],
    keep_names: frozenset[str],
    oracle: Oracle,
    settings: SearchSettings,
) -> Patch | None:
    """The smallest patch of `failing` that passes, or None.

    pool, origins: passing programs of the problem and where each comes from. extra: further candidates, e.g.
    the reference. keep_names: names that renaming leaves alone.
    """

    def passes(hunks: Sequence[Hunk]) -> bool:
        return oracle.patch_passes(failing, hunks)

    oracle.start(failing, runs=settings.runs - settings.template_runs, seconds=settings.seconds)
    candidates = [
        Candidate(pool.programs[i], origins[i]) for i, _ in pool.nearest(failing.code, settings.nearest)
    ]
    differences = _differences(failing, [*candidates, *extra], keep_names)
    reduced: list[tuple[tuple[int, int], str, list[Hunk]]] = []
    for hunks, origin in differences:
        if len(reduced) == settings.candidates:
            break
        if not passes(hunks):
            continue
        smaller = reduce_hunks(hunks, passes)
        reduced.append(((total_size(smaller), len(smaller)), origin, smaller))
        if total_size(smaller) <= 1:
            break
    reduced.sort(key=lambda item: item[0])
    found: list[Patch] = []
    for _, origin, hunks in reduced[: settings.refined]:
        small = settle(minimise(hunks, failing, passes), failing)
        found.append(Patch(tuple(small), origin, apply(failing, small)))
    best = min(found, key=lambda patch: patch.rank, default=None)
    if best is None or best.rank[0] > 1:
        oracle.start(failing, runs=settings.template_runs, seconds=settings.seconds / 2)
        for hunks in _template_edits(failing, found, settings.template_runs):
            if oracle.exhausted:
                break
            if best is not None and total_size(hunks) >= best.rank[0]:
                continue
            if passes(hunks):
                best = Patch(tuple(hunks), "template", apply(failing, hunks))
                if best.rank[0] <= 1:
                    break
    if best is None or not oracle.really_passes(best.code):
        return None
    return best


def _differences(
    failing: Source, candidates: Sequence[Candidate], keep_names: frozenset[str]
) -> list[tuple[list[Hunk], str]]:
    """Differences to all candidates, as they are and renamed, the smallest first."""
    ranked: list[tuple[tuple[int, int, int], list[Hunk], str]] = []
    seen: set[str] = set()
    for candidate in candidates:
        variants = [(candidate.code, candidate.origin)]
        renamed = rename_onto(failing.code, candidate.code, keep_names)
        if renamed is not None:
            variants.append((renamed, candidate.origin + " renamed"))
        for code, origin in variants:
            target = cut(code)
            for align in (difference, difference_by_lines):
                hunks = align(failing, target)
                if not hunks:
                    continue
                text = repr([(h.first, h.last, [u.text for u in h.new]) for h in hunks])
                if text not in seen:
                    seen.add(text)
                    ranked.append(((total_size(hunks), len(hunks), len(ranked)), hunks, origin))
    ranked.sort(key=lambda item: item[0])
    return [(hunks, origin) for _, hunks, origin in ranked]


def _template_edits(failing: Source, found: Sequence[Patch], limit: int) -> Iterator[list[Hunk]]:
    suspicious: list[int] = []
    for patch in sorted(found, key=lambda patch: patch.rank):
        for hunk in patch.hunks:
            suspicious += range(max(0, hunk.first - 1), min(hunk.last + 1, len(failing.units)))
    ordered = list(dict.fromkeys(suspicious))
    yield from proposals(failing, ordered, limit)
    yield from wrapped_returns(failing)
