"""Heatline: calibrated risk for every line of LLM-written code, computed on your own machine.

>>> import heatline
>>> with heatline.load() as scorer:
...     for line in scorer.score(text, "python").lines:
...         print(line.line + 1, line.risk)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "HeatlineError": "heatline.errors",
    "ScoredText": "heatline.scoring.scored_text",
    **dict.fromkeys(("Resolved", "Scorer", "load", "resolve"), "heatline.scorer"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `heatline --help` needs neither numpy nor a model."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "heatline.scoring.result")), name)
