"""Fitting local Platt scaling: PCA, UMAP, HDBSCAN, two parameters for each cluster, the best of a few settings.

Needs scikit-learn, and umap-learn unless another embedding is given (the extra ``local-calibration``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline.calibration.calibrators import PlattCalibrator
from heatline.calibration.local_platt import NOISE, LocalPlattCalibrator
from heatline.calibration.logistic import smoothed_targets
from heatline.calibration.metrics import brier_score
from heatline.errors import SettingsError

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
Embedding = Callable[[Float32], Float32]  # (a, k + 1) → (a, few)

SMALLEST = 30  # spans of each outcome that a cluster needs for parameters of its own
TWO_SIDED = 5  # of which at least so many of the rarer outcome


@dataclass(frozen=True)
class LocalSettings:
    """What is chosen by validation, and what bounds the work."""

    components: int = 16  # principal ones
    neighbours: int = 15  # of UMAP
    smallest_share: float = 0.02  # of the anchors: HDBSCAN's smallest cluster
    back_off_global: bool = True  # else what is in no cluster is left uncalibrated
    score_weight: float = 1.0  # of the logit beside the principal coordinates
    anchors: int = 4000  # spans that are clustered
    dimensions: int = 5  # that UMAP leaves
    seed: int = 0


GRID: tuple[LocalSettings, ...] = tuple(
    LocalSettings(neighbours=n, smallest_share=s, back_off_global=b)
    for n, s, b in product((15, 50), (0.01, 0.03), (True, False))
)


def umap_embedding(settings: LocalSettings) -> Embedding:
    """UMAP with a fixed seed; raises ``SettingsError`` where umap-learn is not installed."""

    def embed(points: Float32) -> Float32:
        try:
            from umap import UMAP
        except ImportError as error:
            raise SettingsError(
                "Fitting local Platt scaling needs umap-learn. Install heatline[local-calibration]."
            ) from error
        neighbours = min(settings.neighbours, len(points) - 1)
        reducer = UMAP(
            n_neighbors=neighbours,
            n_components=settings.dimensions,
            min_dist=0.0,
            random_state=settings.seed,
            n_jobs=1,
        )
        return np.asarray(reducer.fit_transform(points), np.float32)

    return embed


def fit_local_platt(
    logits: ArrayLike,
    kept: ArrayLike,
    states: ArrayLike,
    settings: LocalSettings = LocalSettings(),
    embedding: Callable[[LocalSettings], Embedding] = umap_embedding,
) -> LocalPlattCalibrator:
    """Cluster a seeded choice of spans and fit two parameters for each cluster, on all of its spans.

    ``logits`` and ``kept`` ``(n,)``, pooled ``states`` ``(n, D)``.  Raises ``ValueError`` as ``smoothed_targets``
    does, and for states that don't fit.
    """
    x, y, pooled = _checked(logits, kept, states)
    frame = _frame(x, pooled, settings)
    anchors = frame.coordinates(x[frame.rows], pooled[frame.rows])
    clusters = _cluster(anchors, settings, embedding(settings))
    return _with_parameters(frame, anchors, clusters, x, y, pooled, settings)


def choose_local_platt(
    logits: ArrayLike,
    kept: ArrayLike,
    states: ArrayLike,
    group: ArrayLike,
    grid: Sequence[LocalSettings] = GRID,
    embedding: Callable[[LocalSettings], Embedding] = umap_embedding,
) -> tuple[LocalPlattCalibrator, LocalSettings]:
    """The settings with the least Brier score on a held-out quarter of the groups, fitted again on everything.

    ``group`` ``(n,)`` names the problem of each span, so that no problem is on both sides.
    """
    x, y, pooled = _checked(logits, kept, states)
    names, number = np.unique(np.asarray(group), return_inverse=True)
    if len(names) < 4:
        raise ValueError("Choosing settings needs spans of at least four problems. Give more programs.")
    held = np.random.default_rng(grid[0].seed).permutation(len(names))[: len(names) // 4]
    validation = np.isin(number, held)
    scores = []
    embedded: dict[tuple[Any, ...], tuple[Float32, Float32]] = {}
    for settings in grid:
        frame = _frame(x[~validation], pooled[~validation], settings)
        key = (settings.components, settings.neighbours, settings.score_weight, settings.dimensions)
        if key not in embedded:
            rows = frame.rows
            anchors = frame.coordinates(x[~validation][rows], pooled[~validation][rows])
            embedded[key] = anchors, embedding(settings)(anchors)
        anchors, places = embedded[key]
        clusters = _hdbscan(places, settings)
        fitted = _with_parameters(
            frame, anchors, clusters, x[~validation], y[~validation], pooled[~validation], settings
        )
        scores.append(brier_score(fitted.predict(x[validation], pooled[validation]), y[validation]))
    best = grid[int(np.argmin(scores))]
    return fit_local_platt(x, y, pooled, best, embedding), best


@dataclass(frozen=True)
class _Frame:
    """The coordinates of a fit, and the rows ``(a,)`` that are clustered."""

    mean: Float32
    axes: Float32
    score_mean: float
    score_scale: float
    rows: Int64

    def coordinates(self, x: Float64, pooled: Float32) -> Float32:
        score = (x.astype(np.float32) - np.float32(self.score_mean)) * np.float32(self.score_scale)
        return np.concatenate([(pooled - self.mean) @ self.axes, score[:, None]], axis=1)


def _checked(logits: ArrayLike, kept: ArrayLike, states: ArrayLike) -> tuple[Float64, Bool, Float32]:
    x, *_ = smoothed_targets(logits, kept, None)
    pooled = np.asarray(states, np.float32)
    if pooled.ndim != 2 or len(pooled) != len(x) or not np.isfinite(pooled).all():
        raise ValueError("Local Platt scaling needs one finite pooled state for each logit.")
    return x, np.asarray(kept, bool), pooled


def _frame(x: Float64, pooled: Float32, settings: LocalSettings) -> _Frame:
    """Principal axes of a seeded choice of spans; the coordinates are divided by the largest one's spread."""
    generator = np.random.default_rng(settings.seed)
    rows = generator.permutation(len(x))[: settings.anchors]
    chosen = pooled[rows]
    mean = chosen.mean(axis=0)
    _, singular, axes = np.linalg.svd(chosen - mean, full_matrices=False)
    count = min(settings.components, len(axes))
    spread = max(float(singular[0]) / np.sqrt(max(len(rows) - 1, 1)), 1e-12)
    scale = settings.score_weight / max(float(x[rows].std()), 1e-12)
    return _Frame(
        mean.astype(np.float32),
        np.ascontiguousarray(axes[:count].T / spread, np.float32),
        float(x[rows].mean()),
        float(scale),
        rows,
    )


def _cluster(anchors: Float32, settings: LocalSettings, embed: Embedding) -> Int64:
    return _hdbscan(embed(anchors), settings)


def _hdbscan(places: Float32, settings: LocalSettings) -> Int64:
    try:
        from sklearn.cluster import HDBSCAN
    except ImportError as error:
        raise SettingsError(
            "Fitting local Platt scaling needs scikit-learn. Install heatline[local-calibration]."
        ) from error
    size = max(5, round(settings.smallest_share * len(places)))
    if len(places) <= size:
        return np.zeros(len(places), np.int64)
    return np.asarray(HDBSCAN(min_cluster_size=size, copy=True).fit_predict(places), np.int64)


def _with_parameters(
    frame: _Frame,
    anchors: Float32,
    clusters: Int64,
    x: Float64,
    y: Bool,
    pooled: Float32,
    settings: LocalSettings,
) -> LocalPlattCalibrator:
    overall = PlattCalibrator.fit(x, y)
    back_off = (overall.slope, overall.intercept) if settings.back_off_global else (1.0, 0.0)
    count = max(int(clusters.max()) + 1, 0)
    parameters = np.tile(np.asarray(back_off, np.float64), (count, 1))
    draft = LocalPlattCalibrator(
        frame.mean, frame.axes, frame.score_mean, frame.score_scale, anchors, clusters, parameters, back_off,
        overall.base_rate,
    )  # fmt: skip
    members = draft.assign(x, pooled)
    for number in range(count):
        inside = members == number
        rarer = min(int(y[inside].sum()), int((~y[inside]).sum()))
        if int(inside.sum()) >= SMALLEST and rarer >= TWO_SIDED:
            own = PlattCalibrator.fit(x[inside], y[inside])
            parameters[number] = own.slope, own.intercept
    assert NOISE == -1  # the back-off is the row behind the last cluster's
    return draft
