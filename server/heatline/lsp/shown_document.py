"""What is shown of one version of a document: the snapshot that every feature reads."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from lsprotocol import types

from heatline.lsp.flagging import FlaggedLine, Policy
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.scored_document import ScoredDocument
from heatline.noise.directives import NOTHING_IGNORED, IgnoredLines
from heatline.settings import Settings


@dataclass(frozen=True)
class Notes:
    """What the text and its surroundings say of lines, besides their risk.

    ``generated`` are line ranges ``[first, last)`` that count as generated; None: all lines.
    """

    generated: tuple[tuple[int, int], ...] | None = None
    ignored: IgnoredLines = NOTHING_IGNORED
    reviewed: frozenset[int] = frozenset()

    def is_quiet(self, line: int) -> bool:
        """Whether a line is never flagged."""
        return line in self.ignored or line in self.reviewed


@dataclass(frozen=True)
class ShownDocument:
    """Immutable. ``settled``: nobody is typing, so that nothing is held back or kept steady."""

    scored: ScoredDocument
    flags: tuple[FlaggedLine, ...]
    notes: Notes
    policy: Policy
    settings: Settings
    settled: bool

    @property
    def uri(self) -> str:
        return self.scored.document.uri

    def flags_within(self, first_line: int, last_line: int) -> tuple[FlaggedLine, ...]:
        """The flagged lines from ``first_line`` to ``last_line``, both included."""
        first = bisect_left(self.flags, first_line, key=lambda flag: flag.line.line)
        last = bisect_left(self.flags, last_line + 1, key=lambda flag: flag.line.line)
        return self.flags[first:last]

    def range_of(self, flag: FlaggedLine, encoding: PositionEncoding) -> types.Range:
        """The client's range of a flagged line without the white space around its text."""
        return self.scored.document.range(*self.scored.visible(flag.line.start, flag.line.end), encoding)

    def text_of(self, flag: FlaggedLine) -> str:
        """A flagged line's text without the white space around it."""
        start, end = self.scored.visible(flag.line.start, flag.line.end)
        return self.scored.document.scorable_text[start:end]
