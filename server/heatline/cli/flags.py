"""Which lines of a scored file are flagged, once everything that keeps lines quiet has been heard."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from heatline.noise.baseline import Baseline
from heatline.noise.budget import within_budget
from heatline.noise.directives import IgnoredLines
from heatline.noise.line_marks import LineMark, line_marks
from heatline.noise.reviewed_marks import ReviewedMarks
from heatline.report.checked import CheckedFile, Quiet, Run
from heatline.scoring.result import ScoredLine


@dataclass(frozen=True, slots=True)
class KnownLines:
    """A baseline and the folder that its paths start from."""

    baseline: Baseline
    folder: Path

    def name(self, path: Path) -> str:
        """What the baseline calls a file: its path from the folder, with forward slashes."""
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
        folder = Path(os.path.abspath(self.folder))  # noqa: PTH100
        return (absolute.relative_to(folder) if absolute.is_relative_to(folder) else absolute).as_posix()


@dataclass(frozen=True, slots=True)
class Flags:
    """What decides.

    ``fail_over``: the risk at which the command fails, None for never.  ``budget``: the largest share of a file's
    lines to flag, of those that nothing else keeps quiet.  ``heed``: whether ignore comments and review marks are
    heard.
    """

    run: Run
    fail_over: float | None = None
    budget: float | None = None
    heed: bool = True
    reviewed: ReviewedMarks | None = None
    known: KnownLines | None = None

    def flagged(self, file: CheckedFile, ignored: IgnoredLines) -> CheckedFile:
        """``file`` with its flagged and its quiet lines."""
        quiet: dict[int, Quiet] = dict.fromkeys(
            (line.line for line in file.lines if line.line in ignored), "ignored"
        )
        if self.heed and self.reviewed is not None:
            reviewed = self.reviewed.among(file.path.parent if file.path is not None else Path(), file.text)
            lines = (line.line for line in file.lines if line.line in reviewed and line.line not in quiet)
            quiet |= dict.fromkeys(lines, "reviewed")
        if self.known is not None and file.path is not None:
            marks = self.risky_marks(file, quiet)
            known = self.known.baseline.known(self.known.name(file.path), marks)
            quiet |= dict.fromkeys(sorted(known), "baseline")
        loud = [line for line in file.lines if line.line not in quiet]
        risks = [self._risk(line) for line in loud]
        above = within_budget(risks, self.run.flagging.threshold, None)
        chosen = set(within_budget(risks, self.run.flagging.threshold, self.budget))
        quiet |= dict.fromkeys((loud[i].line for i in above if i not in chosen), "budget")
        return replace(file, flagged=frozenset(loud[i].line for i in chosen), quiet=quiet)

    def risky_marks(self, file: CheckedFile, quiet: Mapping[int, Quiet]) -> dict[int, LineMark]:
        """The marks of the lines that are flagged or fail, unless ``quiet``: what a baseline knows lines by."""
        risky = [line.line for line in file.lines if line.line not in quiet and self._is_risky(line)]
        marks = line_marks(file.text) if risky else {}
        return {number: marks[number] for number in risky}

    def fails(self, file: CheckedFile) -> bool:
        """Whether a line of ``file`` is at or above ``fail_over``; the budget saves none."""
        return self.fail_over is not None and any(
            self.run.shown_risk(line) >= self.fail_over and file.quiet.get(line.line) in (None, "budget")
            for line in file.lines
        )

    def _is_risky(self, line: ScoredLine) -> bool:
        fails = self.fail_over is not None and self.run.shown_risk(line) >= self.fail_over
        return fails or self.run.flagging.flags(line)

    def _risk(self, line: ScoredLine) -> float:
        return line.unscaled_risk if self.run.flagging.on_unscaled else line.risk
