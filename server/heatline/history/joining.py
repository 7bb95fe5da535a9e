"""What a merge leaves of its parents' followed lines."""

from __future__ import annotations

import difflib
import itertools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from heatline.history.diffs import FileChange
from heatline.history.file_lines import FileLines
from heatline.history.repository import BlobReader

_SPACE = re.compile(rb"\s+")
_MOST_COMPARED = 40_000  # pairs of lines that exact matching is affordable for
State = Mapping[str, FileLines]


def joined(
    states: Sequence[State], changes: Sequence[list[FileChange]], blobs: BlobReader
) -> tuple[dict[str, FileLines], set[int]]:
    """The followed files of a merge, and the lines that some parent has and the merge doesn't.

    ``states`` are those of the parents, ``changes`` the merge's raw diff from each.  A file that is one parent's is
    taken from it; one that is no parent's is compared with all.
    """
    origins = [{change.path: change for change in one} for one in changes]
    result = dict(states[0])
    for change in changes[0]:
        if change.status in "DR":
            result.pop(change.old_path, None)
    for change in changes[0]:
        if change.status == "D":
            continue
        result.pop(change.path, None)
        lines = _taken(change, states, origins) or _compared(change, states, origins, blobs)
        if lines is not None and len(lines.ids):
            result[change.path] = lines
    return result, _missing(states, changes, result)


def _origin(
    path: str, state: State, changed: Mapping[str, FileChange]
) -> tuple[FileLines | None, str | None]:
    """A parent's followed lines of what is now ``path``, and its blob when the merge changed it."""
    change = changed.get(path)
    if change is None:
        return state.get(path), None
    return state.get(change.old_path), change.old_blob


def _taken(
    change: FileChange, states: Sequence[State], origins: Sequence[Mapping[str, FileChange]]
) -> FileLines | None:
    for state, changed in zip(states, origins, strict=True):
        lines, blob = _origin(change.path, state, changed)
        if blob is None and change.path not in changed:
            # this parent has the very blob; no followed lines in it means none at all
            return lines or FileLines(change.blob, np.empty(0, np.int32), np.empty(0, np.int32), 0)
    return None


def _compared(
    change: FileChange,
    states: Sequence[State],
    origins: Sequence[Mapping[str, FileChange]],
    blobs: BlobReader,
) -> FileLines | None:
    found = [_origin(change.path, state, changed)[0] for state, changed in zip(states, origins, strict=True)]
    if not any(lines is not None and len(lines.ids) for lines in found):
        return None
    new = _lines(blobs.read(change.blob))
    places: dict[int, int] = {}
    for lines in found:
        if lines is None or not len(lines.ids):
            continue
        old = _lines(blobs.read(lines.blob))
        kept = matched(old, new)
        for place, line in zip(lines.places.tolist(), lines.ids.tolist(), strict=True):
            if (now := kept.get(place - 1)) is not None:
                places.setdefault(now + 1, line)
    ordered = sorted(places.items())
    return FileLines(
        change.blob,
        np.asarray([place for place, _ in ordered], np.int32),
        np.asarray([line for _, line in ordered], np.int32),
        max(lines.touches for lines in found if lines is not None) + 1,
    )


def _lines(blob: bytes | None) -> list[bytes]:
    return [_SPACE.sub(b"", line) for line in (blob or b"").split(b"\n")]


def matched(old: list[bytes], new: list[bytes]) -> dict[int, int]:
    """From indices of ``old`` lines to those of equal ``new`` ones, in order.

    Lines that are unique on both sides are anchors (patience diff); what lies between two of them is compared in
    the same way, and exactly where it is short.
    """
    found: dict[int, int] = {}
    todo = [(0, len(old), 0, len(new))]
    while todo:
        first, last, start, end = todo.pop()
        while first < last and start < end and old[first] == new[start]:
            found[first] = start
            first, start = first + 1, start + 1
        while first < last and start < end and old[last - 1] == new[end - 1]:
            last, end = last - 1, end - 1
            found[last] = end
        if first == last or start == end:
            continue
        anchors = _anchors(old[first:last], new[start:end])
        if anchors:
            edges = [(-1, -1), *anchors, (last - first, end - start)]
            found.update({first + i: start + j for i, j in anchors})
            todo += [
                (first + i + 1, first + k, start + j + 1, start + m)
                for (i, j), (k, m) in itertools.pairwise(edges)
            ]
        elif (last - first) * (end - start) <= _MOST_COMPARED:
            matcher = difflib.SequenceMatcher(None, old[first:last], new[start:end], autojunk=False)
            for i, j, size in matcher.get_matching_blocks():
                found.update({first + i + k: start + j + k for k in range(size)})
    return found


def _anchors(old: list[bytes], new: list[bytes]) -> list[tuple[int, int]]:
    """Lines that both sides hold once, as many as stand in the same order on both."""
    old_counts, new_counts = Counter(old), Counter(new)
    place = {line: j for j, line in enumerate(new) if new_counts[line] == 1}
    pairs = [(i, place[line]) for i, line in enumerate(old) if old_counts[line] == 1 and line in place]
    tails: list[int] = []  # the smallest end of a rising run of each length
    holders: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(tails, j)
        before.append(holders[length - 1] if length else -1)
        if length == len(tails):
            tails.append(j)
            holders.append(number)
        else:
            tails[length], holders[length] = j, number
    run: list[tuple[int, int]] = []
    number = holders[-1] if holders else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]


def _missing(states: Sequence[State], changes: Sequence[list[FileChange]], result: State) -> set[int]:
    before: set[int] = set()
    after: set[int] = set()
    for state, changed in zip(states, changes, strict=True):
        for change in changed:
            if (lines := state.get(change.old_path)) is not None and change.status != "A":
                before.update(lines.ids.tolist())
            if (now := result.get(change.path)) is not None:
                after.update(now.ids.tolist())
    return before - after
