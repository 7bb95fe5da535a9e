"""Code revision as a task: a buggy program, what was wrong with it, and the program it should become.

Right is what equals the reference (exact match), or how much nearer a revision comes to it (edit progress).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from heatline_probes.errors import CorpusError
from heatline_probes.patches.lexing import fine_tokens

TABLE = "pairs.parquet"
_SYSTEM = "Answer with the whole corrected program in a fenced block and nothing else."


@dataclass(frozen=True, slots=True)
class RevisionTask:
    """One program to revise."""

    key: str
    source: str
    licence: str
    language: str
    problem: str  # what the program should do; "" where that isn't known
    feedback: str  # what a person said about it; "" where nobody did
    buggy: str
    fixed: str

    def messages(self) -> list[tuple[str, str]]:
        """What a model is asked: (role, content)."""
        parts = [f"Task:\n{self.problem.strip()}"] if self.problem.strip() else []
        parts.append(f"This {self.language} program does not do it:\n```\n{self.buggy.strip()}\n```")
        if self.feedback.strip():
            parts.append(f"A reviewer says:\n{self.feedback.strip()}")
        return [("system", _SYSTEM), ("user", "\n\n".join(parts))]


def load_revision_tasks(folder: Path) -> list[RevisionTask]:
    """All pairs that differ in more than white space, in file order.

    Raises CorpusError when the table is missing or malformed.
    """
    path = folder / TABLE
    try:
        rows = pq.read_table(path).to_pylist()
        tasks = [
            RevisionTask(
                f"{row['source']}/{row['problem_id']}/{number}",
                row["source"],
                row["licence"] or "",
                row["language"],
                row["prompt"] or "",
                row["feedback"] or "",
                row["buggy"],
                row["fixed"],
            )
            for number, row in enumerate(rows)
            if row["buggy"] and row["fixed"]
        ]
    except (OSError, KeyError, pa.ArrowException) as error:
        raise CorpusError(f"The table {path} can't be read ({error}). Set HEATLINE_CORPORA.") from error
    return [task for task in tasks if not exact_match(task.buggy, task.fixed)]


def exact_match(revised: str, fixed: str) -> bool:
    """Whether two programs have the same tokens; blank lines and blanks within lines don't count."""
    return _texts(revised) == _texts(fixed)


def edit_progress(buggy: str, revised: str, fixed: str) -> float:
    """The share of the way from `buggy` to `fixed` that `revised` has gone (Zhou et al. 2023).

    (d(buggy, fixed) − d(revised, fixed)) / d(buggy, fixed), d being the edit distance in tokens: 1 for an exact
    match, 0 for no change, below 0 for one that leads away. Raises ValueError where there is no way to go.
    """
    start, goal = _texts(buggy), _texts(fixed)
    whole = edit_distance(start, goal)
    if whole == 0:
        raise ValueError("The buggy program equals the fixed one: there is no progress to make.")
    return (whole - edit_distance(_texts(revised), goal)) / whole


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Fewest insertions, deletions and replacements of tokens (Levenshtein 1966)."""
    numbers: dict[str, int] = {}
    a = np.asarray([numbers.setdefault(token, len(numbers)) for token in one], np.int64)
    b = np.asarray([numbers.setdefault(token, len(numbers)) for token in other], np.int64)
    column = np.arange(len(b) + 1)
    row = column.copy()
    for done, token in enumerate(a.tolist(), start=1):
        steps = np.empty_like(row)
        steps[0] = done
        steps[1:] = np.minimum(row[1:] + 1, row[:-1] + (b != token))
        # an insertion costs one for each place moved to the right: a running minimum along the diagonal
        row = np.minimum.accumulate(steps - column) + column
    return int(row[-1])


def _texts(code: str) -> list[str]:
    return [token.text for token in fine_tokens(code.strip())]
