"""Estimators and calibrators side by side, on the same programs and the same resamples."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import (
    adaptive_calibration_error,
    collapse_warning,
    kendall_tau_b,
    maximum_calibration_error,
    median_skewness,
    negative_log_likelihood,
    wasserstein_distance,
)
from heatline.calibration.fitting import CALIBRATORS, fit_calibrator
from heatline.calibration.local_platt_fitting import LocalSettings, fit_local_platt
from heatline.calibration.logistic import log_odds
from heatline_probes.errors import EvaluationError
from heatline_probes.estimators.judged import Judged
from heatline_probes.estimators.subject import Estimate
from heatline_probes.evaluation.estimates import draw_programs
from heatline_probes.evaluation.metrics import Outcomes, measure, reliability
from heatline_probes.training.examples import folds_by_group

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
Float32 = NDArray[np.float32]

LEVELS = ("token", "line", "problem")
LOCAL = "local-platt"
FOLDS = 5
EDGE = 1e-4  # confidences are moved in by as much before they become logits: a said 1.0 is no infinite logit


@dataclass(frozen=True)
class ComparedSpans:
    """All spans of one level over all programs, `(n,)` each."""

    kept: Bool
    program: Int64
    dataset: NDArray[np.str_]
    group: NDArray[np.str_]
    states: Float32 | None = None  # (n, D) pooled supervisor states, for local Platt scaling


def spans_of(judged: Sequence[Judged], level: str, states: Sequence[Float32] | None = None) -> ComparedSpans:
    """The spans of a level; `states` gives a program's token states `(T, D)`, which are averaged over spans."""
    counts = [len(one.level(level)) for one in judged]
    return ComparedSpans(
        np.concatenate([one.level(level) for one in judged]),
        np.repeat(np.arange(len(judged)), counts),
        np.repeat(np.asarray([one.dataset for one in judged]), counts),
        np.repeat(np.asarray([one.group for one in judged]), counts),
        None if states is None else np.concatenate([_pooled(o, s, level) for o, s in zip(judged, states, strict=True)]),
    )  # fmt: skip


def _pooled(one: Judged, states: Float32, level: str) -> Float32:
    if level == "token":
        return states
    rows = one.subject.line_rows if level == "line" else np.zeros(len(states), np.int64)
    sums = np.zeros((int(rows.max()) + 1, states.shape[1]), np.float32)
    np.add.at(sums, rows, states)
    return np.asarray(sums / np.bincount(rows)[:, None], np.float32)


@dataclass(frozen=True)
class Filled:
    """An estimator's confidences `(n,)`, with the base rate where it said nothing."""

    confidence: Float64
    silent: int  # spans it said nothing of
    counts: Mapping[str, int]


def fill(judged: Sequence[Judged], estimates: Sequence[Estimate], level: str) -> Filled | None:
    """Confidences of a level; None where the estimator says nothing of this level of any program.

    A span without a confidence gets the share kept of all spans, one number that tells no span from another.  The share
    kept of the *other* programs would: it is lower where a program's own is higher, and a calibrator that may bend it
    around finds every outcome in it.
    """
    values = np.concatenate([estimate.level(level) for estimate in estimates])
    counts: Counter[str] = Counter()
    for estimate in estimates:
        counts.update(estimate.counts)
    silent = ~np.isfinite(values)
    if silent.all():
        return None
    kept = np.concatenate([one.level(level) for one in judged])
    rate = (kept.sum() + 1) / (len(kept) + 2)
    return Filled(np.where(silent, rate, values), int(silent.sum()), counts)


def calibrated(name: str, confidence: Float64, spans: ComparedSpans, seed: int = 0) -> Float64:
    """Confidences `(n,)` after a calibrator, fitted on four fifths of the problems and applied to the fifth.

    `identity` leaves them. A fold in which nothing can be fitted keeps the base rate of the others.
    """
    if name == "identity":
        return confidence
    if name != LOCAL and name not in CALIBRATORS:
        known = ", ".join([*CALIBRATORS, LOCAL])
        raise EvaluationError(f"The calibrator {name!r} is unknown. Use one of {known}.")
    if name == LOCAL and spans.states is None:
        raise EvaluationError("Local Platt scaling needs pooled states. Give a supervisor.")
    logits = log_odds(np.clip(confidence, EDGE, 1 - EDGE))
    _, first, index = np.unique(spans.program, return_index=True, return_inverse=True)
    fold = folds_by_group(spans.group[first], FOLDS, seed)[index]
    result = np.empty(len(logits))
    for held in np.unique(fold):
        known, rows = fold != held, fold == held
        try:
            if name == LOCAL:
                assert spans.states is not None
                local = fit_local_platt(
                    logits[known], spans.kept[known], spans.states[known], LocalSettings(seed=seed)
                )
                result[rows] = local.predict(logits[rows], spans.states[rows])
            else:
                result[rows] = fit_calibrator(name, logits[known], spans.kept[known]).predict(logits[rows])
        except ValueError:
            kept = spans.kept[known]
            result[rows] = (kept.sum() + 1) / (len(kept) + 2)
    return result


def cluster_map(confidence: Float64, spans: ComparedSpans, seed: int = 0) -> dict[str, Any] | None:
    """The first two coordinates of local Platt scaling's anchors and their clusters; None without a fit."""
    assert spans.states is not None
    logits = log_odds(np.clip(confidence, EDGE, 1 - EDGE))
    try:
        local = fit_local_platt(logits, spans.kept, spans.states, LocalSettings(seed=seed))
    except ValueError:
        return None
    return {"places": np.round(local.anchors[:, :2], 3).tolist(), "clusters": local.clusters.tolist()}


def described(confidence: Float64, spans: ComparedSpans, resamples: int, seed: int = 0) -> dict[str, Any]:
    """Every metric of one column of confidences, with intervals over programs where they are resampled."""
    _, first = np.unique(spans.program, return_index=True)
    draws = draw_programs(spans.dataset[first], resamples=resamples, seed=seed)
    outcomes = Outcomes(confidence, spans.kept.astype(np.float64), spans.program, spans.dataset)
    pooled = measure(outcomes, draws).pooled.to_json()
    kept = spans.kept
    more = {
        "mce": maximum_calibration_error(confidence, kept),
        "ace": adaptive_calibration_error(confidence, kept),
        "nll": negative_log_likelihood(confidence, kept),
        "wasserstein": wasserstein_distance(confidence, kept),
        "kendall": kendall_tau_b(confidence, kept),
        "median_skewness": median_skewness(confidence),
    }
    return {
        **pooled,
        **{name: round(float(v), 5) if np.isfinite(v) else None for name, v in more.items()},
        "collapse": collapse_warning(confidence),
        "reliability": reliability(outcomes, draws),
        "risk_coverage": risk_coverage(confidence, kept),
        "histogram": [np.histogram(confidence[kept == k], np.linspace(0, 1, 21))[0].tolist() for k in (1, 0)],
    }


def risk_coverage(confidence: Float64, kept: Bool, points: int = 50) -> dict[str, list[float]]:
    """The share edited among the spans one is surest of, for rising shares of all spans; and the area below.

    Ties are taken in expectation.
    """
    order = np.argsort(-confidence, kind="stable")
    _, group = np.unique(-confidence[order], return_inverse=True)
    edited = (~kept[order]).astype(np.float64)
    share = np.bincount(group, weights=edited) / np.bincount(group)
    seen = np.cumsum(share[group]) / np.arange(1, len(order) + 1)
    at = np.unique(np.linspace(1, len(order), min(points, len(order))).round().astype(np.int64)) - 1
    return {
        "coverage": np.round((at + 1) / len(order), 5).tolist(),
        "risk": np.round(seen[at], 5).tolist(),
        "area": [round(float(seen.mean()), 5)],
    }


def compare(
    judged: Sequence[Judged],
    estimates: Mapping[str, Sequence[Estimate]],
    calibrators: Sequence[str],
    states: Sequence[Float32] | None = None,
    levels: Sequence[str] = ("line", "problem", "token"),
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Level → estimator → what it is (`silent` spans, `counts`) and its `calibrators`, each `described`."""
    result: dict[str, Any] = {}
    for level in levels:
        spans = spans_of(judged, level, states)
        if spans.kept.all() or not spans.kept.any():
            continue
        rows: dict[str, Any] = {}
        for name, found in estimates.items():
            filled = fill(judged, found, level)
            if filled is None:
                continue
            rows[name] = {
                "silent": filled.silent,
                "counts": dict(filled.counts),
                "calibrators": {
                    calibrator: described(
                        calibrated(calibrator, filled.confidence, spans, seed), spans, resamples, seed
                    )
                    for calibrator in calibrators
                },
            }
        if not rows:  # nobody says anything of this level
            continue
        if LOCAL in calibrators and spans.states is not None:
            first = fill(judged, estimates[next(iter(rows))], level)
            assert first is not None
            clusters = cluster_map(first.confidence, spans, seed)
        else:
            clusters = None
        result[level] = {
            "clusters": clusters,
            "spans": len(spans.kept),
            "kept": float(spans.kept.mean()),
            "estimators": rows,
        }
    return result
