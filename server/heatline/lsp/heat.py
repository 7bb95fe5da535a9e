"""``heatline/heat``: the whole document's risk, for clients that declare ``experimental.heatlineHeat``."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.wording import shown_risk
from heatline.report.heat import bucket as bucket_of
from heatline.settings import Scaling

METHOD = "heatline/heat"
CAPABILITY = "heatlineHeat"


def wants_heat(capabilities: types.ClientCapabilities) -> bool:
    """Whether the client declared that it draws heat."""
    return declares(capabilities, CAPABILITY)


def declares(capabilities: types.ClientCapabilities, name: str) -> bool:
    """Whether the client declared an experimental capability."""
    experimental: Any = capabilities.experimental
    if isinstance(experimental, dict):
        return experimental.get(name) is True
    return getattr(experimental, name, False) is True


def heat_params(document: ScoredDocument, scaling: Scaling, encoding: PositionEncoding) -> dict[str, Any]:
    """The notification's params as docs/protocol.md describes them."""
    pending = _pending(document)
    return {
        "uri": document.document.uri,
        "version": document.document.version,
        "scaling": scaling,
        "lines": [
            {
                "line": line.line,
                "risk": round(line.risk, 6),
                "unscaledRisk": round(line.unscaled_risk, 6),
            }
            for line in document.lines_shown()
        ],
        "tokens": token_rows(document, scaling, encoding),
        "pending": None if pending is None else document.document.range(*pending, encoding),
    }


def token_rows(document: ScoredDocument, scaling: Scaling, encoding: PositionEncoding) -> list[list[int]]:
    """``[line, start, length, bucket]`` of every token with heat, in the encoding's units, in order."""
    rows = []
    for line in document.lines_shown():
        for token in document.tokens_of(line):
            bucket = bucket_of(shown_risk(token, scaling))
            # A token may reach over a line end; what is visible of it on this line is drawn.
            start, end = document.visible(max(token.start, line.start), min(token.end, line.end))
            if bucket and start < end:
                at = document.document.range(start, end, encoding)
                width = at.end.character - at.start.character
                rows.append([line.line, at.start.character, width, bucket])
    return rows


def _pending(document: ScoredDocument) -> tuple[int, int] | None:
    """From the first to the last character that is still to be scored."""
    if document.complete:
        return None
    text = document.document.scorable_text
    gaps, reached = [], 0
    for scope in sorted(document.scored.scopes, key=lambda scope: scope.start):
        gaps.append((reached, scope.start))
        reached = max(reached, scope.end)
    gaps.append((reached, len(text)))
    unscored = [(start, end) for start, end in gaps if text[start:end].strip()]
    return (unscored[0][0], unscored[-1][1]) if unscored else None
