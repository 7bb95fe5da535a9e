"""Two opinions on the same lines: the probe's and a model's."""

from __future__ import annotations

from dataclasses import dataclass

from heatline.errors import InputError
from heatline.scoring.scored_text import ScoredText
from heatline.second_opinion.endpoint import ModelEndpoint

MOST_LINES = 200  # a longer list than that no small model keeps count of


@dataclass(frozen=True)
class LineOpinions:
    """One line, from 0, with both risks; ``probe_risk`` is None where the probe says nothing."""

    line: int
    text: str
    probe_risk: float | None
    model_risk: float


@dataclass(frozen=True)
class Excerpt:
    """Whole lines of a text: from ``first`` to ``last``, both counted from 0 and included."""

    lines: list[str]
    first: int
    name: str  # of the file, for people

    @property
    def last(self) -> int:
        """The last line."""
        return self.first + len(self.lines) - 1

    def what_is_sent(self, endpoint: ModelEndpoint) -> str:
        """One sentence: which text goes where, and that nothing else does."""
        size = sum(len(line) + 1 for line in self.lines)
        where = "on this machine" if endpoint.is_local else "on another machine"
        return (
            f"Lines {self.first + 1} to {self.last + 1} of {self.name} ({size:,} characters), and nothing else, "
            f"are sent to {endpoint.base_url} ({where}), model {endpoint.model}."
        )


def excerpt(text: str, name: str, first: int | None = None, last: int | None = None) -> Excerpt:
    """Lines ``first`` to ``last`` (from 0, included; default: all) of a text, blank ones at its ends left out.

    Raises ``InputError`` where there is nothing, or more than ``MOST_LINES``.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start, stop = first or 0, len(lines) if last is None else min(last + 1, len(lines))
    while start < stop and not lines[start].strip():
        start += 1
    while stop > start and not lines[stop - 1].strip():
        stop -= 1
    if start >= stop:
        raise InputError(f"There is no code in these lines of {name}. Choose others.")
    if stop - start > MOST_LINES:
        raise InputError(
            f"{stop - start} lines are too many for one question. Choose at most {MOST_LINES}, as "
            f"{name}:1-{MOST_LINES}."
        )
    return Excerpt(lines[start:stop], start, name)


def compare_opinions(
    part: Excerpt, endpoint: ModelEndpoint, scored: ScoredText, language: str = ""
) -> list[LineOpinions]:
    """Ask, and put the answers beside the probe's; blank lines are left out of what comes back."""
    said = endpoint.line_confidences(part.lines, language)
    probe = {line.line: line.risk for line in scored.lines}
    return [
        LineOpinions(part.first + i, line, probe.get(part.first + i), 1 - said[i])
        for i, line in enumerate(part.lines)
        if line.strip()
    ]
