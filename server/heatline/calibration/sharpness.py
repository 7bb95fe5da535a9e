"""What calibration errors don't see: the worst bin, how outcomes are told apart, and confidences that collapse.

``confidences`` and ``kept`` are arrays ``(n,)``; kept is 1, edited 0.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline.calibration.metrics import area_under_roc, checked, equal_mass_bins

Float64 = NDArray[np.float64]

COLLAPSED = 0.9  # of all spans in one bin of ten


def negative_log_likelihood(confidences: ArrayLike, kept: ArrayLike) -> float:
    """Mean of ``−ln P(outcome)``, in nats; confidences of 0 and 1 are moved in by 1e-12."""
    p, y = checked(confidences, kept)
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)))


def maximum_calibration_error(confidences: ArrayLike, kept: ArrayLike, bins: int = 10) -> float:
    """MCE: the largest |mean outcome − mean confidence| of an equal-width bin that is used (Naeini et al. 2015)."""
    p, y = checked(confidences, kept)
    index = np.minimum((p * bins).astype(np.int64), bins - 1)
    return float(_gaps(p, y, index).max())


def adaptive_calibration_error(confidences: ArrayLike, kept: ArrayLike, bins: int = 15) -> float:
    """ACE: the mean |mean outcome − mean confidence| over equally full bins (Nixon et al. 2019, eq. 3).

    Of two outcomes, both have the same gaps, so one is enough.  Ties are never parted.
    """
    p, y = checked(confidences, kept)
    return float(_gaps(p, y, equal_mass_bins(p, bins)).mean())


def _gaps(p: Float64, y: Float64, index: NDArray[np.int64]) -> Float64:
    """|mean outcome − mean confidence| of every bin that is used."""
    counts = np.bincount(index)
    sums = np.bincount(index, weights=y - p)
    return np.asarray(np.abs(sums[counts > 0]) / counts[counts > 0])


def full_calibration_error(probabilities: ArrayLike, chosen: ArrayLike, bins: int = 10) -> float:
    """Full-ECE: ECE over the whole vocabulary, not only the token that was chosen (Liu et al. 2024).

    ``probabilities`` ``(T, V)``, rows that add up to 1; ``chosen`` ``(T,)`` the token that came.  Every entry is
    a prediction of its own, right when its token came: Σ n_b/(T·V) · |share right − mean probability|.  Raises
    ``ValueError`` where they don't fit together.
    """
    p, token = np.asarray(probabilities, np.float64), np.asarray(chosen, np.int64)
    if p.ndim != 2 or token.shape != p.shape[:1] or p.size == 0:
        raise ValueError("Full-ECE needs a row of probabilities for each token that was chosen.")
    if not (np.isfinite(p).all() and (p >= 0).all() and (np.abs(p.sum(axis=1) - 1) < 1e-3).all()):
        raise ValueError("The probabilities of a token must be numbers from 0 to 1 that add up to 1.")
    index = np.minimum((p * bins).astype(np.int64), bins - 1)
    mass = np.bincount(index.ravel(), weights=p.ravel(), minlength=bins)
    right = np.bincount(index[np.arange(len(token)), token], minlength=bins)
    return float(np.abs(right - mass).sum() / p.size)


def wasserstein_distance(confidences: ArrayLike, kept: ArrayLike) -> float:
    """How far the confidences of kept spans lie from those of edited ones: ∫ |F_kept − F_edited|.

    0 where they are alike, 1 where all kept have confidence 1 and all edited 0; NaN with one outcome only.
    """
    p, y = checked(confidences, kept)
    one, other = np.sort(p[y == 1]), np.sort(p[y == 0])
    if not len(one) or not len(other):
        return float("nan")
    points = np.unique(p)
    below = (np.searchsorted(side, points[:-1], side="right") / len(side) for side in (one, other))
    kept_below, edited_below = below
    return float(np.sum(np.abs(kept_below - edited_below) * np.diff(points)))


def kendall_tau_b(scores: ArrayLike, outcomes: ArrayLike) -> float:
    """Rank correlation with both kinds of ties taken into account (Kendall 1945).

    ``outcomes`` may be 0 and 1 or any real numbers, edit progress say.  NaN where one side doesn't vary.
    """
    s, y = np.asarray(scores, np.float64), np.asarray(outcomes, np.float64)
    if s.shape != y.shape or s.ndim != 1:
        raise ValueError("Scores and outcomes must be two equally long lists.")
    pairs = len(s) * (len(s) - 1) / 2
    loose = [pairs - float((n * (n - 1) / 2).sum()) for n in (_tie_sizes(s), _tie_sizes(y))]
    if min(loose) <= 0:
        return float("nan")
    return _concordance(s, y) / float(np.sqrt(loose[0] * loose[1]))


def _concordance(s: Float64, y: Float64) -> float:
    """Concordant pairs less discordant ones."""
    if len(np.unique(y)) == 2:  # what the area under the ROC curve counts
        high = y == y.max()
        return (2 * area_under_roc(s, high) - 1) * float(high.sum()) * float((~high).sum())
    order = np.argsort(s, kind="stable")
    s, y = s[order], y[order]
    starts = np.flatnonzero(np.diff(s, prepend=np.nan) != 0)
    seen: list[float] = []
    difference = 0
    for first, last in zip(starts, [*starts[1:], len(s)], strict=True):
        group = y[first:last].tolist()
        for value in group:
            difference += bisect_left(seen, value) - (len(seen) - bisect_right(seen, value))
        for value in group:
            insort(seen, value)
    return difference


def _tie_sizes(values: Float64) -> Float64:
    return np.unique(values, return_counts=True)[1].astype(np.float64)


def median_skewness(confidences: ArrayLike) -> float:
    """Pearson's second coefficient, ``3 · (mean − median) / standard deviation``; 0 where nothing varies.

    Below 0: most confidences are high, and a tail of low ones draws the mean down.
    """
    p = np.asarray(confidences, np.float64)
    if p.size == 0:
        raise ValueError("Skewness needs at least one confidence.")
    spread = float(p.std())
    return 0.0 if spread == 0 else 3 * float(p.mean() - np.median(p)) / spread


def collapse_warning(confidences: ArrayLike, bins: int = 10, share: float = COLLAPSED) -> str | None:
    """One sentence where a single equal-width bin holds at least ``share`` of the spans, else ``None``.

    Such confidences can have no calibration error at all and still say nothing.
    """
    p = np.asarray(confidences, np.float64)
    counts = np.bincount(np.minimum((p * bins).astype(np.int64), bins - 1), minlength=bins)
    fullest = int(counts.argmax())
    if p.size == 0 or counts[fullest] < share * p.size:
        return None
    low, high = fullest / bins, (fullest + 1) / bins
    return (
        f"{counts[fullest] / p.size:.0%} of the confidences lie between {low:.1f} and {high:.1f}: "
        "a low calibration error says nothing here. Read BSS and AUC instead."
    )
