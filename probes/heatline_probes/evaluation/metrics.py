"""How good confidences are, per dataset, averaged over datasets and pooled (docs/evaluation.md).

Every metric is a function of sums over programs, so that a thousand resamples are one product of matrices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import (
    area_under_roc,
    bin_coverage,
    brier_score,
    brier_skill_score,
    debiased_calibration_error,
    expected_calibration_error,
    smooth_calibration_error,
)
from heatline.calibration.metrics import debiased_gaps
from heatline.calibration.smooth import GRID, grid_cells, smooth_errors
from heatline_probes.evaluation.estimates import RESAMPLES, Draws, Estimate, draw_programs, mean_estimate

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

BINS = 10
FINE = 256  # groups of confidences that resampled ranks are taken from
MASS_BINS = 15
REVIEWED = (0.1, 0.2)  # shares of all spans, the riskiest first
SMALLEST_DATASET = (
    20  # programs: what is smaller is listed, but is not one voice among the datasets of a mean
)
ERRORS = ("ece", "ece_debiased", "smooth_ece")


@dataclass(frozen=True)
class Outcomes:
    """Confidences of spans and what became of them."""

    confidence: Float64  # (n,)
    kept: Float64  # (n,) 1 or 0
    program: Int64  # (n,)
    dataset: NDArray[np.str_]  # (n,)


@dataclass(frozen=True)
class Measured:
    """The metrics of some spans."""

    spans: int
    programs: int
    base_rate: float
    metrics: Mapping[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """Counts, and every metric with its interval."""
        return {
            "spans": self.spans,
            "programs": self.programs,
            "base_rate": round(self.base_rate, 5),
            **{name: estimate.to_json() for name, estimate in self.metrics.items()},
        }


@dataclass(frozen=True)
class Report:
    """The metrics of one contender at one level."""

    per_dataset: Mapping[str, Measured]
    mean: Mapping[str, Estimate]  # over datasets
    pooled: Measured

    def to_json(self) -> dict[str, Any]:
        """The headline figures, then `per_dataset`, their `mean`, and `pooled`."""
        mean = {name: estimate.to_json() for name, estimate in self.mean.items()}
        pooled = self.pooled.to_json()
        return {
            "bss_within_dataset": mean["bss_within_dataset"],
            "bss_pooled": pooled["bss"],
            "ece": pooled["ece"],
            "auc": pooled["auc"],
            "per_dataset": {name: measured.to_json() for name, measured in self.per_dataset.items()},
            "mean": mean,
            "pooled": pooled,
        }


def describe(outcomes: Outcomes, seed: int = 0, resamples: int = RESAMPLES) -> dict[str, Any]:
    """`measure` with draws of its own, as JSON."""
    names, program = np.unique(outcomes.program, return_inverse=True)
    first = np.unique(program, return_index=True)[1]
    draws = draw_programs(outcomes.dataset[first], resamples=resamples, seed=seed)
    numbered = Outcomes(outcomes.confidence, outcomes.kept, program.astype(np.int64), outcomes.dataset)
    assert len(names) == len(first)
    return measure(numbered, draws).to_json()


def measure(outcomes: Outcomes, draws: Draws) -> Report:
    """BSS, Brier, calibration errors, AUC, bin coverage and recall under review.

    The headline is `mean["bss_within_dataset"]`: each dataset's BSS against its own base rate, averaged over
    datasets of at least `SMALLEST_DATASET` programs (over all, where none is so large); the pooled BSS also
    rewards telling datasets apart. `outcomes.program` counts as in `draws`.
    """
    edges = np.unique(np.quantile(outcomes.confidence, np.linspace(0, 1, FINE + 1)[1:-1]))
    per_dataset, totals = {}, []
    for name, members in draws.members.items():
        local = np.full(int(outcomes.program.max()) + 1, -1, np.int64)
        inside = members[members < len(local)]
        local[inside] = np.arange(len(inside))
        chosen = local[outcomes.program] >= 0
        if not chosen.any():
            continue
        p, y = outcomes.confidence[chosen], outcomes.kept[chosen]
        sums = _sums(p, y, local[outcomes.program[chosen]], len(members), edges)
        drawn = draws.weights[name] @ sums  # (R, F)
        whole = sums.sum(axis=0, dtype=np.float64).astype(np.float32)  # (F,)
        totals.append((drawn, whole))
        per_dataset[name] = _measured(p, y, outcomes.program[chosen], drawn, whole)
    pooled = _measured(
        outcomes.confidence,
        outcomes.kept,
        outcomes.program,
        np.sum([drawn for drawn, _ in totals], axis=0),
        np.sum([whole for _, whole in totals], axis=0),
    )
    names = list(pooled.metrics)
    large = [m for m in per_dataset.values() if m.programs >= SMALLEST_DATASET] or list(per_dataset.values())
    mean = {name: mean_estimate([m.metrics[name] for m in large]) for name in names}
    mean["bss_within_dataset"] = mean.pop("bss")
    return Report(per_dataset, mean, pooled)


def _measured(p: Float64, y: Float64, program: Int64, drawn: Float32, whole: Float32) -> Measured:
    """Exact values; intervals from the sums, moved by what rounding to groups changes."""
    exact = {
        "bss": brier_skill_score(p, y),
        "brier": brier_score(p, y),
        "ece": expected_calibration_error(p, y, BINS),
        "ece_debiased": debiased_calibration_error(p, y, MASS_BINS),
        "smooth_ece": smooth_calibration_error(p, y),
        "auc": area_under_roc(p, y),
        "bin_coverage": bin_coverage(p, y, BINS),
        **{f"recall_{share:.0%}".rstrip("%"): recall_reviewed(p, y, share) for share in REVIEWED},
    }
    groups = _mass_groups(whole)
    resampled, rounded = _from_sums(drawn, groups), _from_sums(whole[None], groups)
    metrics = {}
    for name, value in exact.items():
        estimate = Estimate(value, resampled[name] - rounded[name] + value)
        metrics[name] = estimate.centred() if name in ERRORS else estimate
    return Measured(len(p), len(np.unique(program)), float(y.mean()), metrics)


def recall_reviewed(confidence: Float64, kept: Float64, share: float) -> float:
    """Which share of the edited spans is among the `share` of all spans that are riskiest.

    Ties are taken in a random order, in expectation; NaN when nothing is edited.
    """
    levels, index = np.unique(confidence, return_inverse=True)
    n = np.bincount(index, minlength=len(levels)).astype(np.float64)
    edited = np.bincount(index, weights=1 - kept, minlength=len(levels)).astype(np.float64)
    return float(_recall(n[None], edited[None], share)[0])


def _recall(n: Float64, edited: Float64, share: float) -> Float64:
    """`recall_reviewed` `(R,)` from counts per level of confidence `(R, L)`, lowest first."""
    seen, found = np.cumsum(n, axis=1), np.cumsum(edited, axis=1)
    target = share * seen[:, -1:]
    at = np.argmax(seen >= target - 1e-9, axis=1)
    row = np.arange(len(n))
    before = seen[row, at] - n[row, at]
    part = np.divide(target[:, 0] - before, n[row, at], out=np.zeros(len(n)), where=n[row, at] > 0)
    caught = found[row, at] - edited[row, at] * (1 - part)
    total = found[:, -1]
    return np.asarray(np.divide(caught, total, out=np.full(len(n), np.nan), where=total > 0))


def _sums(p: Float64, y: Float64, program: Int64, count: int, edges: Float64) -> Float32:
    """All that resampled metrics need, added up per program: `(count, F)`.

    Columns: spans, kept and Σ(y − p) of every fine group; spans and Σ(y − p) of every tenth; Σ(y − p) of every
    cell of the smooth error; Σ(y − p)².
    """
    fine = np.searchsorted(edges, p, side="right")
    tenth = np.minimum((p * BINS).astype(np.int64), BINS - 1)

    def spread(cell: Int64, cells: int, weights: Float64 | None) -> Float32:
        flat = np.bincount(program * cells + cell, weights=weights, minlength=count * cells)
        return flat.reshape(count, cells).astype(np.float32)

    return np.concatenate(
        [
            spread(fine, FINE, None),
            spread(fine, FINE, y),
            spread(fine, FINE, y - p),
            spread(tenth, BINS, None),
            spread(tenth, BINS, y - p),
            spread(grid_cells(p), GRID, y - p),
            spread(np.zeros_like(program), 1, (y - p) ** 2),
        ],
        axis=1,
    )


def _parts(sums: Float32) -> list[Float32]:
    """The column blocks of `_sums`."""
    widths = [FINE, FINE, FINE, BINS, BINS, GRID, 1]
    return np.split(sums, np.cumsum(widths)[:-1], axis=1)


def _mass_groups(whole: Float32) -> Int64:
    """Which of about `MASS_BINS` equally full bins each fine group `(FINE,)` goes to."""
    n = whole[:FINE]
    middle = np.cumsum(n) - n / 2
    share = middle / max(float(n.sum()), 1e-12)
    return np.minimum(np.asarray(share * MASS_BINS, np.int64), MASS_BINS - 1)


def _from_sums(sums: Float32, groups: Int64) -> dict[str, Float64]:
    """Every metric `(R,)` from resampled sums `(R, F)`."""
    n, kept, gap, tenth_n, tenth_gap, cells, squares = (part.astype(np.float64) for part in _parts(sums))
    total, positive = n.sum(axis=1), kept.sum(axis=1)
    bins = np.eye(MASS_BINS)[groups]  # (FINE, MASS_BINS)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = positive * (1 - positive / total)  # Σ (rate − y)²
        edited = n - kept
        below = np.cumsum(edited, axis=1) - edited
        pairs = positive * edited.sum(axis=1)
        return {
            "bss": np.where(variance > 0, 1 - squares[:, 0] / variance, np.nan),
            "brier": squares[:, 0] / total,
            "ece": np.abs(tenth_gap).sum(axis=1) / total,
            "ece_debiased": debiased_gaps(n @ bins, kept @ bins, gap @ bins),
            "smooth_ece": smooth_errors(cells / total[:, None], waves=48, steps=9),
            "auc": np.where(pairs > 0, (kept * (below + edited / 2)).sum(axis=1) / pairs, np.nan),
            "bin_coverage": (tenth_n >= 0.01 * total[:, None]).mean(axis=1),
            **{f"recall_{share:.0%}".rstrip("%"): _recall(n, edited, share) for share in REVIEWED},
        }


def reliability(outcomes: Outcomes, draws: Draws, bins: int = BINS) -> dict[str, list[float]]:
    """Points of a reliability diagram: per equal-width bin that is used, mean confidence and share kept.

    With the share's interval over resampled programs, and the bin's spans.
    """
    p, y = outcomes.confidence, outcomes.kept
    index = np.minimum((p * bins).astype(np.int64), bins - 1)
    drawn = np.zeros((2, draws.resamples, bins))
    for name, members in draws.members.items():
        count = int(outcomes.program.max()) + 1
        for row, weights in enumerate((np.ones_like(y), y)):
            flat = np.bincount(outcomes.program * bins + index, weights=weights, minlength=count * bins)
            table = flat.reshape(-1, bins)
            inside = members < len(table)
            drawn[row] += draws.weights[name][:, inside] @ table[members[inside]]
    counts = np.bincount(index, minlength=bins)
    used = np.flatnonzero(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = drawn[1] / drawn[0]  # (R, bins)
    low, high = np.nanpercentile(shares[:, used], [2.5, 97.5], axis=0)
    sums = (np.bincount(index, weights=v, minlength=bins)[used] / counts[used] for v in (p, y))
    confidence, kept = (np.round(v, 5).tolist() for v in sums)
    return {
        "confidence": confidence,
        "kept": kept,
        "low": np.round(low, 5).tolist(),
        "high": np.round(high, 5).tolist(),
        "spans": counts[used].tolist(),
    }
