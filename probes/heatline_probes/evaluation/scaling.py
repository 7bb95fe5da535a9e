"""Confidences from held-out logits: as they are, scaled within the evaluation set, and transferred from training.

*Scaled* is what the paper reports: five folds of the evaluation set, the calibrator fitted on four of them and
applied to the fifth. *Transferred* is what a user gets: the calibrator has seen nothing of the evaluation set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from heatline.calibration import PlattCalibrator
from heatline.calibration.calibrators import Calibrator, sigmoid
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.splits import training_programs
from heatline_probes.evaluation.views import Bool, Float64, Int64, SpanView, Str
from heatline_probes.training.examples import folds_by_group

FOLDS = 5

Fit = Callable[[Float64, Bool], "Calibrator | ConstantRate"]


class Rates(Enum):
    """What is made of a dataset's base rate: nothing, or one of the two ways in which a user may give it."""

    UNKNOWN = "unknown"
    SHIFTED = "shifted"  # by the difference of log-odds: `heatline.baseRate`
    MATCHED = "matched"  # until the mean of the dataset's spans is the rate: `heatline calibrate --base-rate`


@dataclass(frozen=True)
class ConstantRate:
    """What is left where only one outcome is known: its smoothed rate, whatever the logit."""

    rate: float

    def predict(self, logits: ArrayLike) -> Float64:
        """The rate, for every logit."""
        return np.full(np.shape(logits), self.rate)


def fit_platt(logit: Float64, kept: Bool) -> Calibrator | ConstantRate:
    """Platt scaling; a constant where only one outcome is known."""
    return fit_or_rate(PlattCalibrator.fit, logit, kept)


def fit_or_rate(
    fit: Callable[[Float64, Bool], Calibrator], logit: Float64, kept: Bool
) -> Calibrator | ConstantRate:
    """The calibrator, or `ConstantRate` with `(kept + 1) / (n + 2)` where only one outcome or logit is known."""
    if kept.all() or not kept.any() or logit.min() == logit.max():
        return ConstantRate((float(kept.sum()) + 1) / (len(kept) + 2))
    return fit(logit, kept)


def evaluation_sets(protocol: str, view: SpanView) -> Int64:
    """The set `(n,)` each span is evaluated in: all together by problem, else what was left out together."""
    return np.zeros(len(view), np.int64) if protocol == "by_problem" else view.fold


def scaled(
    view: SpanView, sets: Int64, logit: Float64 | None = None, fit: Fit = fit_platt, seed: int = 0
) -> Float64:
    """Confidences `(n,)`, scaled within each evaluation set by five folds of whole problem groups.

    `logit` `(n,)` stands in for the view's own: a baseline's.
    """
    values = view.logit if logit is None else logit
    result = np.empty(len(view))
    for number in np.unique(sets):
        members = np.flatnonzero(sets == number)
        fold = _span_folds(view.program[members], view.group[members], seed)
        for held in np.unique(fold):
            known, held_rows = members[fold != held], members[fold == held]
            if not len(known):  # one problem only: nothing else to learn from
                known = held_rows
            result[held_rows] = fit(values[known], view.kept[known]).predict(values[held_rows])
    return result


def transferred(
    predictions: Predictions,
    view: SpanView,
    known: SpanView | None = None,
    fit: Fit = fit_platt,
    rates: Rates = Rates.UNKNOWN,
) -> Float64:
    """Confidences `(n,)` by a calibrator that saw nothing of their fold.

    Fitted, for each fold, on the held-out logits of the programs that may be learned from, of `known` (all spans of the
    level; the view itself without it).  `rates`: what is made of the base rate of each dataset, the one thing that may
    be known of it.
    """
    source = view if known is None else known
    found: dict[int, Calibrator | ConstantRate] = {}
    for held in map(int, np.unique(view.fold)):
        usable = _learnable(predictions, source, held)
        found[held] = fit(source.logit[usable], source.kept[usable])
    return _predicted(view, found, rates)


def from_unseen(
    predictions: Predictions,
    level_spans: SpanView,
    view: SpanView,
    rates: Rates = Rates.UNKNOWN,
) -> Float64:
    """Confidences `(n,)` by `fit_alike` on the held-out logits of the other folds, of `level_spans`.

    With a dataset left out in each fold, the calibrator learns how far a probe can be trusted on a dataset that
    it has not seen, and has seen nothing of the dataset it is applied to.
    """
    found: dict[int, Calibrator | ConstantRate] = {}
    for held in map(int, np.unique(view.fold)):
        usable = _learnable(predictions, level_spans, held)
        found[held] = fit_alike(
            level_spans.logit[usable], level_spans.kept[usable], level_spans.dataset[usable]
        )
    return _predicted(view, found, rates)


def fit_alike(logit: Float64, kept: Bool, dataset: Str) -> Calibrator | ConstantRate:
    """Platt scaling to which every dataset weighs the same, however many spans it has."""
    _, number, count = np.unique(dataset, return_inverse=True, return_counts=True)
    weights = len(kept) / (len(count) * count[number])
    return fit_or_rate(lambda x, y: PlattCalibrator.fit(x, y, weights), logit, kept)


def _learnable(predictions: Predictions, source: SpanView, held: int) -> Bool:
    """The spans `(n,)` of `source` that a calibrator for the fold `held` may see; all, if there are no others."""
    programs = predictions.programs
    usable = training_programs(programs.fold, programs.group, held)[source.program]
    return usable if usable.any() else np.ones(len(source), bool)


def _predicted(view: SpanView, calibrators: Mapping[int, Calibrator | ConstantRate], rates: Rates) -> Float64:
    """Confidences `(n,)` by each fold's calibrator, moved to each dataset's base rate where that is known."""
    result = np.empty(len(view))
    for held, calibrator in calibrators.items():
        rows = view.fold == held
        result[rows] = calibrator.predict(view.logit[rows])
        if rates is not Rates.UNKNOWN and isinstance(calibrator, PlattCalibrator):
            for dataset in np.unique(view.dataset[rows]):
                own = rows & (view.dataset == dataset)
                rate = float(np.clip(view.kept[own].mean(), 1e-3, 1 - 1e-3))
                moved = calibrator.shifted(rate)
                if rates is Rates.MATCHED:
                    moved = moved.matched(view.logit[own])
                result[own] = moved.predict(view.logit[own])
    return result


def unscaled(view: SpanView) -> Float64:
    """The probe's own sigmoid `(n,)`."""
    return sigmoid(view.logit)


def _span_folds(program: Int64, group: Int64, seed: int) -> Int64:
    """Fold `(n,)` of each span: whole groups, balanced by programs."""
    _, first, index = np.unique(program, return_index=True, return_inverse=True)
    return folds_by_group(group[first].astype(np.str_), FOLDS, seed)[index]
