"""How good confidences are on lines of a repository: with intervals by commit, and by the effort of review."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import (
    area_under_roc,
    brier_score,
    brier_skill_score,
    expected_calibration_error,
)
from heatline.calibration.metrics import equal_mass_bins

Float64 = NDArray[np.float64]
RESAMPLES = 300
EFFORTS = (0.05, 0.10, 0.20)


@dataclass(frozen=True)
class Measured:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> list[float | None]:
        return [
            None if np.isnan(number) else round(float(number), 5)
            for number in (self.value, self.low, self.high)
        ]

    @classmethod
    def from_json(cls, raw: Sequence[float | None]) -> Measured:
        """What ``to_json`` gave."""
        value, low, high = (float("nan") if number is None else float(number) for number in raw)
        return cls(value, low, high)


@dataclass(frozen=True)
class Quality:
    """The figures of some confidences; ``recall`` is the share of edited lines among the riskiest of all lines."""

    lines: int
    edited: int
    ece: Measured
    brier: Measured
    bss: Measured
    auc: Measured
    recall: dict[float, Measured]

    def to_json(self) -> dict[str, Any]:
        return {
            "lines": self.lines,
            "edited": self.edited,
            "ece": self.ece.to_json(),
            "brier": self.brier.to_json(),
            "bss": self.bss.to_json(),
            "auc": self.auc.to_json(),
            "recall": {f"{effort:g}": found.to_json() for effort, found in self.recall.items()},
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Quality:
        """What ``to_json`` gave."""
        ece, brier, bss, auc = (Measured.from_json(raw[name]) for name in ("ece", "brier", "bss", "auc"))
        recall = {float(effort): Measured.from_json(found) for effort, found in raw["recall"].items()}
        return cls(int(raw["lines"]), int(raw["edited"]), ece, brier, bss, auc, recall)


@dataclass(frozen=True)
class Bin:
    """Lines of about the same risk: the mean of it, the share that was edited, and how many they are."""

    risk: float
    edited: float
    lines: int


def quality(
    confidences: Float64, kept: NDArray[np.bool_], commit: NDArray[np.int64], seed: int = 0
) -> Quality:
    """Figures with intervals by commit: lines of one commit share their fate, so commits are drawn, not lines."""
    metrics: dict[str, Callable[[Float64, NDArray[np.bool_]], float]] = {
        "ece": expected_calibration_error,
        "brier": brier_score,
        "bss": brier_skill_score,
        "auc": area_under_roc,
    }
    rng = np.random.default_rng(seed)
    _, group = np.unique(commit, return_inverse=True)
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    draws = [
        np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        for _ in range(RESAMPLES)
    ]

    def measured(metric: Callable[[Float64, NDArray[np.bool_]], float]) -> Measured:
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn = np.asarray([metric(confidences[draw], kept[draw]) for draw in draws])
        drawn = drawn[~np.isnan(drawn)]
        low, high = np.quantile(drawn, (0.025, 0.975)) if len(drawn) else (np.nan, np.nan)
        return Measured(metric(confidences, kept), float(low), float(high))

    return Quality(
        len(kept),
        int((~kept).sum()),
        **{name: measured(metric) for name, metric in metrics.items()},
        recall={effort: measured(lambda p, y, e=effort: recall_at(p, y, e)) for effort in EFFORTS},  # type: ignore[misc]
    )


def recall_at(confidences: Float64, kept: NDArray[np.bool_], effort: float) -> float:
    """The share of edited lines that are found by reviewing a share ``effort`` of lines, the riskiest first.

    Ties share what is left of the effort, so that a constant finds what chance finds.  NaN without an edited line.
    """
    edited = ~kept
    total = int(edited.sum())
    if total == 0:
        return float("nan")
    budget = effort * len(kept)
    values, group = np.unique(confidences, return_inverse=True)  # rising: the riskiest first
    sizes = np.bincount(group, minlength=len(values))
    found = np.bincount(group, weights=edited, minlength=len(values))
    before = np.cumsum(sizes) - sizes
    shares = np.clip((budget - before) / sizes, 0.0, 1.0)
    return float((found * shares).sum() / total)


def effort_curve(
    confidences: Float64, kept: NDArray[np.bool_], points: int = 50
) -> list[tuple[float, float]]:
    """(share of lines reviewed, share of edited lines found), from nothing to everything."""
    return [(e, recall_at(confidences, kept, e)) for e in np.linspace(0, 1, points + 1).tolist()]


def reliability(confidences: Float64, kept: NDArray[np.bool_], bins: int = 10) -> list[Bin]:
    """Bins of about equally many lines, from the least risk to the most."""
    index = equal_mass_bins(confidences, bins)
    found = []
    for number in np.unique(index).tolist()[::-1]:
        chosen = index == number
        found.append(
            Bin(float(1 - confidences[chosen].mean()), float((~kept[chosen]).mean()), int(chosen.sum()))
        )
    return found
