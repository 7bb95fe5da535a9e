"""What `heatline check` does between its options and its report: read, find the changes, score."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from heatline.cli.discover import discover
from heatline.cli.reading import UnscorableError, decode_source, read_source
from heatline.errors import InputError
from heatline.report.checked import CheckedFile, FailedFile, Scored
from heatline.scoring.generated import changed_lines
from heatline.scoring.limits import MAX_BYTES
from heatline.scoring.result import ScoredLine

STDIN = Path("-")
STDIN_NAME = "<stdin>"


class Scorer(Protocol):
    """The part of `heatline.Scorer` that checking needs."""

    def score(self, text: str, language: str | None = None, *, path: Path | None = None) -> Scored: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A text to score; ``path`` is None for standard input without a name.

    ``changed`` are the line ranges ``[first, last)``, from 0, to report; None means every line.
    """

    name: str
    text: str
    path: Path | None
    changed: tuple[tuple[int, int], ...] | None = None

    def reports(self, line: ScoredLine) -> bool:
        """Whether ``line`` is one of those to report."""
        return self.changed is None or any(first <= line.line < last for first, last in self.changed)


def gather(paths: Sequence[Path], stdin_filename: Path | None) -> tuple[list[Source], list[FailedFile]]:
    """Reads what ``paths`` name; ``-`` is standard input, called ``stdin_filename``.

    A file that was found in a folder and has nothing to score (empty, binary, huge, minified) is passed over.
    """
    sources: list[Source] = []
    failures: list[FailedFile] = []
    if STDIN in paths:
        name = str(stdin_filename) if stdin_filename else STDIN_NAME
        try:
            sources.append(Source(name, _read_stdin(name), stdin_filename))
        except InputError as error:
            failures.append(FailedFile(name, str(error)))
    candidates, errors = discover([path for path in paths if path != STDIN])
    failures += [FailedFile(str(folder), str(error)) for folder, error in errors]
    for candidate in candidates:
        try:
            sources.append(Source(str(candidate.path), read_source(candidate.path), candidate.path))
        except UnscorableError as error:
            if candidate.named:
                failures.append(FailedFile(str(candidate.path), str(error)))
        except InputError as error:
            failures.append(FailedFile(str(candidate.path), str(error)))
    return sources, failures


def only_changed(sources: Sequence[Source], base: str, warn: Callable[[str], None]) -> list[Source]:
    """The sources that differ from the commit ``base``, with the lines in which they do.

    Raises InputError when ``base`` names no commit, or for standard input without a file name.
    """
    changed = []
    for source in sources:
        if source.path is None:
            raise InputError(
                "Standard input can't be compared with a commit. Say which file it is with --stdin-filename."
            )
        ranges = changed_lines(source.path, source.text, base)
        if ranges is None:
            warn(f"{source.name} is in no git repository, so every line of it counts as changed.")
            changed.append(source)
        elif ranges:
            changed.append(replace(source, changed=tuple(ranges)))
    return changed


def score(
    sources: Sequence[Source], scorer: Scorer, language: str | None, scored: Callable[[Source], None]
) -> tuple[list[CheckedFile], list[FailedFile]]:
    """Scores each source; one that can't be scored is a failure, and the others go on.

    ``scored`` is called after each, for a progress bar.
    """
    files: list[CheckedFile] = []
    failures: list[FailedFile] = []
    for source in sources:
        try:
            result = scorer.score(source.text, language, path=source.path)
            lines = tuple(line for line in result.lines if source.reports(line))
            files.append(CheckedFile(source.name, source.text, result, lines))
        except InputError as error:
            failures.append(FailedFile(source.name, str(error)))
        scored(source)
    return files, failures


def _read_stdin(name: str) -> str:
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    return decode_source(raw, name, python=name.endswith((".py", ".pyi")) or name == STDIN_NAME)
