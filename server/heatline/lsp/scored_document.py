"""One version of a document together with its confidences: what every feature reads."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from heatline.lsp.documents import Document
from heatline.scoring.result import ScoredLine, ScoredToken
from heatline.scoring.scored_text import ScoredText


@dataclass(frozen=True)
class ScoredDocument:
    """Immutable, so that it may be read in a thread while the editor goes on.

    ``complete`` is false while scopes are still to come.  ``shown_lines`` are line ranges ``[first, last)``,
    in order and apart, that count as generated (``heatline.scope``); None: all lines.
    """

    document: Document
    scored: ScoredText
    complete: bool
    shown_lines: tuple[tuple[int, int], ...] | None = None

    def lines_shown(self) -> Iterator[ScoredLine]:
        """The scored lines within ``shown_lines``."""
        lines = self.scored.lines
        for first, last in ((0, len(self.document.lines)),) if self.shown_lines is None else self.shown_lines:
            begin = bisect_left(lines, first, key=lambda line: line.line)
            yield from lines[begin : bisect_left(lines, last, key=lambda line: line.line)]

    def line_at(self, offset: int) -> ScoredLine | None:
        """The scored line on which ``offset`` lies; None for a blank or unscored one."""
        number = self.document.lines.line_at(offset)
        lines = self.scored.lines
        place = bisect_left(lines, number, key=lambda line: line.line)
        return lines[place] if place < len(lines) and lines[place].line == number else None

    def tokens_of(self, line: ScoredLine) -> tuple[ScoredToken, ...]:
        return self.scored.tokens_between(*line.tokens)

    def visible(self, start: int, end: int) -> tuple[int, int]:
        """``[start, end)`` without the white space around it: a token often holds the space before a word."""
        text = self.document.scorable_text[start:end]
        return start + len(text) - len(text.lstrip()), start + len(text.rstrip())
