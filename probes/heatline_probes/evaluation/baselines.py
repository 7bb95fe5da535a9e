"""Trivial baselines every probe must beat: what dataset, position, syntax and the supervisor alone can tell.

Each gives logits of P(kept) `(n,)` for a view's spans, fitted for each fold on the programs that a probe could
have learned from, to be scaled like a probe's.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from heatline.calibration.logistic import log_odds
from heatline_probes.evaluation.splits import training_programs
from heatline_probes.evaluation.views import Bool, Float64, Run, SpanView

MOST_FITTED = 100_000  # spans a baseline is fitted on, drawn by the seed
_POOLINGS: dict[str, Any] = {"lowest": np.minimum, "mean": np.add}


def dataset_identity(run: Run, view: SpanView) -> Float64:
    """The base rate of a span's dataset among what may be learned from; of everything where it is unknown."""
    result = np.empty(len(view))
    for held, usable in _folds(run, view):
        rate = _rate(view.kept[usable])
        for name in np.unique(view.dataset[held]):
            known = usable & (view.dataset == name)
            result[held & (view.dataset == name)] = _rate(view.kept[known]) if known.any() else rate
    return log_odds(result)


def syntax_logistic(run: Run, view: SpanView, features: Float64, seed: int = 0) -> Float64:
    """Logistic regression over `syntax_features` of the view's spans, `(n, F)`."""
    return _fitted(
        run,
        view,
        features,
        lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        seed,
    )


def syntax_boosting(run: Run, view: SpanView, features: Float64, seed: int = 0) -> Float64:
    """Gradient boosting over the same features: what they can tell without being linear."""
    return _fitted(
        run,
        view,
        features,
        lambda: HistGradientBoostingClassifier(max_iter=60, learning_rate=0.15, random_state=seed),
        seed,
    )


def token_probability(run: Run, level: str, view: SpanView, pooling: str) -> Float64:
    """The supervisor's own probability of a span's tokens: the `lowest`, or their geometric `mean`."""
    tokens = run.predictions.levels["token"]
    if tokens.log_probability is None:
        raise ValueError("These predictions hold no token probabilities.")
    spans = run.predictions.levels[level]
    first, last = spans.first[view.row], spans.last[view.row]
    values = np.append(tokens.log_probability, 0.0)
    bounds = np.stack([first, last], axis=1).ravel()
    pooled = _POOLINGS[pooling].reduceat(values, bounds)[::2]
    if pooling == "mean":
        pooled = pooled / np.maximum(last - first, 1)
    return log_odds(np.exp(np.minimum(pooled, 0.0)))


def _folds(run: Run, view: SpanView) -> Iterator[tuple[Bool, Bool]]:
    """For each fold, the spans that are tested and those that may be learned from; all where none may."""
    programs = run.predictions.programs
    for held in np.unique(view.fold):
        usable = training_programs(programs.fold, programs.group, int(held))[view.program]
        yield view.fold == held, usable if usable.any() else np.ones(len(view), bool)


def _rate(kept: Bool) -> float:
    return (float(kept.sum()) + 1) / (len(kept) + 2)


def _fitted(run: Run, view: SpanView, features: Float64, model: Callable[[], Any], seed: int) -> Float64:
    result = np.empty(len(view))
    for held, usable in _folds(run, view):
        rows = np.flatnonzero(usable)
        if len(rows) > MOST_FITTED:
            rows = np.random.default_rng(seed).choice(rows, MOST_FITTED, replace=False)
        kept = view.kept[rows]
        if kept.all() or not kept.any():
            result[held] = _rate(kept)
        else:
            result[held] = model().fit(features[rows], kept).predict_proba(features[held])[:, 1]
    return log_odds(np.clip(result, 1e-6, 1 - 1e-6))
