"""Risk in words and digits, as a person reads it in an editor."""

from __future__ import annotations

import re

from heatline.scoring.result import ScoredSpan
from heatline.settings import Scaling


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


def bar(risk: float) -> str:
    """``▰▰▰▱▱▱▱▱▱▱``: the risk in tenths, for eyes that compare lengths faster than digits."""
    full = round(risk * 10)
    return "▰" * full + "▱" * (10 - full)


def in_plain_words(risk: float, scaling: Scaling) -> str:
    """What a line's risk means; only a scaled one is a share of lines."""
    if scaling == "unscaled":
        return "the probe's own figure, not calibrated"
    twentieths = round(risk * 20)
    if twentieths == 0:
        share = "fewer than 1 in 20"
    elif twentieths in (1, 3):
        share = f"about {twentieths} in 20"
    elif twentieths == 20:
        share = "nearly all"
    else:
        share = f"about {round(risk * 10)} in 10"
    return f"{share} lines like this get edited"


def code(text: str) -> str:
    """A Markdown code span of ``text`` on one line, whatever backticks it holds."""
    text = " ".join(text.split())
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{text}{pad}{fence}"
