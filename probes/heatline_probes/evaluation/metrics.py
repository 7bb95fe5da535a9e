"""Metrics per dataset with bootstrap intervals by program (docs/evaluation.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.metrics import area_under_roc

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

BINS = 10
RESAMPLES = 200


@dataclass(frozen=True)
class Outcomes:
    """Confidences of spans and what became of them."""

    confidence: Float64  # (n,)
    kept: Float64  # (n,) 1 or 0
    program: Int64  # (n,)
    dataset: NDArray[np.str_]  # (n,)


def describe(outcomes: Outcomes, seed: int = 0) -> dict[str, Any]:
    """BSS, ECE, AUC, Brier and base rate: per dataset, averaged over datasets, and pooled.

    The headline is `mean.bss_within_dataset`: each dataset's BSS against its own base rate, averaged over
    datasets; the pooled BSS also rewards telling datasets apart. Intervals (95 %) resample programs.
    """
    per_dataset = {
        name: _one(outcomes, outcomes.dataset == name, seed)
        for name in sorted(set(outcomes.dataset.tolist()))
    }
    pooled = _one(outcomes, np.ones(len(outcomes.kept), bool), seed)
    mean = {
        "bss_within_dataset": _mean(per_dataset, "bss"),
        "ece": _mean(per_dataset, "ece"),
        "auc": _mean(per_dataset, "auc"),
    }
    return {"per_dataset": per_dataset, "mean": mean, "pooled": pooled}


def _mean(per_dataset: Mapping[str, Mapping[str, Any]], metric: str) -> dict[str, float]:
    """Mean over datasets; they are independent, so the bootstrap's variances add."""
    values = [d[metric]["value"] for d in per_dataset.values() if np.isfinite(d[metric]["value"])]
    spreads = [
        (d[metric]["high"] - d[metric]["low"]) / 2
        for d in per_dataset.values()
        if np.isfinite(d[metric]["value"])
    ]
    half = float(np.sqrt(np.sum(np.square(spreads))) / max(len(values), 1))
    middle = float(np.mean(values)) if values else float("nan")
    return {"value": middle, "low": middle - half, "high": middle + half}


def _one(outcomes: Outcomes, chosen: NDArray[np.bool_], seed: int) -> dict[str, Any]:
    p, y = outcomes.confidence[chosen], outcomes.kept[chosen]
    _, program = np.unique(outcomes.program[chosen], return_inverse=True)
    count = int(program.max()) + 1
    sums = _program_sums(p, y, program, count)
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(
        np.float64
    )  # (R, P)
    weights_one = np.ones((1, count))
    metrics: dict[str, Callable[[Float64], Float64]] = {
        "bss": lambda w: _bss(sums, w),
        "ece": lambda w: _ece(sums, w),
        "brier": lambda w: (w @ sums["brier"]) / (w @ sums["n"]),
    }
    row: dict[str, Any] = {"spans": len(p), "programs": count, "base_rate": float(y.mean())}
    for name, metric in metrics.items():
        row[name] = _interval(float(metric(weights_one)[0]), metric(draws))
    row["auc"] = _interval(area_under_roc(p, y), _auc_resamples(p, y, program, draws[: RESAMPLES // 4]))
    return row


def _program_sums(p: Float64, y: Float64, program: Int64, count: int) -> dict[str, Float64]:
    """Everything a resampled metric needs, added up per program."""
    bins = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    flat = program * BINS + bins

    def total(values: Float64) -> Float64:
        return np.bincount(program, weights=values, minlength=count).astype(np.float64)

    gaps = np.bincount(flat, weights=y - p, minlength=count * BINS).astype(np.float64)
    return {
        "n": total(np.ones(len(p))),
        "kept": total(y),
        "brier": total((p - y) ** 2),
        "gaps": gaps.reshape(count, BINS),
    }


def _bss(sums: Mapping[str, Float64], w: Float64) -> Float64:
    n, kept = w @ sums["n"], w @ sums["kept"]
    reference = kept * (1 - kept / n)  # Σ (rate − y)²
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - (w @ sums["brier"]) / reference)


def _ece(sums: Mapping[str, Float64], w: Float64) -> Float64:
    return np.asarray(np.abs(w @ sums["gaps"]).sum(axis=1) / (w @ sums["n"]))


def _auc_resamples(p: Float64, y: Float64, program: Int64, draws: Float64) -> Float64:
    """Weighted AUC of every resample, ties counting half."""
    order = np.argsort(p, kind="stable")
    _, level = np.unique(p[order], return_inverse=True)
    kept, owner = y[order], program[order]
    values = []
    for weights in draws:
        w = weights[owner]
        positive = np.bincount(level, weights=w * kept)
        negative = np.bincount(level, weights=w * (1 - kept))
        below = np.cumsum(negative) - negative
        total = positive.sum() * negative.sum()
        values.append((positive @ (below + negative / 2)) / total if total else np.nan)
    return np.asarray(values)


def _interval(value: float, resampled: Float64) -> dict[str, float]:
    finite = resampled[np.isfinite(resampled)]
    low, high = np.percentile(finite, [2.5, 97.5]) if len(finite) else (np.nan, np.nan)
    return {"value": round(value, 5), "low": round(float(low), 5), "high": round(float(high), 5)}
