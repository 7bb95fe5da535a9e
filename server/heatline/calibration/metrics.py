"""How good confidences are.  ``confidences`` and ``kept`` are arrays ``(n,)``; kept is 1, edited 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64 = NDArray[np.float64]


def _checked(confidences: ArrayLike, kept: ArrayLike) -> tuple[Float64, Float64]:
    p, y = np.asarray(confidences, np.float64), np.asarray(kept, np.float64)
    if p.shape != y.shape or p.ndim != 1 or p.size == 0:
        raise ValueError("Confidences and outcomes must be two equally long, non-empty lists.")
    if not (np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()):
        raise ValueError("Confidences must be numbers from 0 to 1.")
    return p, y


def brier_score(confidences: ArrayLike, kept: ArrayLike) -> float:
    """Mean squared difference between confidence and outcome (Brier 1950); 0 is best."""
    p, y = _checked(confidences, kept)
    return float(np.mean((p - y) ** 2))


def brier_skill_score(confidences: ArrayLike, kept: ArrayLike, base_rate: float | None = None) -> float:
    """``1 − Brier / Brier of always saying the base rate``; 1 is best, 0 no better than the base rate.

    ``base_rate`` defaults to the mean outcome.  NaN when the reference has no error (one outcome only).
    """
    p, y = _checked(confidences, kept)
    rate = float(y.mean()) if base_rate is None else base_rate
    reference = float(np.mean((rate - y) ** 2))
    return float("nan") if reference == 0 else 1.0 - brier_score(p, y) / reference


def expected_calibration_error(confidences: ArrayLike, kept: ArrayLike, bins: int = 10) -> float:
    """ECE over equal-width bins (Naeini et al. 2015): Σ n_b/n · |mean outcome − mean confidence|.

    A confidence on an edge falls into the bin above it, 1.0 into the last.
    """
    p, y = _checked(confidences, kept)
    index = np.minimum((p * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(index, weights=y - p, minlength=bins)
    return float(np.abs(gaps).sum() / p.size)


def area_under_roc(scores: ArrayLike, kept: ArrayLike) -> float:
    """Probability that a kept span scores above an edited one, ties counting half; NaN with one outcome only.

    Scores may be any real numbers, logits too.
    """
    s, y = np.asarray(scores, np.float64), np.asarray(kept, bool)
    positive, negative = int(y.sum()), int((~y).sum())
    if positive == 0 or negative == 0:
        return float("nan")
    _, inverse, counts = np.unique(s, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0  # mean rank of each distinct score
    return float((ranks[inverse][y].sum() - positive * (positive + 1) / 2) / (positive * negative))
