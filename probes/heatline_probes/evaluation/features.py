"""What can be told of a span without reading it: where it is, how long it is, what kind of syntax it has."""

import re

import numpy as np

from heatline.scoring.lines import line_spans
from heatline_probes.evaluation.line_kinds import LineKind
from heatline_probes.evaluation.predictions import PredictedSpans
from heatline_probes.evaluation.views import Float64, Run, Str

_KEYWORDS = re.compile(
    r"\b(?:if|elif|else|for|while|do|switch|case|return|break|continue|def|class|function|var|let|const|new|import"
    r"|from|try|except|catch|with|lambda|in|not|and|or)\b"
)
_OPERATORS = re.compile(r"[-+*/%<>=!&|^~?]+")
_DIGIT = re.compile(r"\d")
_KINDS = tuple(kind.value for kind in LineKind if kind is not LineKind.BLANK)
_LARGEST_INDENTATION = 40  # columns


def syntax_features(run: Run, level: str) -> Float64:
    """Length, position, nesting, keywords, operators and kind of each span of a level; `(n, 11 + kinds)`."""
    spans = run.predictions.levels[level]
    codes = run.predictions.programs.code
    rows = np.empty((len(spans), 11))
    bounds = np.searchsorted(spans.program, np.arange(len(codes) + 1))
    for program, code in enumerate(codes):
        first, last = int(bounds[program]), int(bounds[program + 1])
        if first < last:
            rows[first:last] = _program_features(code, spans, first, last)
    kind = run.span_kinds(spans)
    return np.concatenate([rows, kind_columns(kind)], axis=1)


def kind_columns(kind: Str) -> Float64:
    """One column for each kind of line that shows something; `(n, kinds)`."""
    return np.stack([kind == name for name in _KINDS], axis=1).astype(np.float64)


def _program_features(code: str, spans: PredictedSpans, first: int, last: int) -> Float64:
    starts = line_spans(code)
    indentations = [_indentation(code[a:b]) for a, b in starts.tolist()]
    lines = len(starts)
    known: dict[str, tuple[float, float, float]] = {}
    rows = []
    for i in range(first, last):
        start, end = int(spans.start[i]), int(spans.end[i])
        text = code[start:end]
        if text not in known:
            known[text] = _counts(text)
        line = min(int(spans.line[i]), lines - 1)
        tokens = int(spans.last[i] - spans.first[i])
        column = max(start - int(starts[line, 0]), 0)
        keywords, operators, digits = known[text]
        sizes = (tokens, len(text.strip()), line, lines, lines - line, column)
        rows.append((*sizes, line / lines, indentations[line], keywords, operators, digits))
    raw = np.asarray(rows, np.float64)
    raw[:, 8:10] /= 1 + raw[:, :1]  # keywords and operators per token
    raw[:, :6] = np.log1p(raw[:, :6])
    return raw


def _indentation(line: str) -> float:
    return min(len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip()), _LARGEST_INDENTATION) / 4


def _counts(text: str) -> tuple[float, float, float]:
    return (
        float(len(_KEYWORDS.findall(text))),
        float(len(_OPERATORS.findall(text))),
        float(bool(_DIGIT.search(text))),
    )
