"""Fates counted: in all, by assistant, by language and by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.history.reading import History
from heatline.history.survival import SurvivalPoint, survival_curve
from heatline.history.written_lines import Fate, WrittenLines
from heatline.scoring.languages import language_of


@dataclass(frozen=True)
class FateCounts:
    """How many of some lines met each fate within the horizon; shares are of those that were observed."""

    commits: int
    kept: int
    fixed: int
    edited: int
    deleted: int
    censored: int

    @property
    def lines(self) -> int:
        return self.observed + self.censored

    @property
    def observed(self) -> int:
        return self.kept + self.fixed + self.edited + self.deleted

    def share(self, count: int) -> float | None:
        """``count`` of the observed lines; None when there are none."""
        return count / self.observed if self.observed else None

    def to_json(self) -> dict[str, Any]:
        return {
            "commits": self.commits,
            "lines": self.lines,
            "kept": self.kept,
            "fixed": self.fixed,
            "edited": self.edited,
            "deleted": self.deleted,
            "censored": self.censored,
            "fixedShare": self.share(self.fixed),
            "changedShare": self.share(self.fixed + self.edited + self.deleted),
        }


@dataclass(frozen=True)
class Summary:
    """The fates of a history's followed lines within ``horizon`` days."""

    horizon: float
    total: FateCounts
    by_assistant: Mapping[str, FateCounts]
    by_language: Mapping[str, FateCounts]
    by_month: Mapping[str, FateCounts]
    survival: tuple[SurvivalPoint, ...]


def summarise(history: History, horizon: float) -> Summary:
    """Count the fates of all followed lines."""
    lines = history.lines
    languages = np.asarray([language_of(Path(path)) for path in lines.paths] or [""])
    months = np.asarray(
        [datetime.fromtimestamp(t, UTC).strftime("%Y-%m") for t in lines.times.tolist()] or [""]
    )
    assistants = np.asarray(lines.writers or [""])
    return Summary(
        horizon,
        count_fates(lines, horizon),
        _grouped(lines, horizon, assistants[lines.writer], by_size=True),
        _grouped(lines, horizon, languages[lines.path], by_size=True),
        _grouped(lines, horizon, months[lines.commit], by_size=False),
        tuple(survival_curve(lines)),
    )


def count_fates(lines: WrittenLines, horizon: float) -> FateCounts:
    """The fates of ``lines`` within ``horizon`` days."""
    counts = np.bincount(lines.fates(horizon), minlength=len(Fate)).tolist()
    return FateCounts(
        len(np.unique(lines.commit)),
        counts[Fate.KEPT],
        counts[Fate.FIXED],
        counts[Fate.EDITED],
        counts[Fate.DELETED],
        counts[Fate.CENSORED],
    )


def _grouped(
    lines: WrittenLines, horizon: float, names: NDArray[np.str_], *, by_size: bool
) -> dict[str, FateCounts]:
    found = {str(name): count_fates(lines.of(names == name), horizon) for name in np.unique(names)}
    if by_size:
        return dict(sorted(found.items(), key=lambda item: -item[1].lines))
    return found
