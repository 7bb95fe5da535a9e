"""The worst false alarms and misses, with causes assigned by rule: what to look at before changing a probe."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.scoring.lines import line_spans
from heatline_probes.evaluation.line_kinds import LineKind
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.scaling import transferred
from heatline_probes.evaluation.views import Bool, Float64, Run, SpanView, Str

WORST = 30
LONG_LINE = 100  # characters
REWRITTEN = 0.5  # share of a program's lines that are edited
DEEP = 4  # levels of four columns

_TEST = re.compile(
    r"^\s*(?:assert\b|self\.assert|def test|print\s*\(|console\.log|System\.out|.*\bunittest\b)"
)
_BOILERPLATE = re.compile(
    r"^\s*(?:if __name__\b|main\(\)|pass$|class Solution\b|return (?:None|True|False|res|ans|result|ret|0|-1);?$"
    r"|.*\b(?:input\(\)|sys\.stdin|scanf|cin\s*>>|Scanner\b|readline))"
)
_NUMBER = re.compile(r"\d+")

# In this order the first that applies is a line's cause.
CAUSES = (
    *(kind.value for kind in (LineKind.COMMENT, LineKind.DOCSTRING, LineKind.IMPORT, LineKind.SIGNATURE)),
    LineKind.BRACKET.value,
    "test code",
    "boilerplate",
    "whole-program rewrite",
    "beside an edited line",
    "label without a verified patch",
    "near duplicate of another line",
    "long line",
    "deeply nested",
    "other",
)


@dataclass(frozen=True)
class Failure:
    """One line that came out wrong."""

    cause: str
    risk: float
    edited: bool
    text: str
    line: int
    program: str  # sha of its code
    dataset: str
    generator: str


@dataclass(frozen=True)
class FailureStudy:
    """The worst lines of both kinds, and how every cause does over all lines."""

    false_alarms: tuple[Failure, ...]
    misses: tuple[Failure, ...]
    causes: dict[str, dict[str, float]]  # over all lines: lines, share, edited, mean risk, flagged

    def counts(self) -> dict[str, dict[str, int]]:
        """How many of the worst lines each cause has; no program text."""
        return {
            "false_alarms": dict(Counter(f.cause for f in self.false_alarms)),
            "misses": dict(Counter(f.cause for f in self.misses)),
        }

    def to_json(self) -> dict[str, Any]:
        """Everything, program text included: not for the repository."""
        return {
            "counts": self.counts(),
            "causes": self.causes,
            "false_alarms": [asdict(f) for f in self.false_alarms],
            "misses": [asdict(f) for f in self.misses],
        }


def study_failures(predictions: Predictions, threshold: float, worst: int = WORST) -> FailureStudy:
    """The `worst` kept lines of highest risk and edited lines of lowest, by confidences as a user gets them.

    Of one problem, only the worst line with the same text counts. `threshold` is the risk lines are flagged
    from.
    """
    run = Run(predictions)
    view = run.view("line")
    risk = 1 - transferred(predictions, view)
    text = _texts(run, view)
    cause = assign_causes(run, view, text)
    alarms = _worst(view, risk, text, cause, view.kept, -risk, worst, predictions)
    misses = _worst(view, risk, text, cause, ~view.kept, risk, worst, predictions)
    return FailureStudy(alarms, misses, _by_cause(view, risk, cause, threshold))


def assign_causes(run: Run, view: SpanView, text: Sequence[str]) -> Str:
    """The first of `CAUSES` that applies to each line `(n,)`."""
    programs = run.predictions.programs
    size = len(programs)
    edited = np.bincount(view.program, weights=~view.kept, minlength=size)
    lines = np.maximum(np.bincount(view.program, minlength=size), 1)
    rewritten = (edited / lines > REWRITTEN)[view.program]
    unverified = (~programs.passes & ~programs.verified)[view.program]
    line = run.predictions.levels["line"].line[view.row]
    edits = set(zip(view.program[~view.kept].tolist(), line[~view.kept].tolist(), strict=True))
    shapes = [_NUMBER.sub("0", "".join(t.split())) for t in text]
    repeated = Counter(zip(view.program.tolist(), shapes, strict=True))
    special = {kind.value for kind in LineKind} - {LineKind.CODE.value}
    causes = []
    for i, (body, kind) in enumerate(zip(text, view.kind.tolist(), strict=True)):
        owner, number = int(view.program[i]), int(line[i])
        if kind in special:
            causes.append(kind)
        elif _TEST.match(body):
            causes.append("test code")
        elif _BOILERPLATE.match(body):
            causes.append("boilerplate")
        elif rewritten[i]:
            causes.append("whole-program rewrite")
        elif view.kept[i] and ((owner, number - 1) in edits or (owner, number + 1) in edits):
            causes.append("beside an edited line")
        elif unverified[i]:
            causes.append("label without a verified patch")
        elif repeated[owner, shapes[i]] > 1:
            causes.append("near duplicate of another line")
        elif len(body) > LONG_LINE:
            causes.append("long line")
        elif len(body.expandtabs(4)) - len(body.expandtabs(4).lstrip()) >= 4 * DEEP:
            causes.append("deeply nested")
        else:
            causes.append("other")
    return np.asarray(causes, np.str_)


def _texts(run: Run, view: SpanView) -> list[str]:
    """The line each span begins in."""
    codes = run.predictions.programs.code
    bounds = {int(p): line_spans(codes[p]) for p in np.unique(view.program)}
    texts = []
    for program, line in zip(view.program, run.predictions.levels["line"].line[view.row], strict=True):
        rows = bounds[int(program)]
        start, end = rows[min(int(line), len(rows) - 1)].tolist()
        texts.append(codes[program][start:end])
    return texts


def _worst(
    view: SpanView,
    risk: Float64,
    text: Sequence[str],
    cause: Str,
    candidates: Bool,
    order: NDArray[np.float64],
    worst: int,
    predictions: Predictions,
) -> tuple[Failure, ...]:
    programs = predictions.programs
    found: dict[tuple[int, str], Failure] = {}
    rows = np.flatnonzero(candidates)
    for i in rows[np.argsort(order[rows], kind="stable")].tolist():
        key = int(view.group[i]), "".join(text[i].split())
        if key not in found:
            p = int(view.program[i])
            found[key] = Failure(
                str(cause[i]), round(float(risk[i]), 4), not bool(view.kept[i]), text[i],
                int(predictions.levels["line"].line[view.row[i]]), str(programs.sha[p]),
                str(programs.dataset[p]), str(programs.generator[p]),
            )  # fmt: skip
        if len(found) == worst:
            break
    return tuple(found.values())


def _by_cause(view: SpanView, risk: Float64, cause: Str, threshold: float) -> dict[str, dict[str, float]]:
    result = {}
    for name in CAUSES:
        chosen = cause == name
        if chosen.any():
            result[name] = {
                "lines": int(chosen.sum()),
                "share": round(float(chosen.mean()), 4),
                "edited": round(float(1 - view.outcome[chosen].mean()), 4),
                "mean_risk": round(float(risk[chosen].mean()), 4),
                "flagged": round(float((risk[chosen] >= threshold).mean()), 4),
            }
    return result
