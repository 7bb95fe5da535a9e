"""Heatline: calibrated risk for every line of LLM-written code, computed on your own machine.

>>> import heatline
>>> with heatline.load() as scorer:
...     for line in scorer.score(text, "python").lines:
...         print(line.line + 1, line.risk)
"""

from heatline.errors import HeatlineError
from heatline.scorer import Resolved, Scorer, load, resolve
from heatline.scoring.result import (
    Contribution,
    ScoredLine,
    ScoredQuery,
    ScoredScope,
    ScoredSpan,
    ScoredToken,
)
from heatline.scoring.scored_text import ScoredText

__all__ = [
    "Contribution",
    "HeatlineError",
    "Resolved",
    "ScoredLine",
    "ScoredQuery",
    "ScoredScope",
    "ScoredSpan",
    "ScoredText",
    "ScoredToken",
    "Scorer",
    "load",
    "resolve",
]
