"""One flagged line as other programs want it: where it is, how serious, what to say, and a name that lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heatline.noise.line_marks import line_marks, short_hash
from heatline.report.checked import CheckedFile, Run
from heatline.report.heat import BUCKETS, frequency, percent

_WARNING_FROM = BUCKETS[2]


@dataclass(frozen=True, slots=True)
class Finding:
    """A flagged line; ``line`` and columns count from 1, columns in code points, ``end_column`` excluded.

    ``fingerprint`` is made of the path and the line's content and neighbours, not of its number.
    """

    path: str
    line: int
    column: int
    end_column: int
    risk: float
    unscaled_risk: float
    is_warning: bool
    message: str
    fingerprint: str


def findings(run: Run, file: CheckedFile) -> Iterator[Finding]:
    """The flagged lines of ``file``, in order."""
    flagged = file.flagged_lines()
    if not flagged:
        return
    path = portable_path(file)
    marks = line_marks(file.text)
    seen = Counter[str]()
    for line in flagged:
        code = file.text[line.start : line.end]
        risk = run.shown_risk(line)
        mark = f"{path}\n{marks[line.line]}"
        seen[mark] += 1
        yield Finding(
            path,
            line.line + 1,
            len(code) - len(code.lstrip()) + 1,
            len(code.rstrip()) + 1,
            line.risk,
            line.unscaled_risk,
            risk >= _WARNING_FROM,
            _message(run, risk),
            short_hash(f"{mark}\n{seen[mark]}").hex(),
        )


def _message(run: Run, risk: float) -> str:
    if run.unscaled:
        return f"Unscaled risk {percent(risk)}: it ranks lines, but is no frequency."
    often = f"{frequency(risk)} lines like this one get edited"
    return f"Risk {percent(risk)}: {often} before the code does what was meant."


def portable_path(file: CheckedFile) -> str:
    """The file's path with forward slashes, relative to the current folder where it is below that."""
    if file.path is None:
        return file.name
    path = Path(file.name)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()
