"""Logistic regression on a handful of columns by Newton's method: all that fitting a calibrator takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64 = NDArray[np.float64]


def sigmoid(logits: ArrayLike) -> Float64:
    """Logistic function, without overflow at either end."""
    x = np.asarray(logits, np.float64)
    tail = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + tail), tail / (1.0 + tail))


def log_odds(confidences: ArrayLike) -> Float64:
    """``ln(p / (1 − p))``; confidences of 0 and 1 are moved in by 1e-12."""
    p = np.clip(np.asarray(confidences, np.float64), 1e-12, 1 - 1e-12)
    return np.asarray(np.log(p) - np.log1p(-p))


def smoothed_targets(
    logits: ArrayLike, kept: ArrayLike, weights: ArrayLike | None
) -> tuple[Float64, Float64, Float64, float]:
    """Logits, Platt's targets and weights ``(n,)``, and the base rate.

    Targets are ``(n₊ + 1) / (n₊ + 2)`` and ``1 / (n₋ + 2)`` instead of 1 and 0, the Bayesian smoothing of
    Platt 1999, §2.2.  Raises ``ValueError`` when only one outcome, a non-finite logit or
    weight, or lists of different lengths are given.
    """
    x, y = np.asarray(logits, np.float64), np.asarray(kept, bool)
    w = np.ones_like(x) if weights is None else np.asarray(weights, np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.shape != w.shape:
        raise ValueError(
            "Calibration needs as many outcomes and weights as logits. Give lists of one length."
        )
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise ValueError("Calibration needs weights that are numbers from 0. Leave out spans without one.")
    if not np.isfinite(x).all():
        raise ValueError("Calibration needs finite logits. Leave out spans without one.")
    positive, negative = float(w[y].sum()), float(w[~y].sum())
    if positive == 0 or negative == 0:
        raise ValueError("Calibration needs both kept and edited spans. Give more programs.")
    targets = np.where(y, (positive + 1) / (positive + 2), 1 / (negative + 2))
    return x, targets, w, positive / (positive + negative)


def fit_logistic(columns: Float64, targets: Float64, weights: Float64) -> Float64:
    """Coefficients ``(k,)`` that minimise the weighted cross-entropy of ``sigmoid(columns @ coefficients)``.

    ``columns`` ``(n, k)``, the last of them ones.  Newton steps with back-tracking.
    """
    coefficients = np.zeros(columns.shape[1])
    rate = float(weights @ targets / weights.sum())
    coefficients[-1] = float(log_odds(rate))

    def loss(c: Float64) -> float:
        z = columns @ c
        return float(np.sum(weights * (np.logaddexp(0.0, z) - targets * z)))

    current = loss(coefficients)
    for _ in range(100):
        confidence = sigmoid(columns @ coefficients)
        gradient = columns.T @ (weights * (confidence - targets))
        hessian = (columns * (weights * confidence * (1 - confidence))[:, None]).T @ columns
        step = np.linalg.solve(hessian + 1e-10 * np.eye(len(coefficients)), gradient)
        size = 1.0
        while size > 1e-8 and (proposed := loss(coefficients - size * step)) > current:
            size /= 2
        if size <= 1e-8 or np.abs(size * step).max() < 1e-10:
            break
        coefficients, current = coefficients - size * step, proposed
    return coefficients
