"""What a merge leaves of its parents' followed lines."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

import numpy as np

from heatline.history.diffs import FileChange
from heatline.history.file_lines import FileLines
from heatline.history.repository import BlobReader

_SPACE = re.compile(rb"\s+")
_MOST_COMPARED = 3000  # lines that exact matching is affordable for
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
    """From indices of ``old`` lines to those of equal ``new`` ones, in order."""
    head, shorter = 0, min(len(old), len(new))
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    found = {index: index for index in range(head)}
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    junk = max(len(middle_old), len(middle_new)) > _MOST_COMPARED
    matcher = difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=junk)
    for first, now, size in matcher.get_matching_blocks():
        found.update({head + first + k: head + now + k for k in range(size)})
    found.update({len(old) - 1 - k: len(new) - 1 - k for k in range(tail)})
    return found


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
