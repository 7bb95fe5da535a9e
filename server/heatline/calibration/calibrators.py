"""Maps from a span's unscaled logit to a confidence that means what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline.errors import ProbeError

Float64 = NDArray[np.float64]


def sigmoid(logits: ArrayLike) -> Float64:
    """Logistic function, without overflow at either end."""
    x = np.asarray(logits, np.float64)
    tail = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + tail), tail / (1.0 + tail))


class Calibrator(Protocol):
    """Turns logits of P(kept) into confidences; serialises to plain JSON."""

    def predict(self, logits: ArrayLike) -> Float64:
        """Confidences, same shape as ``logits``."""
        ...

    def to_json(self) -> dict[str, object]:
        """Parameters with their ``kind``."""
        ...


@dataclass(frozen=True)
class IdentityCalibrator:
    """Leaves the probe's own sigmoid as it is."""

    def predict(self, logits: ArrayLike) -> Float64:
        """``sigmoid(logits)``."""
        return sigmoid(logits)

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
        """Fit by Newton's method on Platt's smoothed targets.

        Targets are ``(n₊ + 1) / (n₊ + 2)`` and ``1 / (n₋ + 2)`` instead of 1 and 0, the Bayesian smoothing
        of Platt 1999, §2.2.  Raises ``ValueError`` when only one outcome, or a non-finite logit, is given.
        """
        x, y = np.asarray(logits, np.float64), np.asarray(kept, bool)
        w = np.ones_like(x) if weights is None else np.asarray(weights, np.float64)
        if not np.isfinite(x).all():
            raise ValueError("Platt scaling needs finite logits. Leave out spans without one.")
        positive, negative = float(w[y].sum()), float(w[~y].sum())
        if positive == 0 or negative == 0:
            raise ValueError("Platt scaling needs both kept and edited spans. Give more programs.")
        targets = np.where(y, (positive + 1) / (positive + 2), 1 / (negative + 2))
        slope, intercept = _newton(x, targets, w, float(np.log((positive + 1) / (negative + 1))))
        return cls(slope, intercept, positive / (positive + negative))

    def predict(self, logits: ArrayLike) -> Float64:
        """Scaled confidences."""
        return sigmoid(self.slope * np.asarray(logits, np.float64) + self.intercept)

    def to_json(self) -> dict[str, object]:
        """Parameters as plain numbers."""
        return {
            "kind": "platt",
            "slope": self.slope,
            "intercept": self.intercept,
            "base_rate": self.base_rate,
        }


def _newton(x: Float64, targets: Float64, weights: Float64, intercept: float) -> tuple[float, float]:
    """Minimise the weighted cross-entropy over slope and intercept, with back-tracking."""
    parameters = np.asarray([0.0, intercept])

    def loss(p: Float64) -> float:
        z = p[0] * x + p[1]
        return float(np.sum(weights * (np.logaddexp(0.0, z) - targets * z)))

    current = loss(parameters)
    for _ in range(100):
        confidence = sigmoid(parameters[0] * x + parameters[1])
        residual, curvature = weights * (confidence - targets), weights * confidence * (1 - confidence)
        gradient = np.asarray([residual @ x, residual.sum()])
        hessian = np.asarray([[curvature @ (x * x), curvature @ x], [curvature @ x, curvature.sum()]])
        step = np.linalg.solve(hessian + 1e-10 * np.eye(2), gradient)
        size = 1.0
        while size > 1e-8 and (proposed := loss(parameters - size * step)) > current:
            size /= 2
        if size <= 1e-8 or np.abs(size * step).max() < 1e-10:
            break
        parameters, current = parameters - size * step, proposed
    return float(parameters[0]), float(parameters[1])


def calibrator_from_json(raw: Mapping[str, object]) -> Calibrator:
    """Read what ``to_json`` wrote; raises ``ProbeError`` for an unknown or malformed calibrator."""
    try:
        if raw["kind"] == "identity":
            return IdentityCalibrator()
        if raw["kind"] == "platt":
            slope, intercept, rate = (float(str(raw[key])) for key in ("slope", "intercept", "base_rate"))
            if np.isfinite([slope, intercept, rate]).all():
                return PlattCalibrator(slope, intercept, rate)
    except (KeyError, ValueError):
        pass
    raise ProbeError(
        f"The calibrator {dict(raw)!r} is unknown or malformed. Use a probe made for this version."
    )
