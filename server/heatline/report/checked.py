"""What every report format is given: what scored the files, each checked one, and what was wrong with others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from heatline.scoring.result import ScoredLine, ScoredQuery, ScoredScope, ScoredSpan, ScoredToken


class Scored(Protocol):
    """The part of `heatline.scoring.ScoredText` that reports read."""

    @property
    def lines(self) -> Sequence[ScoredLine]: ...

    @property
    def tokens(self) -> Sequence[ScoredToken]: ...

    def tokens_between(self, first: int, last: int) -> Sequence[ScoredToken]:
        """``tokens[first:last]`` without making the others."""
        ...

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


Quiet = Literal["ignored", "reviewed", "baseline", "budget"]
"""Why a line at or above the threshold isn't flagged."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was scored: ``lines`` are those that were asked for, in order.

    ``flagged`` are the numbers, from 0, of the flagged ones among them; ``quiet`` says of each that would be
    flagged, but isn't, why.  ``path`` is None for standard input without a name.
    """

    name: str
    text: str
    scored: Scored
    lines: tuple[ScoredLine, ...]
    flagged: frozenset[int] = frozenset()
    quiet: Mapping[int, Quiet] = field(default_factory=dict)
    path: Path | None = None

    def flagged_lines(self) -> list[ScoredLine]:
        """The flagged lines, in order."""
        return [line for line in self.lines if line.line in self.flagged]


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
class Run:
    """What all files of a report have in common; ``unscaled`` says which risk a person wants to see."""

    provenance: Provenance
    flagging: Flagging
    unscaled: bool = False

    def shown_risk(self, span: ScoredSpan) -> float:
        """The risk of ``span`` that is shown: scaled, unless the unscaled one was asked for."""
        return span.unscaled_risk if self.unscaled else span.risk


class Report(Protocol):
    """A report that is written as files are checked, so that only one of them is in memory."""

    def file(self, file: CheckedFile) -> None:
        """Adds a checked file."""
        ...

    def failure(self, failed: FailedFile) -> None:
        """Adds a file that could not be checked."""
        ...

    def end(self) -> None:
        """Writes what comes after the last file."""
        ...


Write = Callable[[str], object]
"""Where a report goes."""


def lines_within(lines: Sequence[ScoredLine], scope: ScoredScope) -> Sequence[ScoredLine]:
    """Those of ``lines``, which are in order, that lie in ``scope``."""
    first = bisect_left(lines, scope.first_line, key=lambda line: line.line)
    last = bisect_right(lines, scope.last_line, key=lambda line: line.line)
    return lines[first:last]
