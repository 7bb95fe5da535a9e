"""Calibrators without a formula: shares of kept spans among spans of like logits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline.calibration.calibrators import rate_shift
from heatline.calibration.logistic import log_odds, sigmoid, smoothed_targets
from heatline.calibration.venn_abers import isotonic

Float64 = NDArray[np.float64]

BINS = 15  # of a histogram


@dataclass(frozen=True)
class IsotonicCalibrator:
    """The non-decreasing function of least squared error (Zadrozny & Elkan 2002), straight between its knots.

    ``logits`` ``(k,)`` rise strictly, ``confidences`` ``(k,)`` don't fall.  What lies outside takes the value of
    the nearest knot.  Its ends may be 0 and 1, so its cross-entropy may be infinite.
    """

    logits: tuple[float, ...]
    confidences: tuple[float, ...]
    base_rate: float
    shift: float = 0.0

    @classmethod
    def fit(cls, logits: ArrayLike, kept: ArrayLike, weights: ArrayLike | None = None) -> IsotonicCalibrator:
        """Pool adjacent violators; raises ``ValueError`` as ``smoothed_targets`` does."""
        x, _, w, rate = smoothed_targets(logits, kept, weights)
        values, group = np.unique(x, return_inverse=True)
        mass = np.bincount(group, weights=w).astype(np.float64)
        positive = np.bincount(group, weights=w * np.asarray(kept, np.float64)).astype(np.float64)
        fitted = isotonic(positive, mass)
        # of a flat stretch only the ends are needed
        differs = np.diff(fitted) != 0
        knots = np.concatenate([[True], differs]) | np.concatenate([differs, [True]])
        return cls(tuple(values[knots].tolist()), tuple(fitted[knots].tolist()), rate)

    def predict(self, logits: ArrayLike) -> Float64:
        """Scaled confidences."""
        found = np.interp(np.asarray(logits, np.float64), self.logits, self.confidences)
        return _moved(np.asarray(found, np.float64), self.shift)

    def shifted(self, base_rate: float) -> IsotonicCalibrator:
        """The same knots; the log-odds of what comes out move by ``rate_shift``."""
        moved = self.shift + rate_shift(self.base_rate, base_rate)
        return replace(self, shift=moved, base_rate=base_rate)

    def to_json(self) -> dict[str, object]:
        """Knots as plain numbers."""
        return {
            "kind": "isotonic",
            "logits": list(self.logits),
            "confidences": list(self.confidences),
            "base_rate": self.base_rate,
            "shift": self.shift,
        }


@dataclass(frozen=True)
class HistogramCalibrator:
    """One confidence for each of some equally full bins of logits (Zadrozny & Elkan 2001).

    ``edges`` ``(k − 1,)`` part the logits into ``k`` bins; a bin's confidence is ``(kept + 1) / (spans + 2)``.
    """

    edges: tuple[float, ...]
    confidences: tuple[float, ...]
    base_rate: float
    shift: float = 0.0

    @classmethod
    def fit(
        cls, logits: ArrayLike, kept: ArrayLike, weights: ArrayLike | None = None, bins: int = BINS
    ) -> HistogramCalibrator:
        """Bins of equal mass, ties never parted; raises ``ValueError`` as ``smoothed_targets`` does."""
        x, _, w, rate = smoothed_targets(logits, kept, weights)
        edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1]))
        edges = edges[edges > x.min()]  # nothing would lie below
        group = np.searchsorted(edges, x, side="right")
        mass = np.bincount(group, weights=w, minlength=len(edges) + 1)
        positive = np.bincount(group, weights=w * np.asarray(kept, np.float64), minlength=len(edges) + 1)
        shares = (positive + 1) / (mass + 2)
        return cls(tuple(edges.tolist()), tuple(shares.tolist()), rate)

    def predict(self, logits: ArrayLike) -> Float64:
        """Scaled confidences."""
        group = np.searchsorted(np.asarray(self.edges), np.asarray(logits, np.float64), side="right")
        return _moved(np.asarray(self.confidences)[group], self.shift)

    def shifted(self, base_rate: float) -> HistogramCalibrator:
        """The same bins; the log-odds of what comes out move by ``rate_shift``."""
        moved = self.shift + rate_shift(self.base_rate, base_rate)
        return replace(self, shift=moved, base_rate=base_rate)

    def to_json(self) -> dict[str, object]:
        """Edges and confidences as plain numbers."""
        return {
            "kind": "histogram",
            "edges": list(self.edges),
            "confidences": list(self.confidences),
            "base_rate": self.base_rate,
            "shift": self.shift,
        }


def _moved(confidences: Float64, shift: float) -> Float64:
    return confidences if shift == 0.0 else sigmoid(log_odds(confidences) + shift)
