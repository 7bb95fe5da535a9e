"""Smooth calibration error (Błasiok & Nakkiran 2023, "Smooth ECE"): no bins, and no bin width to choose."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline.calibration.metrics import checked

Float64 = NDArray[np.float64]

GRID = 256  # cells of [0, 1]: the error is resolved to about 1 / GRID


def smooth_calibration_error(confidences: ArrayLike, kept: ArrayLike) -> float:
    """smECE: ∫ |smoothed residual|, with the kernel width that equals the error itself.

    ``confidences`` and ``kept`` ``(n,)``.  0 is best; a number between two ways of measuring the distance to
    the nearest calibrated confidences.
    """
    p, y = checked(confidences, kept)
    residuals = np.bincount(grid_cells(p), weights=y - p, minlength=GRID) / p.size
    return float(smooth_errors(residuals[None])[0])


def grid_cells(confidences: Float64) -> NDArray[np.int64]:
    """The cell ``(n,)`` of each confidence."""
    return np.minimum((confidences * GRID).astype(np.int64), GRID - 1)


def smooth_errors(residuals: Float64, waves: int = GRID, steps: int = 14) -> Float64:
    """smECE ``(R,)`` of mean residuals per cell ``(R, GRID)``, to ``2^-steps``.

    The reflected Gaussian kernel is diagonal in the cosine basis, with ``exp(−(πkσ)²/2)``; the error falls as
    the width σ grows, so where the two meet is found by bisection.  Fewer ``waves`` are
    enough where errors are not below 0.01.
    """
    k = np.arange(waves)
    centres = (np.arange(GRID) + 0.5) / GRID
    basis = np.cos(np.pi * np.outer(centres, k))  # (G, K)
    spectrum = residuals @ basis * np.where(k == 0, 1.0, 2.0)  # (R, K)
    low, high = np.zeros(len(residuals)), np.ones(len(residuals))
    for _ in range(steps):
        width = (low + high) / 2
        damping = np.exp(-((np.pi * np.outer(width, k)) ** 2) / 2)
        error = np.abs((spectrum * damping) @ basis.T).mean(axis=1)
        low, high = np.where(error > width, width, low), np.where(error > width, high, width)
    return (low + high) / 2
