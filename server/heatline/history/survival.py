"""How long lines stay as they were written (Kaplan & Meier 1958), and how many were fixed by when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatline.history.written_lines import Fate, WrittenLines

Float64 = NDArray[np.float64]
DAYS = (1, 7, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True)
class SurvivalPoint:
    """At ``day``: the share of lines still as written, the share fixed until then, and how many were observed."""

    day: int
    unchanged: float
    fixed: float
    observed: int  # lines that were neither changed nor too young the day before


def survival_curve(lines: WrittenLines, days: tuple[int, ...] = DAYS) -> list[SurvivalPoint]:
    """The curve at some days, without those that no line is old enough for.

    Young lines count for as long as they are known (censoring).  ``fixed`` is the cumulative incidence
    (Aalen & Johansen 1978): a line that was changed for another reason can't be fixed any more.
    """
    if not len(lines):
        return []
    order = np.argsort(lines.age, kind="stable")
    ages, dead = lines.age[order], ~lines.alive[order]
    fixed = dead & (lines.death[order] == int(Fate.FIXED))
    times, first = np.unique(ages, return_index=True)
    at_risk = len(ages) - first  # (k,)
    deaths = np.add.reduceat(dead.astype(np.float64), first)
    fixes = np.add.reduceat(fixed.astype(np.float64), first)
    unchanged = np.cumprod(1 - deaths / at_risk)
    before = np.concatenate([[1.0], unchanged[:-1]])
    incidence = np.cumsum(before * fixes / at_risk)
    points = []
    for day in days:
        if day > times[-1]:
            break
        index = int(np.searchsorted(times, day, "right")) - 1
        left = int((ages >= day).sum())
        points.append(
            SurvivalPoint(
                day,
                float(unchanged[index]) if index >= 0 else 1.0,
                float(incidence[index]) if index >= 0 else 0.0,
                left,
            )
        )
    return points
