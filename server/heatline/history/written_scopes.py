"""The scopes that hold followed lines, as they were when those lines were written: what a probe is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from heatline.history.reading import History
from heatline.history.written_lines import WrittenLines, line_hash
from heatline.noise.skipped import skipped_by_text
from heatline.scoring.cancellation import Cancelled, never
from heatline.scoring.headers import language_of_file
from heatline.scoring.limits import MAX_BYTES
from heatline.scoring.lines import line_spans
from heatline.scoring.scopes import Scope, find_scopes

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class WrittenScope:
    """One scope of a file as a commit left it; its context is that of the very commit.

    ``lines`` are lines of ``text``, counted from 0, and ``rows`` the same ones in the ``WrittenLines``.
    """

    commit: str
    path: str
    language: str
    text: str
    scope: Scope
    lines: tuple[int, ...]
    rows: Int64


def written_scopes(
    history: History,
    lines: WrittenLines,
    *,
    most_lines: int | None = None,
    most_of_commit: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = never,
) -> Iterator[WrittenScope]:
    """The scopes that hold ``lines``, files in a seeded order, until they hold ``most_lines`` of them.

    The order is random so that a part of it stands for all of history.  With ``most_of_commit`` it
    is at most so many lines of each commit, drawn from its scopes: lines of one commit share their fate.  Files that
    nobody reviews (minified, generated, over ``MAX_BYTES``) have none.  Raises ``Cancelled``.
    """
    groups = _by_file(lines)
    order = np.random.default_rng(seed).permutation(len(groups))
    found = 0
    of_commit: dict[str, int] = {}
    with history.repository.blobs() as blobs:
        for done, index in enumerate(order.tolist()):
            if cancelled():
                raise Cancelled
            if most_lines is not None and found >= most_lines:
                return
            rows = groups[index]
            commit = lines.commits[lines.commit[rows[0]]]
            path = lines.paths[lines.path[rows[0]]]
            if most_of_commit is not None and of_commit.get(commit, 0) >= most_of_commit:
                continue
            raw = blobs.read(f"{commit}:{path}")
            for scope in _shuffled(_scopes_of(commit, path, raw, lines, rows), seed + index):
                if most_of_commit is None:
                    chosen = scope
                elif (left := most_of_commit - of_commit.get(commit, 0)) > 0:
                    chosen = _some_lines(scope, left, seed + index)
                else:
                    break
                of_commit[commit] = of_commit.get(commit, 0) + len(chosen.lines)
                found += len(chosen.lines)
                yield chosen
            progress(done + 1, len(groups))


def _shuffled(scopes: Iterator[WrittenScope], seed: int) -> list[WrittenScope]:
    found = list(scopes)
    return [found[i] for i in np.random.default_rng(seed).permutation(len(found)).tolist()]


def _some_lines(scope: WrittenScope, count: int, seed: int) -> WrittenScope:
    if len(scope.lines) <= count:
        return scope
    kept = np.sort(np.random.default_rng(seed).permutation(len(scope.lines))[:count])
    return replace(scope, lines=tuple(scope.lines[i] for i in kept.tolist()), rows=scope.rows[kept])


def _by_file(lines: WrittenLines) -> list[Int64]:
    """Rows of the same commit and file."""
    if not len(lines):
        return []
    order = np.lexsort((lines.line, lines.path, lines.commit))
    pairs = np.stack([lines.commit[order], lines.path[order]], axis=1)
    borders = np.flatnonzero((np.diff(pairs, axis=0) != 0).any(axis=1)) + 1
    return np.split(order, borders)


def _scopes_of(
    commit: str, path: str, raw: bytes | None, lines: WrittenLines, rows: Int64
) -> Iterator[WrittenScope]:
    if raw is None or len(raw) > MAX_BYTES:
        return
    pieces = raw.split(b"\n")
    text = _decoded(raw)
    borders = line_spans(text)
    if len(borders) != len(pieces) or skipped_by_text(text) is not None:
        return  # a lone carriage return ends a line for editors, but not for git
    wanted = {
        place - 1: row
        for row, place in zip(rows.tolist(), lines.line[rows].tolist(), strict=True)
        if place <= len(pieces) and line_hash(pieces[place - 1]) == lines.content[row]
    }
    language = language_of_file(PurePosixPath(path), text)
    for scope in find_scopes(text, language):
        first = int(np.searchsorted(borders[:, 0], scope.start, "right")) - 1
        last = int(np.searchsorted(borders[:, 0], max(scope.end - 1, scope.start), "right")) - 1
        held = [line for line in range(first, last + 1) if line in wanted]
        if held:
            chosen = np.asarray([wanted[line] for line in held], np.int64)
            yield WrittenScope(commit, path, language, text, scope, tuple(held), chosen)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
