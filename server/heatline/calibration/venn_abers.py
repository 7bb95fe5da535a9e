"""Venn–Abers calibration: isotonic regression that knows how sure it can be (Vovk, Petej & Fedorova 2015)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline.calibration.calibrators import rate_shift
from heatline.calibration.logistic import log_odds, sigmoid, smoothed_targets

Float64 = NDArray[np.float64]

KNOTS = 200  # groups of equal mass that logits are rounded to


@dataclass(frozen=True)
class VennAbersCalibrator:
    """A step function of the logit: ``edges`` ``(k − 1,)`` part the logits into ``k`` groups.

    ``low`` and ``high`` ``(k,)`` are the isotonic fits with one more span of the group, edited or kept; the
    confidence between them is ``high / (1 − low + high)``, the one with the least regret under log loss.
    ``shift`` moves it to another base rate.
    """

    edges: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    base_rate: float
    shift: float = 0.0

    @classmethod
    def fit(cls, logits: ArrayLike, kept: ArrayLike, weights: ArrayLike | None = None) -> VennAbersCalibrator:
        """Fit on logits rounded to at most ``KNOTS`` groups; raises ``ValueError`` as Platt scaling does."""
        x, _, w, rate = smoothed_targets(logits, kept, weights)
        y = np.asarray(kept, np.float64)
        edges = np.unique(np.quantile(x, np.linspace(0, 1, KNOTS + 1)[1:-1]))
        group = np.searchsorted(edges, x, side="right")
        mass = np.bincount(group, weights=w, minlength=len(edges) + 1).astype(np.float64)
        positive = np.bincount(group, weights=w * y, minlength=len(edges) + 1).astype(np.float64)
        bounds = np.asarray([_with_one_more(mass, positive, i) for i in range(len(mass))])
        return cls(tuple(edges.tolist()), tuple(bounds[:, 0].tolist()), tuple(bounds[:, 1].tolist()), rate)

    def predict(self, logits: ArrayLike) -> Float64:
        """Scaled confidences."""
        group = np.searchsorted(np.asarray(self.edges), np.asarray(logits, np.float64), side="right")
        low, high = np.asarray(self.low)[group], np.asarray(self.high)[group]
        merged = high / (1 - low + high)
        return merged if self.shift == 0.0 else sigmoid(log_odds(merged) + self.shift)

    def shifted(self, base_rate: float) -> VennAbersCalibrator:
        """The same steps; the log-odds of what comes out move by ``rate_shift``."""
        moved = self.shift + rate_shift(self.base_rate, base_rate)
        return replace(self, shift=moved, base_rate=base_rate)

    def to_json(self) -> dict[str, object]:
        """Edges and steps as plain numbers."""
        return {
            "kind": "venn_abers",
            "edges": list(self.edges),
            "low": list(self.low),
            "high": list(self.high),
            "base_rate": self.base_rate,
            "shift": self.shift,
        }


def _with_one_more(mass: Float64, positive: Float64, group: int) -> tuple[float, float]:
    """The isotonic fit at ``group`` after one more edited span there, and after one more kept one."""
    more = mass.copy()
    more[group] += 1
    kept = positive.copy()
    low = isotonic(kept, more)[group]
    kept[group] += 1
    return float(low), float(isotonic(kept, more)[group])


def isotonic(positive: Float64, mass: Float64) -> Float64:
    """The non-decreasing fit ``(k,)`` of ``positive / mass``, by pooling adjacent violators.

    A group without mass takes the value of the one before it, or of the first that has any.
    """
    sums: list[float] = []
    weights: list[float] = []
    sizes: list[int] = []
    for s, w in zip(positive.tolist(), mass.tolist(), strict=True):
        if w == 0 and sizes:
            sizes[-1] += 1
            continue
        sums.append(s)
        weights.append(w)
        sizes.append(1)
        while len(sums) > 1 and sums[-2] * weights[-1] >= sums[-1] * weights[-2]:
            last = sums.pop(), weights.pop(), sizes.pop()
            sums[-1], weights[-1], sizes[-1] = sums[-1] + last[0], weights[-1] + last[1], sizes[-1] + last[2]
    return np.repeat(np.asarray(sums) / np.asarray(weights), sizes)
