"""Where in a failing program the edits are: ranking lines within it, against the exact chance of doing so blindly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline_probes.evaluation.estimates import Draws, Estimate

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

TOP = (1, 3)
REVIEWED = (0.1, 0.2)  # shares of a unit's lines


@dataclass(frozen=True)
class RankedUnits:
    """What each unit (a program or a function) with an edited line gives, `(U,)` each."""

    program: Int64
    lines: Float64
    edited: Float64
    values: Mapping[str, Float64]  # NaN where undefined


def rank_units(confidence: Float64, kept: Bool, unit: Int64, program: Int64) -> RankedUnits:
    """Rank the lines of each unit by risk, ties in random order, in expectation.

    All arguments `(n,)`; `unit` names the unit of a line, `program` the program of the unit. Units without an
    edited line are left out. Values: `auc` (undefined where all lines are edited), `top_K` (whether an edited
    line is among the K riskiest), `recall_S` (the share of edited lines among the riskiest S % of lines,
    rounded up), and what each is by chance.
    """
    number, index = np.unique(unit, return_inverse=True)
    edited = ~kept
    count = np.bincount(index, minlength=len(number)).astype(np.float64)
    faults = np.bincount(index, weights=edited, minlength=len(number)).astype(np.float64)
    order = np.lexsort((confidence, index))
    change = np.ones(len(order), bool)  # where a group of equally risky lines of one unit begins
    change[1:] = (np.diff(index[order]) != 0) | (np.diff(confidence[order]) != 0)
    first = np.flatnonzero(change)
    owner = index[order][first]
    size = np.diff(first, append=len(order)).astype(np.float64)
    wrong = np.add.reduceat(edited[order].astype(np.float64), first) if len(first) else np.empty(0)
    unit_first = np.searchsorted(index[order], np.arange(len(number)))
    rank = first - unit_first[owner]  # lines of the unit that are strictly riskier
    seen = np.cumsum(wrong) - wrong
    riskier = seen - _first_of_unit(seen, owner, len(number))[owner]  # edited lines strictly riskier

    def total(values: Float64) -> Float64:
        return np.bincount(owner, weights=values, minlength=len(number)).astype(np.float64)

    right = size - wrong
    pairs = total(right * (riskier + wrong / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {"auc": pairs / (faults * (count - faults)), "auc_chance": np.full(len(number), 0.5)}
    values["auc_chance"][np.isnan(values["auc"])] = np.nan
    for k in TOP:
        slots = np.clip(k - rank, 0, size)
        missed = _none_of(size, wrong, slots)
        miss = np.ones(len(number))
        np.multiply.at(miss, owner, missed)
        values[f"top_{k}"] = 1 - miss
        values[f"top_{k}_chance"] = 1 - _none_of(count, faults, np.minimum(k, count))
    for share in REVIEWED:
        reviewed = np.ceil(share * count - 1e-9)
        slots = np.clip(reviewed[owner] - rank, 0, size)
        name = f"recall_{share:.0%}".rstrip("%")
        with np.errstate(divide="ignore", invalid="ignore"):
            values[name] = total(wrong * slots / size) / faults
        values[f"{name}_chance"] = reviewed / count
    failing = faults > 0
    of_unit = np.zeros(len(number), np.int64)
    of_unit[index] = program
    return RankedUnits(
        of_unit[failing],
        count[failing],
        faults[failing],
        {name: value[failing] for name, value in values.items()},
    )


def summarise(units: RankedUnits, draws: Draws) -> dict[str, Any]:
    """Means over units, with intervals by program; `{"units": 0}` when there are none."""
    result: dict[str, Any] = {"units": len(units.program)}
    if not len(units.program):
        return result
    result["programs"] = len(np.unique(units.program))
    result["mean_lines"] = round(float(units.lines.mean()), 2)
    result["mean_edited"] = round(float(units.edited.mean()), 2)
    for name, values in units.values.items():
        known = np.isfinite(values)
        if not known.any():
            continue
        if name.endswith("_chance"):
            result[name] = round(float(values[known].mean()), 5)
        else:
            result[name] = mean_of_units(values[known], units.program[known], draws).to_json()
    return result


def mean_of_units(values: Float64, program: Int64, draws: Draws) -> Estimate:
    """The mean of `values` `(U,)`, and of those of drawn programs; `program` counts as in `draws`."""
    size = 1 + max(int(program.max()), *(int(m.max()) for m in draws.members.values()))
    sums = np.bincount(program, weights=values, minlength=size)
    counts = np.bincount(program, minlength=size)
    top, bottom = np.zeros(draws.resamples), np.zeros(draws.resamples)
    for name, members in draws.members.items():
        top += draws.weights[name] @ sums[members]
        bottom += draws.weights[name] @ counts[members]
    with np.errstate(divide="ignore", invalid="ignore"):
        return Estimate(float(values.mean()), np.asarray(top / bottom))


def _first_of_unit(values: Float64, owner: Int64, units: int) -> Float64:
    """The first of `values` in each unit; groups of a unit are consecutive."""
    firsts = np.searchsorted(owner, np.arange(units))
    return values[firsts]


def _none_of(size: Float64, wrong: Float64, slots: Float64) -> Float64:
    """The chance that `slots` lines drawn without replacement from `size` hold none of the `wrong` ones."""
    missed = np.ones(len(size))
    for j in range(int(slots.max(initial=0))):
        drawn = j < slots
        left = np.maximum(size - wrong - j, 0.0)
        missed = np.where(drawn, missed * left / np.maximum(size - j, 1.0), missed)
    return missed
