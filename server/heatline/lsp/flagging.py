"""Which lines of a scored document are flagged, and with which risk: the one answer that every feature shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.wording import shown_risk
from heatline.noise.budget import within_budget
from heatline.noise.steady import steady_risk
from heatline.scoring.result import ScoredLine, ScoredSpan
from heatline.settings import Scaling

LineKey = tuple[str, int]
"""A line's text without the white space around it, and how many lines above it have the same."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is flagged. ``threshold`` None: ``probe_threshold``, which is one for the scaled risk."""

    scaling: Scaling
    threshold: float | None
    probe_threshold: float
    review_budget: float | None = None

    @property
    def decides_on(self) -> Scaling:
        """The risk that the threshold is for."""
        return "scaled" if self.threshold is None else self.scaling

    @property
    def limit(self) -> float:
        return self.probe_threshold if self.threshold is None else self.threshold


@dataclass(frozen=True, slots=True)
class FlaggedLine:
    """A line that is shown as risky. ``risk`` is what a person reads; ``decisive`` what the threshold is for."""

    line: ScoredLine
    risk: float
    decisive: float


@dataclass(frozen=True, slots=True)
class Steady:
    """The risks that lines showed before somebody began to type: shown and decisive, by the line's text."""

    risks: Mapping[LineKey, tuple[float, float]]


def flagged_lines(
    document: ScoredDocument,
    policy: Policy,
    is_quiet: Callable[[int], bool] = lambda line: False,
    typed: int | None = None,
    steady: Steady | None = None,
) -> tuple[FlaggedLine, ...]:
    """The flagged lines, in order.

    Never flagged are those that ``is_quiet`` (ignored or reviewed) and the one that is being typed on.  With
    ``steady`` a line keeps the risk it showed unless it moved by more than a bucket.
    """
    lines = [line for line in document.lines_shown() if not is_quiet(line.line)]
    shown = [_risks(line, policy) for line in lines]
    if steady is not None:
        keys = line_keys(document, lines)
        shown = [_steadied(risks, steady.risks.get(key)) for risks, key in zip(shown, keys, strict=True)]
    chosen = within_budget([decisive for _, decisive in shown], policy.limit, policy.review_budget)
    return tuple(FlaggedLine(lines[i], *shown[i]) for i in chosen if lines[i].line != typed)


def shown_risks(document: ScoredDocument, policy: Policy, flags: tuple[FlaggedLine, ...]) -> Steady:
    """What every line shows, to be steadied against: a flagged one the risk it is flagged with."""
    lines = list(document.lines_shown())
    flagged = {flag.line.line: (flag.risk, flag.decisive) for flag in flags}
    return Steady(
        {
            key: flagged.get(line.line) or _risks(line, policy)
            for line, key in zip(lines, line_keys(document, lines), strict=True)
        }
    )


def line_keys(document: ScoredDocument, lines: list[ScoredLine]) -> list[LineKey]:
    """What each of ``lines`` is recognised by when others were inserted or removed above it."""
    text = document.document.scorable_text
    seen: Counter[str] = Counter()
    keys = []
    for line in lines:
        content = text[line.start : line.end].strip()
        keys.append((content, seen[content]))
        seen[content] += 1
    return keys


def _risks(span: ScoredSpan, policy: Policy) -> tuple[float, float]:
    return shown_risk(span, policy.scaling), shown_risk(span, policy.decides_on)


def _steadied(computed: tuple[float, float], before: tuple[float, float] | None) -> tuple[float, float]:
    if before is None or steady_risk(before[1], computed[1]) == computed[1]:
        return computed
    return before
