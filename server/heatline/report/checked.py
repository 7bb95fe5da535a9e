"""What every report format is given: the checked files, what was wrong with others, and what scored them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from heatline.scoring.result import ScoredLine, ScoredQuery, ScoredScope, ScoredSpan, ScoredToken


class Scored(Protocol):
    """The part of `heatline.scoring.ScoredText` that reports read."""

    @property
    def lines(self) -> Sequence[ScoredLine]: ...

    @property
    def tokens(self) -> Sequence[ScoredToken]: ...

    @property
    def scopes(self) -> Sequence[ScoredScope]: ...

    def span(self, start: int, end: int) -> ScoredQuery: ...


@dataclass(frozen=True, slots=True)
class Flagging:
    """A line is flagged when its risk is at or above ``threshold``.

    ``on_unscaled``: ``threshold`` was given for the unscaled risk; a probe's own one is for the scaled.
    """

    threshold: float
    on_unscaled: bool = False

    def flags(self, span: ScoredSpan) -> bool:
        """Whether ``span`` is at or above the threshold."""
        return (span.unscaled_risk if self.on_unscaled else span.risk) >= self.threshold


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was scored: ``lines`` are those that were asked for, in order."""

    name: str
    text: str
    scored: Scored
    lines: tuple[ScoredLine, ...]


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file, or a folder, that could not be checked, and the sentence that says why."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What computed the risks; ``bundle_hash`` identifies the supervisor's exact weights and graph."""

    heatline: str
    supervisor: str
    probe: str
    bundle_hash: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One run of ``heatline check``; ``unscaled`` says which risk a person wants to see."""

    files: tuple[CheckedFile, ...]
    failures: tuple[FailedFile, ...]
    provenance: Provenance
    flagging: Flagging
    unscaled: bool = False

    def shown_risk(self, span: ScoredSpan) -> float:
        """The risk of ``span`` that this report shows: scaled, unless the unscaled one was asked for."""
        return span.unscaled_risk if self.unscaled else span.risk

    def flagged(self, file: CheckedFile) -> list[ScoredLine]:
        """The flagged ones among the lines of ``file``, in order."""
        return [line for line in file.lines if self.flagging.flags(line)]


def lines_within(lines: Sequence[ScoredLine], scope: ScoredScope) -> Sequence[ScoredLine]:
    """Those of ``lines``, which are in order, that lie in ``scope``."""
    first = bisect_left(lines, scope.first_line, key=lambda line: line.line)
    last = bisect_right(lines, scope.last_line, key=lambda line: line.line)
    return lines[first:last]
