"""The command ``heatline.explain``: why a line or a selection is risky, in words and in shares."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from heatline.errors import InputError
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.shown_document import ShownDocument
from heatline.lsp.wording import code, in_plain_words, percent, shown_risk

MAX_CONTRIBUTIONS = 8


def explanation(
    shown: ShownDocument, asked: types.Range, encoding: PositionEncoding
) -> dict[str, Any] | None:
    """``Explanation`` of docs/protocol.md; None when no scored token lies in the range.

    An empty range means its line.
    """
    document = shown.scored.document
    start, end = sorted((document.offset(asked.start, encoding), document.offset(asked.end, encoding)))
    if start == end and (line := shown.scored.line_at(start)) is not None:
        start, end = shown.scored.visible(line.start, line.end)
    try:
        answer = shown.scored.scored.span(start, end)
    except InputError:
        return None
    scaling = shown.policy.scaling
    risk = shown_risk(answer, scaling)
    rows = [
        f"| {code(document.scorable_text[share.start : share.end])} | {share.logit:+.2f} |"
        for share in answer.contributions[:MAX_CONTRIBUTIONS]
        if document.scorable_text[share.start : share.end].strip()
    ]
    what = f"{answer.level} of {code(document.scorable_text[start:end][:80])}"
    paragraphs = [
        f"**Risk {percent(risk)}** ({what}): {in_plain_words(risk, scaling)}.",
        f"Scaled {percent(answer.risk)}, unscaled {percent(answer.unscaled_risk)}.",
        "Each token's exact share of the unscaled risk, in log-odds; they and the bias "
        f"({answer.bias:+.2f}) add up to it:",
        "\n".join(["| token | share |", "|---|---|", *rows]),
    ]
    raised = [
        document.scorable_text[share.start : share.end].strip()
        for share in answer.contributions
        if share.logit > 0
    ]
    return {
        "tokens": [token for token in raised if token][:MAX_CONTRIBUTIONS],
        "markdown": "\n\n".join(paragraphs),
        "range": document.range(start, end, encoding),
        "risk": round(answer.risk, 6),
        "unscaledRisk": round(answer.unscaled_risk, 6),
    }


def in_short(shown: ShownDocument, found: dict[str, Any]) -> str:
    """An explanation in one sentence, for clients that show nothing but messages."""
    scaling = shown.policy.scaling
    risk = found["risk" if scaling == "scaled" else "unscaledRisk"]
    tokens = ", ".join(found["tokens"][:3])
    raised = f"; what raises it most: {tokens}" if tokens else ""
    return f"risk {percent(risk)}, {in_plain_words(risk, scaling)}{raised}."
