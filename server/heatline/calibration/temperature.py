"""Temperature scaling: one number that makes all logits softer or sharper (Guo et al. 2017, §4.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline.calibration.calibrators import rate_shift
from heatline.calibration.logistic import sigmoid, smoothed_targets

Float64 = NDArray[np.float64]

HOTTEST = float(np.exp(6.0))  # temperatures are sought between this and its inverse


@dataclass(frozen=True)
class TemperatureCalibrator:
    """``sigmoid(logit / temperature + shift)``; the shift is 0 until it is moved to another base rate.

    It can't mend a bias: a logit of 0 stays a confidence of one half.
    """

    temperature: float
    base_rate: float
    shift: float = 0.0

    @classmethod
    def fit(
        cls, logits: ArrayLike, kept: ArrayLike, weights: ArrayLike | None = None
    ) -> TemperatureCalibrator:
        """The temperature of least cross-entropy with Platt's smoothed targets.

        Raises ``ValueError`` as ``smoothed_targets`` does, and where all logits are 0.
        """
        x, targets, w, rate = smoothed_targets(logits, kept, weights)
        if not x.any():
            raise ValueError("All logits are 0, so there is no temperature to find. Use Platt scaling.")

        def slope_of_loss(log_slope: float) -> float:
            confidence = sigmoid(np.exp(log_slope) * x)
            return float(w @ ((confidence - targets) * x))

        # cross-entropy is convex in the slope 1/T: its derivative changes sign once
        low, high = -np.log(HOTTEST), np.log(HOTTEST)
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if slope_of_loss(middle) < 0 else (low, middle)
        return cls(float(np.exp(-(low + high) / 2)), rate)

    def predict(self, logits: ArrayLike) -> Float64:
        """Scaled confidences."""
        return sigmoid(np.asarray(logits, np.float64) / self.temperature + self.shift)

    def shifted(self, base_rate: float) -> TemperatureCalibrator:
        """The same temperature; the logits move by ``rate_shift``."""
        moved = self.shift + rate_shift(self.base_rate, base_rate)
        return replace(self, shift=moved, base_rate=base_rate)

    def to_json(self) -> dict[str, object]:
        """Parameters as plain numbers."""
        return {
            "kind": "temperature",
            "temperature": self.temperature,
            "base_rate": self.base_rate,
            "shift": self.shift,
        }
