"""Numbers with intervals: what a metric is on the programs there are, and on programs drawn again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Str = NDArray[np.str_]

RESAMPLES = 1000
LEVEL = 95.0  # per cent: what an interval holds


@dataclass(frozen=True)
class Estimate:
    """A value and the values `(R,)` it takes when programs are drawn again; NaN where it is undefined."""

    value: float
    resampled: Float64

    @property
    def interval(self) -> tuple[float, float]:
        """The middle `LEVEL` per cent of the finite resamples; NaN where there are none."""
        finite = self.resampled[np.isfinite(self.resampled)]
        if not len(finite) or not np.isfinite(self.value):
            return float("nan"), float("nan")
        low, high = np.percentile(finite, [50 - LEVEL / 2, 50 + LEVEL / 2])
        return float(low), float(high)

    def minus(self, other: "Estimate") -> "Estimate":
        """The difference; paired when both were drawn with the same `Draws`."""
        return Estimate(self.value - other.value, self.resampled - other.resampled)

    def centred(self) -> "Estimate":
        """With the resamples moved so that their mean is the value, and not below 0.

        For calibration errors: drawing again adds scatter, and scatter adds error, to every resample alike.
        """
        finite = self.resampled[np.isfinite(self.resampled)]
        if not len(finite):
            return self
        return replace(self, resampled=np.maximum(self.resampled - finite.mean() + self.value, 0.0))

    def to_json(self) -> dict[str, float | None]:
        """`value`, `low` and `high`, null where undefined."""
        low, high = self.interval
        numbers = {"value": self.value, "low": low, "high": high}
        return {k: round(float(v), 5) if np.isfinite(v) else None for k, v in numbers.items()}


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """The mean of those that are defined, resample by resample."""
    known = [e for e in estimates if np.isfinite(e.value)]
    if not known:
        size = len(estimates[0].resampled) if estimates else 0
        return Estimate(float("nan"), np.full(size, np.nan))
    stacked = np.stack([e.resampled for e in known])  # (datasets, R)
    defined = np.isfinite(stacked)
    with np.errstate(invalid="ignore"):
        resampled = np.where(defined, stacked, 0.0).sum(axis=0) / defined.sum(axis=0)
    return Estimate(float(np.mean([e.value for e in known])), np.asarray(resampled))


@dataclass(frozen=True)
class Draws:
    """How often each program is drawn in each resample, dataset by dataset."""

    members: Mapping[str, Int64]  # the programs (P_d,) of each dataset
    weights: Mapping[str, Float32]  # (R, P_d)

    @property
    def resamples(self) -> int:
        """R."""
        return len(next(iter(self.weights.values())))


def draw_programs(dataset: Str, unit: Str | None = None, resamples: int = RESAMPLES, seed: int = 0) -> Draws:
    """Draw programs with replacement, within each dataset; `dataset` `(P,)` names that of each program.

    With `unit` `(P,)`, a program's problem group say, whole units are drawn.
    """
    generator = np.random.default_rng(seed)
    members, weights = {}, {}
    for name in np.unique(dataset).tolist():
        chosen = np.flatnonzero(dataset == name)
        if unit is None:
            number = np.arange(len(chosen))
        else:
            _, number = np.unique(unit[chosen], return_inverse=True)
        count = int(number.max()) + 1
        drawn = generator.multinomial(count, np.full(count, 1 / count), size=resamples)
        members[name] = chosen
        weights[name] = drawn.astype(np.float32)[:, number]
    return Draws(members, weights)
