"""Predictions made of seeded numbers, whose right answers are known."""

import numpy as np

from heatline.calibration.calibrators import sigmoid
from heatline_probes.evaluation.predictions import PredictedPrograms, PredictedSpans, Predictions

LINES = (
    "import math",
    "",
    "def f(a, b):",
    '    """Add."""',
    "    # sum",
    "    total = a + b",
    "    if total > 3:",
    "        total = total - 1",
    "    for i in range(a):",
    "        total += i",
    "    while b:",
    "        b -= 1",
    "    return total",
)
CODE = "\n".join(LINES) + "\n"


def synthetic(
    programs: int = 60, skill: float = 2.0, seed: int = 0, protocol: str = "by_problem", name: str = "made"
) -> Predictions:
    """Programs of one form with a token for each line that is not blank; logits carry `skill` of the truth."""
    generator = np.random.default_rng(seed)
    shown = [i for i, line in enumerate(LINES) if line.strip()]
    starts = np.cumsum([0, *(len(line) + 1 for line in LINES)])
    index = np.arange(programs)
    passes = generator.random(programs) < 0.5
    count = len(shown)
    program = np.repeat(index, count)
    truth = generator.normal(0, 1, programs * count)
    kept = passes[program] | (generator.random(len(program)) < sigmoid(truth * skill + 1))
    for p in np.flatnonzero(~passes):  # every failing program has an edited line
        kept[p * count + 5] = False
    logit = truth * skill + np.where(passes[program], 1.0, 0.0) + 0.5
    line = np.tile(shown, programs)
    start, end = starts[line], starts[line + 1] - 1
    token = np.arange(len(program))
    spans = PredictedSpans(logit, kept, program, start, end, line, token, token + 1)
    scope_first = np.flatnonzero(np.diff(program, prepend=-1))
    scopes = PredictedSpans(
        np.minimum.reduceat(logit, scope_first),
        np.logical_and.reduceat(kept, scope_first),
        index,
        np.zeros(programs, np.int64),
        np.full(programs, len(CODE) - 1),
        np.zeros(programs, np.int64),
        scope_first,
        scope_first + count,
    )
    tokens = PredictedSpans(
        logit, kept, program, start, end, line, token, token + 1, -np.exp(-logit / 2) - 0.01
    )
    dataset = np.where(index % 2 == 0, "a", "b")
    group = np.asarray([f"g{i // 2}" for i in index])
    fold = index // 2 % 5 if protocol == "by_problem" else index % 2
    table = PredictedPrograms(
        np.asarray([f"{i:016x}" for i in index]), (CODE,) * programs, dataset, np.where(index % 3 == 0, "x", "y"),
        group, np.full(programs, "python"), passes, ~passes, fold,
    )  # fmt: skip
    names = tuple(f"fold {i}" for i in range(5)) if protocol == "by_problem" else ("a", "b")
    return Predictions(
        name,
        "tiny",
        protocol,
        table,
        {"token": tokens, "line": spans, "scope": scopes},
        fold_names=names,
        notes={"labels": "made"},
    )
