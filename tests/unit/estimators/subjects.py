"""Programs to estimate, without a model."""

import numpy as np

from heatline_probes.corpus.programs import Problem
from heatline_probes.estimators.subject import Subject

CODE = "def add(a, b):\n    return a - b\n"


def problem(key="p/1", tests="assert add(1, 2) == 3"):
    """A problem of one function."""
    return Problem(
        key, "own", "1", "python", "Add two numbers.", "add", "", "", tests, "exec", "", "", "", "", "", ""
    )


def words(code):
    """Tokens of a code: words and single signs, with their lines."""
    import re

    spans = [m.span() for m in re.finditer(r"\w+|[^\w\s]", code)]
    return np.asarray(spans).reshape(-1, 2), np.asarray([code[:a].count("\n") for a, _ in spans], int)


def subject(code=CODE, key="p/1", samples=(), recorded=None):
    """A subject whose tokens are words."""
    spans, lines = words(code)
    return Subject(key, problem(key), code, spans, lines, recorded, tuple(samples))
