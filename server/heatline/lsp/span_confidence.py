"""``heatline/spanConfidence``: the risk of any range of a document, and every token's share of it."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from heatline.errors import InputError
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.scored_document import ScoredDocument

METHOD = "heatline/spanConfidence"


def span_confidence(
    document: ScoredDocument, asked: types.Range, encoding: PositionEncoding
) -> dict[str, Any] | None:
    """The response of docs/protocol.md; None when no scored token lies in the range."""
    start = document.document.offset(asked.start, encoding)
    end = document.document.offset(asked.end, encoding)
    try:
        answer = document.scored.span(min(start, end), max(start, end))
    except InputError:
        return None
    return {
        "level": answer.level,
        "risk": round(answer.risk, 6),
        "unscaledRisk": round(answer.unscaled_risk, 6),
        "contributions": [
            {"range": document.document.range(share.start, share.end, encoding), "logit": round(share.logit, 6)}
            for share in answer.contributions
        ],
        "bias": round(answer.bias, 6),
    }
