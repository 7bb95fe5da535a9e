"""``RiskyLine`` of docs/protocol.md, and the ways from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from heatline.lsp.flagging import FlaggedLine
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.shown_document import ShownDocument


def risky_line(shown: ShownDocument, flag: FlaggedLine, encoding: PositionEncoding) -> dict[str, Any]:
    """One flagged line as commands and requests return it."""
    return {
        "uri": shown.uri,
        "range": shown.range_of(flag, encoding),
        "risk": round(flag.line.risk, 6),
        "unscaledRisk": round(flag.line.unscaled_risk, 6),
        "text": shown.text_of(flag),
    }


def risky_lines(shown: ShownDocument, encoding: PositionEncoding) -> list[dict[str, Any]]:
    """All flagged lines, in order."""
    return [risky_line(shown, flag, encoding) for flag in shown.flags]


def after(shown: ShownDocument, line: int) -> FlaggedLine | None:
    """The first flagged line below ``line``, else the first of the document."""
    return next((flag for flag in shown.flags if flag.line.line > line), next(iter(shown.flags), None))


def before(shown: ShownDocument, line: int) -> FlaggedLine | None:
    """The last flagged line above ``line``, else the last of the document."""
    backwards: Sequence[FlaggedLine] = shown.flags[::-1]
    return next((flag for flag in backwards if flag.line.line < line), next(iter(backwards), None))


def riskiest(shown: ShownDocument, within: types.Range | None = None) -> FlaggedLine | None:
    """The flagged line with the highest risk, of those that ``within`` touches; the first of equals."""
    flags = shown.flags if within is None else shown.flags_within(within.start.line, within.end.line)
    return max(flags, key=lambda flag: flag.risk, default=None)
