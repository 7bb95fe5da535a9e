"""Several small changes that repair a program together, where each alone repairs a part of its failing tests.

A greedy search with the number of passing tests as its measure, as in search-based program repair (Weimer et al.,
"Automatically finding patches using genetic programming", 2009).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from heatline_probes.patches.donors import least_edited
from heatline_probes.patches.units import Hunk

STARTS = 3  # of the best changes, each with all others added to it
MOST_ADDED = 24  # changes that may be added
MOST_CHANGES = 4  # in one patch

# Changes -> how many single tests there are, and how many pass after each.
Scores = Callable[[Sequence[Sequence[Hunk]]], tuple[int, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Scored:
    """A change and how many single tests pass after it."""

    hunks: tuple[Hunk, ...]
    score: int

    @property
    def rank(self) -> tuple[int, int]:
        """More tests first, then fewer edited tokens."""
        return -self.score, least_edited(self.hunks)


def combined(improving: Sequence[Scored], scores: Scores, limit: int) -> Iterator[list[Hunk]]:
    """Combinations after which all single tests pass; each is for the whole of the tests to judge.

    improving: changes after which more single tests pass than before. limit: combinations that are scored.
    """
    ranked = sorted(improving, key=lambda scored: scored.rank)
    for start in ranked[:STARTS]:
        best = start
        for _ in range(MOST_CHANGES - 1):
            options = [
                joined for other in ranked[:MOST_ADDED] if (joined := together(best.hunks, other.hunks))
            ]
            limit -= len(options)
            if limit < 0:
                return
            most, found = scores(options)
            better = [Scored(tuple(h), s) for h, s in zip(options, found, strict=True) if s > best.score]
            if not better:
                break
            best = min(better, key=lambda scored: scored.rank)
            if best.score == most:
                yield list(best.hunks)
                break


def together(one: Sequence[Hunk], other: Sequence[Hunk]) -> list[Hunk] | None:
    """Both changes in order; None where they touch."""
    hunks = sorted((*one, *other), key=lambda hunk: (hunk.first, hunk.last))
    for before, after in pairwise(hunks):
        if after.first < before.last or after.first == before.first:
            return None
    return hunks
