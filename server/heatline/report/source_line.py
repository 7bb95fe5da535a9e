"""One line of source on a terminal: its text, styled by code-point offsets, or with carets below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from heatline.report.heat import printable
from heatline.scoring.lines import line_spans
from heatline.scoring.result import ScoredSpan, ScoredToken

_TAB = 4
_MOST_MARKED = 4
_NEAR_HIGHEST = 0.5


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line's ``number``, from 0, and its code points ``[start, end)``, without the line's end."""

    number: int
    start: int
    end: int

    def code(self, text: str, styles: Iterable[tuple[int, int, str]]) -> Text:
        """The line with ``styles`` (start, end, style) on the parts of it that aren't space at their ends."""
        code = Text(printable(text[self.start : self.end]), no_wrap=True, overflow="ellipsis", end="")
        for start, end, style in styles:
            first, last = self._trimmed(text, start, end)
            if style and first < last:
                code.stylize(style, first - self.start, last - self.start)
        code.expand_tabs(_TAB)
        return code

    def carets(self, text: str, spans: Iterable[ScoredSpan]) -> str:
        """A line of ``^`` under each of ``spans``, aligned in cells with :meth:`code`."""
        marks = ""
        for span in sorted(spans, key=lambda span: span.start):
            first, last = self._trimmed(text, span.start, span.end)
            marks = marks.ljust(self._cells(text, first)) + "^" * max(
                self._cells(text, last) - max(self._cells(text, first), len(marks)), 0
            )
        return marks

    def _cells(self, text: str, offset: int) -> int:
        before = Text(printable(text[self.start : offset]))
        before.expand_tabs(_TAB)
        return cell_len(before.plain)

    def _trimmed(self, text: str, start: int, end: int) -> tuple[int, int]:
        """``[start, end)`` within this line, without the space that a supervisor's tokens begin with."""
        start, end = max(start, self.start), min(end, self.end)
        part = text[start:end]
        return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def source_lines(text: str) -> list[SourceLine]:
    """The lines of ``text``, as `heatline.scoring` counts them; an end after the last one starts no other."""
    lines = [SourceLine(number, start, end) for number, (start, end) in enumerate(line_spans(text).tolist())]
    return lines[:-1] if lines[-1].start == len(text) else lines


def riskiest_tokens(
    text: str, tokens: Sequence[ScoredToken], risk: Callable[[ScoredSpan], float]
) -> list[ScoredToken]:
    """The few tokens of a line that stand out: at least half as risky as its riskiest, at most four."""
    visible = [token for token in tokens if text[token.start : token.end].strip()]
    ranked = sorted(visible, key=risk, reverse=True)[:_MOST_MARKED]
    return [token for token in ranked if risk(token) >= _NEAR_HIGHEST * risk(ranked[0])]
