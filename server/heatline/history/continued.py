"""Which lines of a commit's new side are old ones: moved, formatted anew or renamed in bulk.

The white space within lines is not looked at: git was asked to ignore it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator

from heatline.history.diffs import FileChange, Hunk

MASS_RENAME = 10
"""Lines of one commit that differ by the same two names make it a rename in bulk."""
_TELLING = 8  # letters and digits that make a line one of its kind
_SPACE = re.compile(rb"\s+")
_WORD = re.compile(rb"\w")
_LAST_COMMA = re.compile(rb",(?=[)\]}>])")
_NOT_WORD = re.compile(rb"\W+")
_TOKEN = re.compile(rb"\w+|[^\w\s]")
_NAME = re.compile(rb"[A-Za-z_]\w{2,}$")
_VALUES = frozenset({b"true", b"false", b"null", b"none", b"nil", b"True", b"False", b"None", b"undefined"})
_LARGEST_HUNK = 4000  # lines; a larger one is no run of a formatter

Continued = dict[tuple[int, int, int], tuple[int, int, int]]
"""From a new line to the old one that it is, each as (file, hunk, line), counted from 0."""


def continued_lines(files: list[FileChange], *, formatting: bool, whole: bool) -> Continued:
    """New lines that are old ones, in a commit whose hunks hold their lines.

    ``formatting``: the message speaks of a formatter, so only letters and digits decide.  ``whole``: the commit is
    listed in ``.git-blame-ignore-revs``, and every replaced line is the line it replaces.
    """
    found: Continued = {}
    for f, change in enumerate(files):
        for h, hunk in enumerate(change.hunks):
            if hunk.old and hunk.new and max(len(hunk.old), len(hunk.new)) <= _LARGEST_HUNK:
                for new, old in _formatted(hunk, formatting=formatting, whole=whole):
                    found[f, h, new] = (f, h, old)
    for new_line, old_line in _renamed(files):
        found.setdefault(new_line, old_line)
    _add_moved(files, found)
    return found


def _formatted(hunk: Hunk, *, formatting: bool, whole: bool) -> Iterator[tuple[int, int]]:
    if whole:
        for new in range(len(hunk.new)):
            yield new, new * len(hunk.old) // len(hunk.new)
        return
    clean = _words_only if formatting else _style_free
    if clean(b"\n".join(hunk.old)) != clean(b"\n".join(hunk.new)):
        return
    ends: list[int] = []  # of each old line, in letters and digits
    total = 0
    for line in hunk.old:
        total += len(_WORD.findall(line))
        ends.append(total)
    position, old = 0, 0
    for new, line in enumerate(hunk.new):
        while old < len(ends) - 1 and ends[old] <= position:
            old += 1
        yield new, old
        position += len(_WORD.findall(line))


def _style_free(text: bytes) -> bytes:
    text = _SPACE.sub(b"", text).replace(b"'", b'"').replace(b";", b"")
    return _LAST_COMMA.sub(b"", text)


def _words_only(text: bytes) -> bytes:
    return _NOT_WORD.sub(b"", text)


def _renamed(files: list[FileChange]) -> Iterator[tuple[tuple[int, int, int], tuple[int, int, int]]]:
    pairs: Counter[tuple[bytes, bytes]] = Counter()
    candidates: list[tuple[int, int, int, frozenset[tuple[bytes, bytes]]]] = []
    for f, change in enumerate(files):
        for h, hunk in enumerate(change.hunks):
            if len(hunk.old) != len(hunk.new) or len(hunk.old) > _LARGEST_HUNK:
                continue
            for n, (before, after) in enumerate(zip(hunk.old, hunk.new, strict=True)):
                differing = _substitutions(before, after)
                if differing:
                    candidates.append((f, h, n, differing))
                    pairs.update(differing)
    mass = {pair for pair, count in pairs.items() if count >= MASS_RENAME}
    for f, h, n, differing in candidates:
        if differing <= mass:
            yield (f, h, n), (f, h, n)


def _substitutions(before: bytes, after: bytes) -> frozenset[tuple[bytes, bytes]] | None:
    """The names in which two lines differ; None when they differ by anything else."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if len(old) != len(new):
        return None
    differing = {(a, b) for a, b in zip(old, new, strict=True) if a != b}
    if all(_NAME.match(a) and _NAME.match(b) and a not in _VALUES and b not in _VALUES for a, b in differing):
        return frozenset(differing)
    return None


def _add_moved(files: list[FileChange], found: Continued) -> None:
    """A line that is deleted here and identically added there is moved.

    One of little text, such as ``else:``, is moved only next to one that is.
    """
    taken = set(found.values())
    removed: dict[bytes, deque[tuple[int, int, int]]] = defaultdict(deque)
    for f, change in enumerate(files):
        for h, hunk in enumerate(change.hunks):
            for n, line in enumerate(hunk.old):
                if (f, h, n) not in taken and (key := _SPACE.sub(b"", line)):
                    removed[key].append((f, h, n))
    if not removed:
        return
    for f, change in enumerate(files):
        for h, hunk in enumerate(change.hunks):
            _add_moved_of(files, (f, h), hunk, removed, taken, found)


def _add_moved_of(
    files: list[FileChange],
    place: tuple[int, int],
    hunk: Hunk,
    removed: dict[bytes, deque[tuple[int, int, int]]],
    taken: set[tuple[int, int, int]],
    found: Continued,
) -> None:
    keys = [_SPACE.sub(b"", line) for line in hunk.new]
    for n, key in enumerate(keys):  # forwards: what tells, and what follows it
        if (*place, n) in found or not key:
            continue
        previous = found.get((*place, n - 1))
        follower = None if previous is None else (previous[0], previous[1], previous[2] + 1)
        if follower is not None and follower not in taken and _text_at(files, follower) == key:
            origin = follower
        elif len(_WORD.findall(key)) >= _TELLING and (queue := removed.get(key)):
            while queue and queue[0] in taken:
                queue.popleft()
            if not queue:
                continue
            origin = queue.popleft()
        else:
            continue
        found[(*place, n)] = origin
        taken.add(origin)
    for n in range(len(keys) - 2, -1, -1):  # backwards: the little ones before it
        after = found.get((*place, n + 1))
        if (*place, n) in found or not keys[n] or after is None or after[2] == 0:
            continue
        origin = (after[0], after[1], after[2] - 1)
        if origin not in taken and _text_at(files, origin) == keys[n]:
            found[(*place, n)] = origin
            taken.add(origin)


def _text_at(files: list[FileChange], place: tuple[int, int, int]) -> bytes | None:
    old = files[place[0]].hunks[place[1]].old
    return _SPACE.sub(b"", old[place[2]]) if place[2] < len(old) else None
