"""Risk in words and digits, as a person reads it in an editor."""

from __future__ import annotations

from heatline.lsp.options import Scaling
from heatline.scoring.result import ScoredSpan


def shown_risk(span: ScoredSpan, scaling: Scaling) -> float:
    """P(edited) of the span, scaled or by the probe's own sigmoid."""
    return span.risk if scaling == "scaled" else span.unscaled_risk


def percent(risk: float) -> str:
    """``31 %``; never 0 % or 100 %, which no estimate is."""
    if risk < 0.01:
        return "under 1 %"
    if risk > 0.99:
        return "over 99 %"
    return f"{risk * 100:.0f} %"


def in_plain_words(risk: float, scaling: Scaling) -> str:
    """What a line's risk means; only a scaled one is a share of lines."""
    if scaling == "unscaled":
        return "the probe's own figure, not calibrated"
    if risk > 0.95:
        return "nearly all lines like this get edited"
    if risk < 0.05:
        return "fewer than 1 in 20 lines like this get edited"
    return f"about {max(1, round(risk * 10))} in 10 lines like this get edited"


def code(text: str) -> str:
    """A Markdown code span of ``text``, whatever backticks and line ends it holds."""
    text = " ".join(text.split())
    longest = max((len(run) for run in text.replace("`", " `").split() if set(run) == {"`"}), default=0)
    if "`" not in text:
        return f"`{text}`"
    fence = "`" * (max(longest, text.count("`")) + 1)
    return f"{fence} {text} {fence}"
