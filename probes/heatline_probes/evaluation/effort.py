"""What a ranking of lines is worth to somebody who can review a share of them, with intervals by repository."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import area_under_roc, brier_skill_score, expected_calibration_error
from heatline_probes.evaluation.estimates import Estimate
from heatline_probes.evaluation.metrics import recall_reviewed

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

REVIEWED = (0.05, 0.10, 0.20)  # shares of all lines, the riskiest first
FEWEST = 5  # fixed lines: a repository with fewer has no skill score and no AUC of its own


def effort(
    confidence: Float64,
    kept: Float64,
    repository: Int64,
    threshold: float | None = None,
    resamples: int = 500,
    seed: int = 0,
) -> Mapping[str, Estimate]:
    """Measures of lines `(n,)`, the riskiest first; whole repositories are drawn again for the intervals.

    `auc` and `recall_…` over all lines together, `lift_10`, the recall at a tenth of the lines over that of chance;
    `auc_within` and `bss_within`, means over repositories, the skill against each one's own base rate; `ece`. With
    `threshold`, a risk: `flagged`, `false_alarms` per 100 lines and `recall_flagged` of what reaches it.
    """
    members = [np.flatnonzero(repository == r) for r in np.unique(repository)]
    own = [_own(confidence[m], kept[m]) for m in members]
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, len(members), size=(resamples, len(members)))
    values = _values(confidence, kept, members, own, np.arange(len(members)), threshold)
    resampled = [_values(confidence, kept, members, own, chosen, threshold) for chosen in drawn]
    return {name: Estimate(v, np.asarray([r[name] for r in resampled])) for name, v in values.items()}


@dataclass(frozen=True)
class _Own:
    """One repository's own figures; NaN where it has too few fixed lines."""

    auc: float
    bss: float


def _own(confidence: Float64, kept: Float64) -> _Own:
    fixed = int((1 - kept).sum())
    if fixed < FEWEST or fixed == len(kept):
        return _Own(float("nan"), float("nan"))
    return _Own(area_under_roc(confidence, kept), brier_skill_score(confidence, kept))


def _values(
    confidence: Float64,
    kept: Float64,
    members: list[Int64],
    own: list[_Own],
    chosen: Int64,
    threshold: float | None,
) -> dict[str, float]:
    rows = np.concatenate([members[i] for i in chosen])
    p, y = confidence[rows], kept[rows]
    found = {
        "base_rate": float(1 - y.mean()),
        "auc": area_under_roc(p, y),
        "auc_within": _mean([own[i].auc for i in chosen]),
        "bss_within": _mean([own[i].bss for i in chosen]),
        "ece": expected_calibration_error(p, y, 10),
        **{f"recall_{round(share * 100)}": recall_reviewed(p, y, share) for share in REVIEWED},
    }
    found["lift_10"] = found["recall_10"] / 0.10
    if threshold is not None:
        flagged = 1 - p >= threshold
        found["flagged"] = float(flagged.mean())
        found["false_alarms"] = 100 * float((flagged & (y == 1)).mean())
        edited = y == 0
        found["recall_flagged"] = float(flagged[edited].mean()) if edited.any() else float("nan")
    return found


def _mean(values: list[float]) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else float("nan")
