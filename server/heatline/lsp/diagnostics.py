"""``textDocument/publishDiagnostics``: one diagnostic per line whose risk reaches the threshold."""

from __future__ import annotations

from lsprotocol import types

from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.wording import in_plain_words, percent, shown_risk
from heatline.scoring.result import ScoredLine
from heatline.settings import Scaling

SOURCE = "heatline"
CODE = "risky-line"
MAX_TOKENS = 3
"""How many of a line's riskiest tokens a message names."""


def line_diagnostics(
    document: ScoredDocument, scaling: Scaling, threshold: float, encoding: PositionEncoding
) -> list[types.Diagnostic]:
    """The diagnostics of the lines shown whose risk is at least ``threshold``, in line order."""
    return [
        types.Diagnostic(
            range=document.document.range(*document.visible(line.start, line.end), encoding),
            message=_message(document, line, scaling),
            severity=types.DiagnosticSeverity.Information,
            source=SOURCE,
            code=CODE,
            data={"risk": round(line.risk, 6), "unscaledRisk": round(line.unscaled_risk, 6)},
        )
        for line in document.lines_shown()
        if shown_risk(line, scaling) >= threshold
    ]


def _message(document: ScoredDocument, line: ScoredLine, scaling: Scaling) -> str:
    risk = shown_risk(line, scaling)
    name = "risk" if scaling == "scaled" else "unscaled risk"
    message = f"{name} {percent(risk)}: {in_plain_words(risk, scaling)}"
    tokens = riskiest_tokens(document, line, scaling)
    return f"{message}; riskiest here: {', '.join(f'`{token}`' for token in tokens)}" if tokens else message


def riskiest_tokens(document: ScoredDocument, line: ScoredLine, scaling: Scaling) -> list[str]:
    """The text of the line's riskiest tokens, each once, white space left out, riskiest first."""
    ranked = sorted(document.tokens_of(line), key=lambda token: -shown_risk(token, scaling))
    texts = (document.document.scorable_text[token.start : token.end].strip() for token in ranked)
    return list(dict.fromkeys(text for text in texts if text))[:MAX_TOKENS]
