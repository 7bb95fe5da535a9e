"""Reads what ``git diff-tree`` prints: which files a commit changed, and which lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb'\\([abtnvfr"\\]|[0-7]{3})')
_LETTERS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
NO_BLOB = "0" * 40


@dataclass(slots=True)
class Hunk:
    """Neighbouring lines that were replaced; lines are counted from 1, ``first`` of none is the one after it.

    ``old`` and ``new`` hold the lines themselves when they were asked for, else are empty.
    """

    old_first: int
    old_count: int
    new_first: int
    new_count: int
    old: list[bytes] = field(default_factory=list)
    new: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class FileChange:
    """One file of a commit's diff; paths are as git has them, ``old_path`` that of the parent."""

    status: str  # A, D, M, R, T
    old_path: str
    path: str
    old_blob: str
    blob: str
    hunks: list[Hunk] = field(default_factory=list)


Wanted = Callable[[str, list[FileChange]], bool]
"""Whether a commit's lines are needed, given its oid and its files without their hunks."""


def read_diffs(lines: Iterator[bytes], wanted: Wanted) -> Iterator[tuple[str, list[FileChange]]]:
    """Each commit, in the order they were asked for, with its changed files."""
    commit, files, hunk_reader = "", list[FileChange](), _Patch(keep=False)
    decided = False
    for line in lines:
        if hunk_reader.takes(line):
            continue
        if line.startswith(b":"):
            files.append(_raw(line))
        elif line.startswith((b"index ", b"Binary ", b"--- ", b"+++ ", b"\n", b"\\")):
            if line.startswith(b"index "):
                hunk_reader.at_blobs(line, files)
        elif line.startswith(b"diff --git "):
            if not decided:
                hunk_reader = _Patch(keep=wanted(commit, files))
                decided = True
        elif line.startswith(b"@@ "):
            hunk_reader.begin(line)
        elif _is_oid(line):
            if commit:
                yield commit, files
            commit, files, hunk_reader, decided = (
                line.split()[0].decode("ascii"),
                [],
                _Patch(keep=False),
                False,
            )
    if commit:
        yield commit, files


class _Patch:
    """The patch part of one commit."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._file: FileChange | None = None
        self._next = 0
        self._hunk: Hunk | None = None
        self._old = self._new = 0  # lines still to come

    def at_blobs(self, line: bytes, files: list[FileChange]) -> None:
        """The line ``index OLD..NEW MODE``; files without a changed line are left out of the patch."""
        old, _, new = line.split()[1].decode("ascii").partition("..")
        for number in chain(range(self._next, len(files)), range(self._next)):
            if (files[number].old_blob, files[number].blob) == (old, new) and not files[number].hunks:
                self._file, self._next = files[number], number + 1
                return
        self._file = None

    def begin(self, line: bytes) -> None:
        found = _HUNK.match(line)
        if found is None or self._file is None:
            return
        old_first, old_count, new_first, new_count = (
            int(text) if text is not None else 1 for text in found.groups()
        )
        # git names the line before an empty side
        self._hunk = Hunk(old_first + (old_count == 0), old_count, new_first + (new_count == 0), new_count)
        self._old, self._new = old_count, new_count
        self._file.hunks.append(self._hunk)

    def takes(self, line: bytes) -> bool:
        """Whether this is a line of the hunk that is being read."""
        if self._old == 0 and self._new == 0:
            return False
        mark = line[:1]
        if mark == b"-":
            self._old -= 1
            if self._keep and self._hunk is not None:
                self._hunk.old.append(line[1:])
        elif mark == b"+":
            self._new -= 1
            if self._keep and self._hunk is not None:
                self._hunk.new.append(line[1:])
        elif mark != b"\\":
            return False
        return True


def _raw(line: bytes) -> FileChange:
    head, _, names = line.rstrip(b"\n").partition(b"\t")
    _, _, old_blob, blob, status = head.decode("ascii").split(" ")
    paths = [_unquoted(name) for name in names.split(b"\t")]
    return FileChange(status[0], paths[0], paths[-1], old_blob, blob)


def _unquoted(name: bytes) -> str:
    if name.startswith(b'"') and name.endswith(b'"'):
        name = _ESCAPE.sub(_character, name[1:-1])
    return name.decode("utf-8", "surrogateescape")


def _character(found: re.Match[bytes]) -> bytes:
    escape = found.group(1)
    return bytes([int(escape, 8) & 0xFF]) if len(escape) == 3 else _LETTERS.get(escape, escape)


def _is_oid(line: bytes) -> bool:
    return re.fullmatch(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?(?: .*)?", line.strip()) is not None
