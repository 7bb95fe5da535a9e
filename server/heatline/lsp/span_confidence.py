"""``heatline/spanConfidence``: the risk of any range of a document, and every token's share of it."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from heatline.errors import InputError
from heatline.lsp.arguments import range_of
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.scored_document import ScoredDocument

METHOD = "heatline/spanConfidence"


def parse_params(params: Any) -> tuple[str, types.Range]:
    """The URI and range of a request's raw params. Raises JsonRpcInvalidParams."""
    try:
        return str(params["textDocument"]["uri"]), range_of(params["range"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JsonRpcInvalidParams("heatline/spanConfidence needs {textDocument: {uri}, range}") from error


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
            {
                "range": document.document.range(share.start, share.end, encoding),
                "logit": round(share.logit, 6),
            }
            for share in answer.contributions
        ],
        "bias": round(answer.bias, 6),
    }
