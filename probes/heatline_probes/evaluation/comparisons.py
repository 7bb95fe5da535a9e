"""Differences that are tested: calibrators of one run, and two runs over the same spans, with paired resamples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatline.calibration import BetaCalibrator, VennAbersCalibrator
from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.line_kinds import LineKind
from heatline_probes.evaluation.metrics import Report, measure
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.protocol import MEASURED, EvaluationSettings, code_lines, outcomes, run_draws
from heatline_probes.evaluation.scaling import (
    Fit,
    evaluation_sets,
    fit_or_rate,
    fit_platt,
    scaled,
    transferred,
    unscaled,
)
from heatline_probes.evaluation.views import Bool, Float64, Run, SpanView

COMPARED = ("bss_within_dataset", "ece", "ece_debiased", "smooth_ece", "auc")
SMALLEST_GROUP = 500  # spans: a kind of line that is rarer is calibrated with the rest


def _beta(logit: Float64, kept: Bool) -> Any:
    return fit_or_rate(BetaCalibrator.fit, logit, kept)


def _venn_abers(logit: Float64, kept: Bool) -> Any:
    return fit_or_rate(VennAbersCalibrator.fit, logit, kept)


CALIBRATIONS: Mapping[str, Fit] = {"platt": fit_platt, "beta": _beta, "venn_abers": _venn_abers}


@dataclass(frozen=True)
class Contest:
    """Contenders by name, and how each differs from the first."""

    reports: Mapping[str, Report]

    def to_json(self) -> dict[str, Any]:
        """Per contender the pooled errors and within-dataset figures; `difference` from the first, paired."""
        first = _figures(next(iter(self.reports.values())))
        result = {}
        for name, report in self.reports.items():
            figures = _figures(report)
            result[name] = {
                **{metric: estimate.to_json() for metric, estimate in figures.items()},
                "difference": {m: e.minus(first[m]).to_json() for m, e in figures.items()},
            }
        return result


def _figures(report: Report) -> dict[str, Any]:
    pooled = report.pooled.metrics
    return {m: report.mean[m] if m == "bss_within_dataset" else pooled[m] for m in COMPARED}


def compare_calibrations(
    predictions: Predictions, level: str = "line", settings: EvaluationSettings = EvaluationSettings()
) -> dict[str, dict[str, Any]]:
    """Platt scaling against beta, Venn-Abers and one Platt calibrator for each kind of line.

    Under `scaled` and `transferred`; of `line`, `code_line`, `token` or `problem`.
    """
    run = Run(predictions)
    known = run.view(MEASURED[level])
    view = code_lines(known) if level == "code_line" else known
    draws = run_draws(predictions, settings)
    sets = evaluation_sets(predictions.protocol, view)
    plain = measure(outcomes(view, unscaled(view)), draws)
    inside = {name: scaled(view, sets, fit=fit, seed=settings.seed) for name, fit in CALIBRATIONS.items()}
    moved = {name: transferred(predictions, view, known, fit) for name, fit in CALIBRATIONS.items()}
    if level == "line":
        inside["platt_by_kind"] = _by_kind(predictions, view, sets, settings.seed, within=True)
        moved["platt_by_kind"] = _by_kind(predictions, view, sets, settings.seed, within=False)
    return {
        mode: Contest(
            {**{n: measure(outcomes(view, c), draws) for n, c in found.items()}, "unscaled": plain}
        ).to_json()
        for mode, found in (("scaled", inside), ("transferred", moved))
    }


def _by_kind(predictions: Predictions, view: SpanView, sets: Any, seed: int, within: bool) -> Float64:
    """One Platt calibrator for each common kind of line, one for the rest."""
    names, counts = np.unique(view.kind, return_counts=True)
    common = [str(n) for n, c in zip(names, counts, strict=True) if c >= SMALLEST_GROUP]
    groups = {name: view.kind == name for name in common if name != LineKind.CODE.value}
    rest = ~np.any(list(groups.values()), axis=0) if groups else np.ones(len(view), bool)
    result = np.empty(len(view))
    for chosen in [*groups.values(), rest]:
        if not chosen.any():
            continue
        part = view.only(chosen)
        result[chosen] = scaled(part, sets[chosen], seed=seed) if within else transferred(predictions, part)
    return result


def compare_runs(
    one: Predictions, other: Predictions, settings: EvaluationSettings = EvaluationSettings()
) -> dict[str, Any]:
    """Two runs over the same programs and spans, scaled: per level both figures and `other` − `one`, paired.

    Raises EvaluationError when they are of other spans or protocols.
    """
    if one.protocol != other.protocol or not np.array_equal(one.programs.sha, other.programs.sha):
        raise EvaluationError("These runs are of other programs or protocols. Compare runs of one sample.")
    draws = run_draws(one, settings)
    result = {}
    for level in MEASURED:
        name = MEASURED[level]
        if name not in one.levels or name not in other.levels:
            continue
        views = [Run(predictions).view(name) for predictions in (one, other)]
        if not np.array_equal(views[0].row, views[1].row):
            shared = np.intersect1d(views[0].row, views[1].row)
            views = [view.only(np.isin(view.row, shared)) for view in views]
        if not np.array_equal(views[0].kept, views[1].kept):
            raise EvaluationError(
                "These runs label the same spans differently. Compare runs of one labelling."
            )
        reports = {}
        for key, predictions, view in zip(("one", "other"), (one, other), views, strict=True):
            chosen = code_lines(view) if level == "code_line" else view
            sets = evaluation_sets(predictions.protocol, chosen)
            reports[key] = measure(outcomes(chosen, scaled(chosen, sets, seed=settings.seed)), draws)
        result[level] = Contest(reports).to_json()
    return result
