"""Trivial baselines every probe must beat: what dataset, position and syntax alone can tell."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from heatline_probes.corpus.programs import Program
from heatline_probes.training.examples import Examples

Float64 = NDArray[np.float64]

_KEYWORDS = re.compile(
    r"\b(?:if|elif|else|for|while|return|def|class|import|from|try|except|with|lambda|in)\b"
)
_OPERATORS = re.compile(r"[-+*/%<>=!&|^~]+")


def dataset_identity(
    examples: Examples, level: str, folds: NDArray[np.int64], dataset: NDArray[np.str_]
) -> Float64:
    """The base rate of a span's dataset in the other folds; `(n,)` confidences."""
    spans = examples.levels[level]
    fold = folds[spans.program]
    names = dataset[spans.program]
    result = np.empty(len(spans.kept))
    for held in np.unique(fold):
        for name in np.unique(names):
            known = (fold != held) & (names == name)
            rate = float(spans.kept[known].mean()) if known.any() else float(spans.kept[fold != held].mean())
            result[(fold == held) & (names == name)] = rate
    return result


def syntax_features(examples: Examples, level: str) -> Float64:
    """Length, position, nesting, keywords, operators and kind of each span; `(n, 12)`."""
    spans, table = examples.levels[level], examples.table
    starts = table["start"].to_numpy()[spans.firsts]
    last_token = np.append(spans.firsts[1:], len(table)) - 1
    ends = table["end"].to_numpy()[last_token]
    lines = table["line"].to_numpy()[spans.firsts]
    lengths = np.diff(spans.firsts, append=len(table))
    rows = [
        _features(examples.programs, p, s, e, line, n)
        for p, s, e, line, n in zip(spans.program, starts, ends, lines, lengths, strict=True)
    ]
    return np.asarray(rows, np.float64)


def _features(
    programs: Sequence[Program], program: int, start: int, end: int, line: int, tokens: int
) -> tuple[float, ...]:
    code = programs[program].code
    text = code[start:end]
    body = text.strip()
    line_start = code.rfind("\n", 0, start + len(text) - len(text.lstrip())) + 1
    whole = code[line_start : line_start + 200]
    indentation = len(whole) - len(whole.lstrip())
    return (
        np.log1p(tokens),
        np.log1p(len(body)),
        line / max(code.count("\n") + 1, 1),
        np.log1p(line),
        np.log1p(code.count("\n")),
        min(indentation, 40) / 4,
        float(body.startswith("#")),
        float(body.startswith(('"""', "'''", '"', "'"))),
        float(whole.lstrip().startswith(("import ", "from ", "def ", "class ", "@"))),
        len(_KEYWORDS.findall(body)) / (1 + tokens),
        len(_OPERATORS.findall(body)) / (1 + tokens),
        float(bool(re.search(r"\d", body))),
    )


def syntax_logistic(examples: Examples, level: str, folds: NDArray[np.int64], seed: int = 0) -> Float64:
    """Logistic regression over `syntax_features`, fitted on the other folds; `(n,)` confidences."""
    features, spans = syntax_features(examples, level), examples.levels[level]
    fold = folds[spans.program]
    result = np.empty(len(spans.kept))
    for held in np.unique(fold):
        known = np.flatnonzero(fold != held)
        if len(known) > 200_000:
            known = np.random.default_rng(seed).choice(known, 200_000, replace=False)
        scaler = StandardScaler().fit(features[known])
        model = LogisticRegression(max_iter=500).fit(scaler.transform(features[known]), spans.kept[known])
        held_rows = fold == held
        result[held_rows] = model.predict_proba(scaler.transform(features[held_rows]))[:, 1]
    return result
