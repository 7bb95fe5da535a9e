"""How good confidences are.  ``confidences`` and ``kept`` are arrays ``(n,)``; kept is 1, edited 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64 = NDArray[np.float64]


def checked(confidences: ArrayLike, kept: ArrayLike) -> tuple[Float64, Float64]:
    """Both as arrays; raises ``ValueError`` unless they are confidences and outcomes of the same spans."""
    p, y = np.asarray(confidences, np.float64), np.asarray(kept, np.float64)
    if p.shape != y.shape or p.ndim != 1 or p.size == 0:
        raise ValueError("Confidences and outcomes must be two equally long, non-empty lists.")
    if not (np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()):
        raise ValueError("Confidences must be numbers from 0 to 1.")
    return p, y


def brier_score(confidences: ArrayLike, kept: ArrayLike) -> float:
    """Mean squared difference between confidence and outcome (Brier 1950); 0 is best."""
    p, y = checked(confidences, kept)
    return float(np.mean((p - y) ** 2))


def brier_skill_score(confidences: ArrayLike, kept: ArrayLike, base_rate: float | None = None) -> float:
    """``1 − Brier / Brier of always saying the base rate``; 1 is best, 0 no better than the base rate.

    ``base_rate`` defaults to the mean outcome.  NaN when the reference has no error (one outcome only).
    """
    p, y = checked(confidences, kept)
    rate = float(y.mean()) if base_rate is None else base_rate
    reference = float(np.mean((rate - y) ** 2))
    return float("nan") if reference == 0 else 1.0 - brier_score(p, y) / reference


def expected_calibration_error(confidences: ArrayLike, kept: ArrayLike, bins: int = 10) -> float:
    """ECE over equal-width bins (Naeini et al. 2015): Σ n_b/n · |mean outcome − mean confidence|.

    A confidence on an edge falls into the bin above it, 1.0 into the last.
    """
    p, y = checked(confidences, kept)
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


def bin_coverage(
    confidences: ArrayLike, kept: ArrayLike, bins: int = 10, smallest_share: float = 0.01
) -> float:
    """Share of the equal-width bins that hold at least ``smallest_share`` of the spans.

    An estimator that always says the base rate is calibrated, and covers one bin.
    """
    p, _ = checked(confidences, kept)
    counts = np.bincount(np.minimum((p * bins).astype(np.int64), bins - 1), minlength=bins)
    return float(np.mean(counts >= smallest_share * p.size))


def equal_mass_bins(confidences: ArrayLike, bins: int = 15) -> NDArray[np.int64]:
    """The bin ``(n,)`` of each confidence, all bins about equally full; ties are never parted."""
    p = np.asarray(confidences, np.float64)
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, p, side="right").astype(np.int64)


def debiased_calibration_error(confidences: ArrayLike, kept: ArrayLike, bins: int = 15) -> float:
    """ECE over equal-mass bins, less most of what chance alone adds to it (as Kumar, Liang & Ma 2019).

    In a bin of ``n`` spans the mean outcome scatters by ``s = √(ȳ(1 − ȳ)/n)`` about the true one, so that the
    expected |gap| is that of a folded normal; its excess over the observed |gap| is taken off.  Not below 0.
    """
    p, y = checked(confidences, kept)
    index = equal_mass_bins(p, bins)
    n = np.bincount(index).astype(np.float64)
    outcome = np.bincount(index, weights=y).astype(np.float64)
    gap = outcome - np.bincount(index, weights=p)
    return float(debiased_gaps(n[None], outcome[None], gap[None])[0])


def debiased_gaps(n: Float64, outcome: Float64, gap: Float64) -> Float64:
    """Debiased ECE ``(R,)`` from sums over bins ``(R, B)``: spans, kept ones, Σ (outcome − confidence)."""
    safe = np.maximum(n, 1e-12)
    rate = outcome / safe
    spread = np.sqrt(np.maximum(rate * (1 - rate), 0.0) / safe)
    mean = np.abs(gap) / safe
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(spread > 0, mean / spread, np.inf)
    folded = spread * np.sqrt(2 / np.pi) * np.exp(-(np.minimum(z, 40.0) ** 2) / 2) + mean * (
        1 - 2 * _normal_tail(z)
    )
    share = n / n.sum(axis=1, keepdims=True)
    return np.asarray(np.maximum((share * (2 * mean - folded)).sum(axis=1), 0.0))


def _normal_tail(z: Float64) -> Float64:
    """``P(N(0, 1) > z)`` for ``z ≥ 0``, to 1e-7 (Abramowitz & Stegun 26.2.17)."""
    z = np.minimum(z, 40.0)
    t = 1 / (1 + 0.2316419 * z)
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * series)
