"""One run of predictions through the whole protocol: every level, calibration and baseline in one form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatline_probes.evaluation.baselines import (
    dataset_identity,
    syntax_boosting,
    syntax_logistic,
    token_probability,
)
from heatline_probes.evaluation.estimates import RESAMPLES, Draws, draw_programs
from heatline_probes.evaluation.failing import rank_units, summarise
from heatline_probes.evaluation.features import syntax_features
from heatline_probes.evaluation.line_kinds import LineKind
from heatline_probes.evaluation.metrics import Outcomes, Report, measure, reliability
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.scaling import (
    Rates,
    evaluation_sets,
    from_unseen,
    scaled,
    transferred,
    unscaled,
)
from heatline_probes.evaluation.views import Float64, Int64, Run, SpanView

Progress = Callable[[str, int, int], None]

LONG = 10  # lines: from here on a function is worth ranking lines in
BASELINES = (
    "baseline_dataset_identity",
    "baseline_syntax_logistic",
    "baseline_syntax_boosting",
    "baseline_token_probability_lowest",
    "baseline_token_probability_mean",
)
# what a card calls the levels; code lines are lines without comments, docstrings, imports, signatures, brackets
MEASURED = {"token": "token", "line": "line", "code_line": "line", "problem": "scope"}


@dataclass(frozen=True)
class EvaluationSettings:
    """How a run is measured."""

    resamples: int = RESAMPLES
    seed: int = 0
    by_problem: bool = False  # draw whole problem groups again instead of programs
    baselines: bool = True
    probe: bool = True  # False: only the baselines, of predictions that no probe made


@dataclass(frozen=True)
class EvaluatedRun:
    """The figures of one run: level → contender → what `Report.to_json` gives, with `failing` for lines."""

    predictions: Predictions
    levels: Mapping[str, Mapping[str, Any]]
    reliability: Mapping[str, Mapping[str, Any]]  # level → contender → points

    def to_json(self) -> dict[str, Any]:
        """Everything, with what the run was."""
        programs = self.predictions.programs
        tested = programs.fold >= 0
        return {
            "name": self.predictions.name,
            "supervisor": self.predictions.supervisor,
            "protocol": self.predictions.protocol,
            "left_out": list(self.predictions.fold_names),
            "programs": int(tested.sum()),
            "failing": int((tested & ~programs.passes).sum()),
            "verified_patches": int((tested & programs.verified).sum()),
            "datasets": {
                str(name): int((tested & (programs.dataset == name)).sum())
                for name in np.unique(programs.dataset[tested])
            },
            "notes": dict(self.predictions.notes),
            "levels": {level: dict(found) for level, found in self.levels.items()},
            "reliability": {level: dict(found) for level, found in self.reliability.items()},
        }


def evaluate_run(
    predictions: Predictions,
    settings: EvaluationSettings = EvaluationSettings(),
    progress: Progress = lambda stage, done, total: None,
) -> EvaluatedRun:
    """Measure every level of `predictions` (docs/evaluation.md)."""
    run = Run(predictions)
    draws = run_draws(predictions, settings)
    levels: dict[str, dict[str, Any]] = {}
    points: dict[str, dict[str, Any]] = {}
    wanted = [(name, level) for name, level in MEASURED.items() if level in predictions.levels]
    for done, (name, level) in enumerate(wanted):
        progress(f"{predictions.protocol}, {name}", done, len(wanted))
        known = run.view(level)
        view = code_lines(known) if name == "code_line" else known
        if not len(view) or view.kept.all() or not view.kept.any():
            continue
        contenders = _contenders(run, level, view, known, settings)
        levels[name] = {
            contender: _described(run, view, known, confidence, draws, ranked=level == "line")
            for contender, confidence in contenders.items()
        }
        points[name] = {
            contender: reliability(outcomes(view, contenders[contender]), draws)
            for contender in ("unscaled", "scaled", "transferred")
            if contender in contenders
        }
    progress(predictions.protocol, len(wanted), len(wanted))
    return EvaluatedRun(predictions, levels, points)


def run_draws(predictions: Predictions, settings: EvaluationSettings) -> Draws:
    """The resampled programs of a run: the same for every level and contender, so that differences are paired."""
    programs = predictions.programs
    unit = programs.group if settings.by_problem else None
    return draw_programs(programs.dataset, unit, settings.resamples, settings.seed)


def code_lines(view: SpanView) -> SpanView:
    """Only the lines that compute something."""
    return view.only(view.kind == LineKind.CODE.value)


def outcomes(view: SpanView, confidence: Float64) -> Outcomes:
    """What the metrics need of a view."""
    return Outcomes(confidence, view.outcome, view.program, view.dataset)


def _contenders(
    run: Run, level: str, view: SpanView, known: SpanView, settings: EvaluationSettings
) -> dict[str, Float64]:
    """Confidences `(n,)` by name; baselines are scaled as the probe is."""
    found = _of_probe(run, view, known, settings) if settings.probe else {}
    return found | (_of_baselines(run, level, view, settings) if settings.baselines else {})


def _of_probe(run: Run, view: SpanView, known: SpanView, settings: EvaluationSettings) -> dict[str, Float64]:
    predictions = run.predictions
    found = {
        "unscaled": unscaled(view),
        "scaled": scaled(view, evaluation_sets(predictions.protocol, view), seed=settings.seed),
        "transferred": transferred(predictions, view, known),
        "transferred_base_rate": transferred(predictions, view, known, rates=Rates.SHIFTED),
    }
    if _apart(run):
        found["scaled_per_dataset"] = scaled(view, _datasets(view), seed=settings.seed)
    else:
        found["unseen"] = from_unseen(predictions, known, view)
        found["unseen_base_rate"] = from_unseen(predictions, known, view, Rates.SHIFTED)
        found["unseen_matched"] = from_unseen(predictions, known, view, Rates.MATCHED)
    return found


def _apart(run: Run) -> bool:
    """Whether scaling each dataset on its own is something else than the protocol's own scaling."""
    return run.predictions.protocol != "leave_one_dataset_out"  # there, a set is a dataset already


def _datasets(view: SpanView) -> Int64:
    return np.unique(view.dataset, return_inverse=True)[1]


def _of_baselines(run: Run, level: str, view: SpanView, settings: EvaluationSettings) -> dict[str, Float64]:
    logits = {"baseline_dataset_identity": dataset_identity(run, view)}
    if level != "token":  # of millions of tokens: hours of fitting for what the lines show already
        features = syntax_features(run, level)[view.row]
        logits["baseline_syntax_logistic"] = syntax_logistic(run, view, features, settings.seed)
        logits["baseline_syntax_boosting"] = syntax_boosting(run, view, features, settings.seed)
    tokens = run.predictions.levels.get("token")
    if tokens is not None and tokens.log_probability is not None:
        for pooling in ("lowest", "mean"):
            logits[f"baseline_token_probability_{pooling}"] = token_probability(run, level, view, pooling)
    sets, found = evaluation_sets(run.predictions.protocol, view), {}
    for name, logit in logits.items():
        found[name] = scaled(view, sets, logit, seed=settings.seed)
        if _apart(run) and name != "baseline_dataset_identity":
            found[f"{name}_per_dataset"] = scaled(view, _datasets(view), logit, seed=settings.seed)
    return found


def _described(
    run: Run, view: SpanView, known: SpanView, confidence: Float64, draws: Draws, ranked: bool
) -> dict[str, Any]:
    report: Report = measure(outcomes(view, confidence), draws)
    result = report.to_json()
    if ranked:
        result["failing"] = _within_failing(run, view, known, confidence, draws)
    return result


def _within_failing(
    run: Run, view: SpanView, known: SpanView, confidence: Float64, draws: Draws
) -> dict[str, Any]:
    """Lines ranked within failing programs; and within functions of `LONG` lines whose patch was verified."""
    programs = run.predictions.programs
    failing = ~programs.passes[view.program]
    verified = programs.verified[view.program]
    lines = np.bincount(known.scope)[view.scope]  # of all kinds, whichever are ranked
    groups = {
        "programs": (failing, view.program),
        "programs_verified": (failing & verified, view.program),
        "functions_10_lines_verified": (failing & verified & (lines >= LONG), view.scope),
    }
    return {
        name: summarise(
            rank_units(confidence[chosen], view.kept[chosen], unit[chosen], view.program[chosen]), draws
        )
        for name, (chosen, unit) in groups.items()
    }
