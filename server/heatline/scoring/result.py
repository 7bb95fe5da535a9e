"""What scoring returns: spans of a text with their confidences.

All offsets are code-point offsets into the text (``text[start:end]``); only ``heatline.lsp`` converts them
to what an editor negotiated.  Lines are counted from 0 and end at ``\\n``, ``\\r\\n`` or ``\\r`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A span ``[start, end)`` of code points; ``confidence`` is P(kept), scaled by the level's calibrator."""

    start: int
    end: int
    confidence: float
    unscaled_confidence: float

    @property
    def risk(self) -> float:
        """P(edited), scaled: ``1 − confidence``."""
        return 1.0 - self.confidence

    @property
    def unscaled_risk(self) -> float:
        """P(edited) by the probe's own sigmoid."""
        return 1.0 - self.unscaled_confidence


@dataclass(frozen=True, slots=True)
class ScoredToken(ScoredSpan):
    """One supervisor token; ``line`` counts from 0."""

    line: int


@dataclass(frozen=True, slots=True)
class ScoredLine(ScoredSpan):
    """One non-blank line, without its line end.

    ``tokens`` is the slice ``[first, last)`` of ``ScoredText.tokens`` that was pooled for it.
    """

    line: int
    tokens: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ScoredScope(ScoredSpan):
    """A function, class or run of top-level statements; ``name`` is empty for a run of statements."""

    name: str
    kind: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """One token's exact share of a span's risk logit (positive: raises risk)."""

    start: int
    end: int
    logit: float


@dataclass(frozen=True, slots=True)
class ScoredQuery(ScoredSpan):
    """The answer to a query about any span: its confidences and every token's contribution.

    ``contributions`` are sorted by falling risk share; their sum plus ``bias`` is the span's unscaled
    risk logit.
    """

    level: str
    contributions: tuple[Contribution, ...]
    bias: float


FloatArray = NDArray[np.float32]
