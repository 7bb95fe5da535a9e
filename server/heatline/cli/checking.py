"""What `heatline check` does between its options and its report, one file at a time: read, compare, score, flag."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from heatline.cli.discover import Candidate
from heatline.cli.flags import Flags
from heatline.cli.reading import UnscorableError, decode_source, read_source
from heatline.errors import InputError
from heatline.noise.directives import NOTHING_IGNORED, ignored_lines
from heatline.noise.skipped import skipped_by_text
from heatline.report.checked import CheckedFile, FailedFile, Scored
from heatline.scoring.generated import changed_lines
from heatline.scoring.headers import language_of_file
from heatline.scoring.languages import PLAIN, language_of
from heatline.scoring.limits import MAX_BYTES
from heatline.scoring.result import ScoredLine

log = logging.getLogger(__name__)

AHEAD_CHARACTERS = 100_000
"""Of text read ahead: some tens of seconds of work."""

STDIN = Path("-")
STDIN_NAME = "<stdin>"


class Scorer(Protocol):
    """The part of `heatline.Scorer` that checking needs."""

    def score(self, text: str, language: str | None = None, *, path: Path | None = None) -> Scored: ...

    def expect(self, text: str, language: str | None = None, *, path: Path | None = None) -> None: ...


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


@dataclass(frozen=True, slots=True)
class Reading:
    """How files become sources.

    ``base``: the commit that changes are counted from; None reports every line.  ``most_bytes``: larger files are
    left alone.  ``warn`` is told what a person should know, though it is no failure.
    """

    base: str | None
    skip_generated: bool
    most_bytes: int
    warn: Callable[[str], None]

    def candidate(self, candidate: Candidate) -> Source | FailedFile | None:
        """The source a file is; None for one that is passed over.

        A file that was found in a folder and has nothing to score (empty, binary, huge, minified, generated) is
        passed over.  Raises InputError when ``base`` names no commit.
        """
        path = candidate.path
        try:
            text = read_source(path, self.most_bytes)
        except UnscorableError as error:
            if candidate.named:
                return FailedFile(str(path), str(error))
            log.debug("%s", error)
            return None
        except InputError as error:
            return FailedFile(str(path), str(error))
        if self.skip_generated and not candidate.named and (reason := skipped_by_text(text)) is not None:
            log.debug("%s %s.", path, reason)
            return None
        return self._changes(Source(str(path), text, path))

    def stdin(self, filename: Path | None) -> Source | FailedFile | None:
        """Standard input, called ``filename``; None when nothing in it changed."""
        name = str(filename) if filename else STDIN_NAME
        try:
            source = Source(name, _read_stdin(name, self.most_bytes), filename)
        except InputError as error:
            return FailedFile(name, str(error))
        return self._changes(source)

    def _changes(self, source: Source) -> Source | None:
        if self.base is None:
            return source
        if source.path is None:
            raise InputError(
                "Standard input can't be compared with a commit. Say which file it is with --stdin-filename."
            )
        ranges = changed_lines(source.path, source.text, self.base)
        if ranges is None:
            self.warn(f"{source.name} is in no git repository, so every line of it counts as changed.")
            return source
        return replace(source, changed=tuple(ranges)) if ranges else None


def read_all(
    candidates: Sequence[Candidate],
    reading: Reading,
    passed: Callable[[Candidate], None],
    *,
    stdin: bool = False,
    stdin_filename: Path | None = None,
) -> Iterator[Source | FailedFile]:
    """Sources and failures in order, read as they are asked for; ``passed`` is called for what is passed over."""
    if stdin and (source := reading.stdin(stdin_filename)) is not None:
        yield source
    for candidate in candidates:
        source = reading.candidate(candidate)
        if source is None:
            passed(candidate)
        else:
            yield source


def read_ahead(
    items: Iterator[Source | FailedFile], scorer: Scorer, language: str | None, most: int = AHEAD_CHARACTERS
) -> Iterator[Source | FailedFile]:
    """``items`` in order, while those that come next, at most so many characters of them, are already being scored.

    A text that may ask to be ignored isn't scored before its turn.
    """
    waiting = deque[Source | FailedFile]()
    characters = 0
    for item in items:
        waiting.append(item)
        if isinstance(item, Source):
            characters += len(item.text)
            if "heatline:" not in item.text:
                with suppress(InputError):  # which is said when it is this text's turn
                    scorer.expect(item.text, language, path=item.path)
        while waiting and characters > most:
            first = waiting.popleft()
            characters -= len(first.text) if isinstance(first, Source) else 0
            yield first
    yield from waiting


def check_source(
    source: Source, scorer: Scorer, language: str | None, flags: Flags
) -> CheckedFile | FailedFile | None:
    """Scores and flags one source; a failure when it can't be scored, None when it asks to be ignored."""
    path, text = source.path, source.text
    chosen = language_of(language) if language else language_of_file(path, text) if path else PLAIN
    ignored = ignored_lines(source.text, chosen) if flags.heed else NOTHING_IGNORED
    if ignored.whole_file:
        log.debug("%s asks to be ignored.", source.name)
        return None
    try:
        result = scorer.score(source.text, language, path=source.path)
        lines = tuple(line for line in result.lines if source.reports(line))
    except InputError as error:
        return FailedFile(source.name, str(error))
    return flags.flagged(CheckedFile(source.name, source.text, result, lines, path=source.path), ignored)


def _read_stdin(name: str, most_bytes: int = MAX_BYTES) -> str:
    raw = sys.stdin.buffer.read(most_bytes + 1)
    python = name.endswith((".py", ".pyi")) or name == STDIN_NAME
    return decode_source(raw, name, python=python, most_bytes=most_bytes)
