"""Diagnostics: one per flagged line, pushed or pulled."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from lsprotocol import types

from heatline.lsp.flagging import FlaggedLine
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.shown_document import ShownDocument
from heatline.lsp.wording import in_plain_words, percent, shown_risk
from heatline.report.heat import BUCKETS
from heatline.scoring.result import ScoredLine
from heatline.settings import Scaling, Settings, Severity

SOURCE = "heatline"
CODE = "risky-line"
MAX_TOKENS = 3
"""How many of a line's riskiest tokens a message names."""

MEDIUM, HIGH = BUCKETS[2], BUCKETS[4]
"""From these risks on a line is in the next band of ``heatline.severity``."""

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


def line_diagnostics(shown: ShownDocument, encoding: PositionEncoding) -> list[types.Diagnostic]:
    """The diagnostics of the flagged lines, in line order."""
    if not shown.settings.features.diagnostics:
        return []
    return [
        types.Diagnostic(
            range=shown.range_of(flag, encoding),
            message=_message(shown, flag),
            severity=_SEVERITIES[severity],
            source=SOURCE,
            code=CODE,
            data={
                "risk": round(flag.line.risk, 6),
                "unscaledRisk": round(flag.line.unscaled_risk, 6),
            },
        )
        for flag in shown.flags
        if (severity := severity_of(flag.risk, shown.settings)) != "off"
    ]


def severity_of(risk: float, settings: Settings) -> Severity:
    """How a line of this risk is shown."""
    severity = settings.severity
    return severity.low if risk < MEDIUM else severity.medium if risk < HIGH else severity.high


def result_id(diagnostics: Sequence[types.Diagnostic]) -> str:
    """The same for the same diagnostics, whichever version they are of."""
    digest = hashlib.sha256()
    for each in diagnostics:
        digest.update(f"{each.range}\0{each.severity}\0{each.message}\0{each.data}\n".encode())
    return digest.hexdigest()[:16]


def _message(shown: ShownDocument, flag: FlaggedLine) -> str:
    scaling = shown.policy.scaling
    name = "risk" if scaling == "scaled" else "unscaled risk"
    message = f"{name} {percent(flag.risk)}: {in_plain_words(flag.risk, scaling)}"
    tokens = riskiest_tokens(shown.scored, flag.line, scaling)
    return f"{message}; riskiest here: {', '.join(f'`{token}`' for token in tokens)}" if tokens else message


def riskiest_tokens(document: ScoredDocument, line: ScoredLine, scaling: Scaling) -> list[str]:
    """The text of the line's riskiest tokens, each once, white space left out, riskiest first."""
    ranked = sorted(document.tokens_of(line), key=lambda token: -shown_risk(token, scaling))
    texts = (document.document.scorable_text[token.start : token.end].strip() for token in ranked)
    return list(dict.fromkeys(text for text in texts if text))[:MAX_TOKENS]
