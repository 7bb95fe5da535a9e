"""Benchmarks, history, both, or one after the other: what a probe should learn from, measured on both domains."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.calibrators import sigmoid
from heatline.calibration.logistic import log_odds
from heatline_probes.evaluation.baselines import syntax_boosting, syntax_logistic
from heatline_probes.evaluation.effort import effort
from heatline_probes.evaluation.features import syntax_features
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.scaling import scaled
from heatline_probes.evaluation.views import Run
from heatline_probes.training.examples import Examples, folds_by_group
from heatline_probes.training.fit import (
    Bool,
    FitSettings,
    SpanModel,
    States,
    fit_model,
    model_logits,
)
from heatline_probes.training.train import programs_of, spans_of

Float64 = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

WAYS = ("benchmarks only", "history only", "both", "benchmarks, then history")
SECOND_STAGE = 0.3  # of the learning rate: what was learned from benchmarks is moved, not replaced
NO_TOKENS = (("token", 0.0), ("line", 1.0), ("scope", 1.0))


@dataclass(frozen=True)
class Domains:
    """Examples of both domains in one; `history` `(P,)` says which programs are of a repository's history."""

    hidden: NDArray[np.float16]  # the store's rows, which `examples.rows` counts
    states: States
    examples: Examples
    history: Bool
    fold: NDArray[np.int64]  # (P,) whole repositories, whole problem groups; -1: only ever learned from
    folds: int


def domain_folds(
    examples: Examples, history: Bool, background: Bool, folds: int, seed: int
) -> NDArray[np.int64]:
    """Folds of repositories and, apart from them, of problem groups; background code is in none."""
    fold = np.full(len(examples.programs), -1, np.int64)
    for part in (history, ~history & ~background):
        fold[part] = folds_by_group(examples.group[part], folds, seed)
    return fold


def hold_out_both(
    domains: Domains, way: str, settings: FitSettings, tested: int, progress: Progress = lambda s, d, t: None
) -> dict[str, Float64]:
    """Logits of the spans of every level in the first `tested` folds, each by a probe that saw nothing of its fold."""
    examples = domains.examples
    logits = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    for held in range(tested):
        progress(way, held, tested)
        test = domains.fold == held
        model = fit_way(domains, ~test, way, settings)
        for level, values in model_logits(model, domains.states, examples, test).items():
            known = np.isfinite(values)
            logits[level][known] = values[known]
    progress(way, tested, tested)
    return logits


def fit_way(domains: Domains, training: Bool, way: str, settings: FitSettings) -> SpanModel:
    """Fit on the training programs `(P,)` of the domains that `way`, one of `WAYS`, learns from."""
    states, examples, history = domains.states, domains.examples, domains.history
    if way == "history only":
        return fit_model(states, examples, training & history, replace(settings, level_weights=NO_TOKENS))[0]
    if way == "both":
        return fit_model(states, examples, training, settings)[0]
    model = fit_model(states, examples, training & ~history, settings)[0]
    if way == "benchmarks, then history":
        second = replace(
            settings, learning_rate=settings.learning_rate * SECOND_STAGE, level_weights=NO_TOKENS
        )
        model = fit_model(states, examples, training & history, second, start=model)[0]
    return model


def history_predictions(
    domains: Domains, logits: Mapping[str, Float64], supervisor: str, way: str
) -> Predictions:
    """Held-out lines of repositories; those without a known fate have no logit."""
    level = domains.examples.levels["line"]
    known = domains.history[level.program]
    if level.weight is not None:
        known = known & (level.weight > 0)
    lines = spans_of(domains.examples, "line", np.where(known, logits["line"], np.nan))
    fold = np.where(domains.history, domains.fold, -1)
    table = programs_of(domains.examples, np.zeros(len(fold), bool), fold)
    return Predictions(way, supervisor, "by_problem", table, {"line": lines})


def measure_history(
    predictions: Predictions,
    baselines: bool = True,
    resamples: int = 500,
    seed: int = 0,
    churn: NDArray[np.int64] | None = None,
) -> dict[str, Any]:
    """Effort-aware measures of the probe's lines and of the baselines, in the same form.

    `churn` `(P,)` says how often every program's file was changed before: one more baseline.

    Lines are ranked by what was never fitted to the lines that are measured; scaling over repositories, which has
    seen other folds' outcomes, moves whole folds against each other, and is for `bss_within` and `ece` alone.
    """
    run = Run(predictions)
    view = run.view("line")
    sets = np.zeros(len(view), np.int64)
    logits = {"probe": view.logit}
    if baselines:
        features = syntax_features(run, "line")[view.row]
        logits |= {
            "position + syntax + length, boosting": syntax_boosting(run, view, features, seed),
            "position + syntax + length, logistic": syntax_logistic(run, view, features, seed),
            "long lines first": -features[:, 1],
            "deeply nested first": -features[:, 7],
            "long scopes first": -features[:, 3],
            "late lines first": -features[:, 2],
            **({} if churn is None else {"often changed files first": -churn[view.program].astype(float)}),
            "random": log_odds(np.random.default_rng(seed).uniform(size=len(view))),
        }
    found: dict[str, Any] = {}
    for name, logit in logits.items():
        ranked = effort(sigmoid(logit), view.outcome, view.group, None, resamples, seed)
        fitted = effort(scaled(view, sets, logit, seed=seed), view.outcome, view.group, None, resamples, seed)
        chosen = {**ranked, "bss_within": fitted["bss_within"], "ece": fitted["ece"]}
        found[name] = {metric: estimate.to_json() for metric, estimate in chosen.items()}
    return found | {"lines": len(view), "repositories": len(np.unique(view.group))}
