"""Maps from a span's unscaled logit to a confidence that means what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline.calibration.logistic import fit_logistic, log_odds, sigmoid, smoothed_targets
from heatline.errors import ProbeError

Float64 = NDArray[np.float64]

__all__ = [
    "BetaCalibrator",
    "Calibrator",
    "IdentityCalibrator",
    "PlattCalibrator",
    "checked_rate",
    "rate_shift",
    "sigmoid",
]


class Calibrator(Protocol):
    """Turns logits of P(kept) into confidences; serialises to plain JSON."""

    def predict(self, logits: ArrayLike) -> Float64:
        """Confidences, same shape as ``logits``."""
        ...

    def shifted(self, base_rate: float) -> Calibrator:
        """The calibrator for code where a share ``base_rate`` of the spans is kept (see ``rate_shift``)."""
        ...

    def to_json(self) -> dict[str, object]:
        """Parameters with their ``kind``."""
        ...


def checked_rate(base_rate: float) -> float:
    """The rate itself; raises ``ProbeError`` unless it is between 0 and 1, both excluded."""
    if not 0.0 < base_rate < 1.0:
        raise ProbeError(f"The base rate {base_rate} is no share. Give a number between 0 and 1.")
    return base_rate


def rate_shift(trained: float, actual: float) -> float:
    """What to add to a logit when the share of kept spans is ``actual`` instead of ``trained``.

    The difference of the two log-odds (Saerens, Latinne & Decaestecker 2002): right when kept spans
    look like kept spans, and edited ones like edited ones, whatever their share (label shift).  It is not
    right when the code itself is of another kind.
    """
    return float(log_odds(checked_rate(actual)) - log_odds(checked_rate(trained)))


@dataclass(frozen=True)
class IdentityCalibrator:
    """Leaves the probe's own sigmoid as it is."""

    def predict(self, logits: ArrayLike) -> Float64:
        """``sigmoid(logits)``."""
        return sigmoid(logits)

    def shifted(self, base_rate: float) -> Calibrator:
        """Raises ``ProbeError``: the base rate it was fitted at is not known."""
        raise ProbeError(
            "This probe is not calibrated, so it can't be moved to another base rate. Use a calibrated probe, "
            "or leave the base rate out."
        )

    def to_json(self) -> dict[str, object]:
        """``{"kind": "identity"}``."""
        return {"kind": "identity"}


@dataclass(frozen=True)
class PlattCalibrator:
    """``sigmoid(slope · logit + intercept)`` (Platt 1999), fitted on held-out spans.

    ``base_rate`` is P(kept) of the spans it was fitted on.
    """

    slope: float
    intercept: float
    base_rate: float

    @classmethod
    def fit(cls, logits: ArrayLike, kept: ArrayLike, weights: ArrayLike | None = None) -> PlattCalibrator:
        """Fit on Platt's smoothed targets; raises ``ValueError`` as ``smoothed_targets`` does."""
        x, targets, w, rate = smoothed_targets(logits, kept, weights)
        slope, intercept = fit_logistic(np.stack([x, np.ones_like(x)], axis=1), targets, w)
        return cls(float(slope), float(intercept), rate)

    def predict(self, logits: ArrayLike) -> Float64:
        """Scaled confidences."""
        return sigmoid(self.slope * np.asarray(logits, np.float64) + self.intercept)

    def shifted(self, base_rate: float) -> PlattCalibrator:
        """The same slope; the intercept moves by ``rate_shift``."""
        moved = self.intercept + rate_shift(self.base_rate, base_rate)
        return replace(self, intercept=moved, base_rate=base_rate)

    def matched(self, logits: ArrayLike) -> PlattCalibrator:
        """The same slope; the intercept, by bisection, at which the mean confidence of ``logits`` is ``base_rate``."""
        low, high = -50.0, 50.0
        for _ in range(60):
            middle = (low + high) / 2
            mean = float(replace(self, intercept=middle).predict(logits).mean())
            low, high = (middle, high) if mean < self.base_rate else (low, middle)
        return replace(self, intercept=(low + high) / 2)

    def to_json(self) -> dict[str, object]:
        """Parameters as plain numbers."""
        return {
            "kind": "platt",
            "slope": self.slope,
            "intercept": self.intercept,
            "base_rate": self.base_rate,
        }


@dataclass(frozen=True)
class BetaCalibrator:
    """``sigmoid(a · ln p − b · ln(1 − p) + c)`` with ``p = sigmoid(logit)`` (Kull, Silva Filho & Flach 2017).

    Two slopes, one for each end: Platt scaling is the case ``a = b``.
    """

    a: float
    b: float
    c: float
    base_rate: float

    @classmethod
    def fit(cls, logits: ArrayLike, kept: ArrayLike, weights: ArrayLike | None = None) -> BetaCalibrator:
        """Fit by logistic regression on the two logarithms; a slope that comes out negative is set to 0.

        Raises ``ValueError`` as ``smoothed_targets`` does.
        """
        x, targets, w, rate = smoothed_targets(logits, kept, weights)
        low, high, ones = -np.logaddexp(0.0, -x), np.logaddexp(0.0, x), np.ones_like(x)
        a, b, c = fit_logistic(np.stack([low, high, ones], axis=1), targets, w)
        if a < 0:
            a, (b, c) = 0.0, fit_logistic(np.stack([high, ones], axis=1), targets, w)
        elif b < 0:
            b, (a, c) = 0.0, fit_logistic(np.stack([low, ones], axis=1), targets, w)
        return cls(max(float(a), 0.0), max(float(b), 0.0), float(c), rate)

    def predict(self, logits: ArrayLike) -> Float64:
        """Scaled confidences."""
        x = np.asarray(logits, np.float64)
        return sigmoid(-self.a * np.logaddexp(0.0, -x) + self.b * np.logaddexp(0.0, x) + self.c)

    def shifted(self, base_rate: float) -> BetaCalibrator:
        """The same slopes; the intercept moves by ``rate_shift``."""
        return replace(self, c=self.c + rate_shift(self.base_rate, base_rate), base_rate=base_rate)

    def to_json(self) -> dict[str, object]:
        """Parameters as plain numbers."""
        return {"kind": "beta", "a": self.a, "b": self.b, "c": self.c, "base_rate": self.base_rate}
