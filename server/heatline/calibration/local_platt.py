"""Local Platt scaling: like spans, by the supervisor's own states and their score, share their two parameters.

Spans are clustered when it is fitted (`local_platt_fitting`); here, a new span takes the parameters of its
nearest anchor, a span that was clustered (Lin et al. 2026).  Predicting is numpy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from heatline.calibration.logistic import sigmoid
from heatline.errors import ProbeError

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

NOISE = -1  # the cluster of what is in none
CHUNK = 4096  # spans whose distances are held at once


@dataclass(frozen=True, eq=False)
class LocalPlattCalibrator:
    """``sigmoid(slope_c · logit + intercept_c)`` with the parameters of the nearest anchor's cluster ``c``.

    Clusters that had too few spans, and noise, use ``back_off``: global Platt scaling, or (1, 0), which leaves
    the estimator's own confidence.
    """

    mean: Float32  # (D,) of the pooled states
    axes: Float32  # (D, k) principal axes, scaled so that coordinates are comparable
    score_mean: float  # of the logits
    score_scale: float  # what a logit, less the mean, is multiplied with to be one more coordinate
    anchors: Float32  # (a, k + 1)
    clusters: Int64  # (a,) from 0; NOISE
    parameters: Float64  # (C, 2) slope and intercept of every cluster
    back_off: tuple[float, float]
    base_rate: float

    def __post_init__(self) -> None:
        d, k = self.axes.shape if self.axes.ndim == 2 else (-1, -1)
        if not (
            self.mean.shape == (d,)
            and self.anchors.shape == (len(self.clusters), k + 1)
            and len(self.clusters)
            and self.parameters.ndim == 2
            and self.parameters.shape[1] == 2
            and self.clusters.min() >= NOISE
            and self.clusters.max() < len(self.parameters)
            and np.isfinite(self.parameters).all()
            and np.isfinite(self.anchors).all()
        ):
            raise ProbeError("The local calibrator is malformed. Fit it again.")

    def coordinates(self, logits: ArrayLike, states: ArrayLike) -> Float32:
        """Where spans lie ``(n, k + 1)``: principal coordinates of pooled ``states`` ``(n, D)``, and the score."""
        x, pooled = np.asarray(logits, np.float32), np.asarray(states, np.float32)
        if pooled.ndim != 2 or pooled.shape != (len(x), len(self.mean)):
            raise ValueError("Local Platt scaling needs one pooled state for each logit.")
        score = (x - np.float32(self.score_mean)) * np.float32(self.score_scale)
        return np.concatenate([(pooled - self.mean) @ self.axes, score[:, None]], axis=1)

    def assign(self, logits: ArrayLike, states: ArrayLike) -> Int64:
        """The cluster ``(n,)`` of each span's nearest anchor."""
        places = self.coordinates(logits, states)
        lengths = np.square(self.anchors).sum(axis=1)
        nearest = [
            (lengths - 2 * places[i : i + CHUNK] @ self.anchors.T).argmin(axis=1)
            for i in range(0, len(places), CHUNK)
        ]
        return self.clusters[np.concatenate(nearest)] if nearest else np.empty(0, np.int64)

    def predict(self, logits: ArrayLike, states: ArrayLike) -> Float64:
        """Scaled confidences ``(n,)`` of logits ``(n,)`` with pooled states ``(n, D)``."""
        table = np.concatenate([self.parameters, np.asarray([self.back_off], np.float64)])
        chosen = table[self.assign(logits, states)]  # NOISE is the last row
        return sigmoid(chosen[:, 0] * np.asarray(logits, np.float64) + chosen[:, 1])

    def save(self, path: Path) -> None:
        """Write one safetensors file, atomically."""
        from heatline.supervisor.card import atomic_path

        numbers = [self.score_mean, self.score_scale, *self.back_off, self.base_rate]
        data = save_tensors(
            {
                "mean": np.ascontiguousarray(self.mean, np.float32),
                "axes": np.ascontiguousarray(self.axes, np.float32),
                "anchors": np.ascontiguousarray(self.anchors, np.float32),
                "clusters": np.ascontiguousarray(self.clusters, np.int64),
                "parameters": np.ascontiguousarray(self.parameters, np.float64),
                "numbers": np.asarray(numbers, np.float64),
            },
            metadata={"kind": "local_platt"},
        )
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)

    @classmethod
    def load(cls, path: Path) -> LocalPlattCalibrator:
        """Read what ``save`` wrote; raises ``ProbeError`` when it is missing or malformed."""
        try:
            tensors = load_tensors(path.read_bytes())
            score_mean, score_scale, slope, intercept, rate = (float(v) for v in tensors["numbers"])
            return cls(
                tensors["mean"],
                tensors["axes"],
                score_mean,
                score_scale,
                tensors["anchors"],
                tensors["clusters"],
                tensors["parameters"],
                (slope, intercept),
                rate,
            )
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            if isinstance(error, ProbeError):
                raise
            raise ProbeError(f"The calibrator {path} can't be read ({error}). Fit it again.") from error
