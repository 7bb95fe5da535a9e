"""Where the followed lines of one file are, and how a change of the file moves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class FileLines:
    """The followed lines of a file as one commit left it: at ``places`` (from 1, rising) the lines ``ids``.

    ``touches`` counts the commits that changed the file since it is followed.
    """

    blob: str
    places: Int32  # (n,)
    ids: Int32  # (n,)
    touches: int

    def within(self, first: int, count: int) -> Int32:
        """Indices of the followed lines among ``count`` lines from ``first``."""
        low, high = np.searchsorted(self.places, (first, first + count))
        return np.arange(low, high, dtype=np.int32)


def shifted(lines: FileLines, hunks: list[tuple[int, int, int, int]]) -> tuple[Int32, Int32]:
    """Places and ids after ``hunks`` (old first, old count, new first, new count), the replaced lines left out."""
    if not hunks or not len(lines.places):
        return lines.places, lines.ids
    table = np.asarray(hunks, np.int64)
    firsts, ends = table[:, 0], table[:, 0] + table[:, 1]
    shifts = np.cumsum(table[:, 3] - table[:, 1])
    before = np.searchsorted(ends, lines.places, "right")  # hunks that end at or before a line
    inside = np.zeros(len(lines.places), bool)
    has_next = before < len(hunks)
    inside[has_next] = lines.places[has_next] >= firsts[before[has_next]]
    moved = lines.places + np.where(before > 0, shifts[np.maximum(before, 1) - 1], 0)
    return moved[~inside].astype(np.int32), lines.ids[~inside]


def gathered(places: list[int], ids: list[int], old: tuple[Int32, Int32]) -> tuple[Int32, Int32]:
    """New lines added to ``old`` ones, in order of their places; the first at a place stays."""
    if not places:
        return old
    all_places = np.concatenate([old[0], np.asarray(places, np.int32)])
    all_ids = np.concatenate([old[1], np.asarray(ids, np.int32)])
    _, first = np.unique(all_places, return_index=True)
    return all_places[first], all_ids[first]
