"""Checked files without a model: every line is one token with a given risk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from heatline.report.checked import CheckedFile, FailedFile, Flagging, Provenance, Report, Run, Write
from heatline.scoring.result import Contribution, ScoredLine, ScoredQuery, ScoredScope, ScoredToken


class Text:
    """Lines of one token each, with the given risks; blank where there is none.

    ``code`` are the lines' texts, else ``x0``, ``x1``, …
    """

    def __init__(self, risks: list[float | None], scopes: int = 1, code: list[str] | None = None) -> None:
        self.text = ""
        self.tokens: list[ScoredToken] = []
        self.lines: list[ScoredLine] = []
        for number, risk in enumerate(risks):
            start = len(self.text)
            if risk is not None:
                self.text += code[number] if code else f"x{number}"
                first = len(self.tokens)
                self.tokens.append(ScoredToken(start, len(self.text), 1 - risk, 1 - risk / 2, number))
                self.lines.append(
                    ScoredLine(start, len(self.text), 1 - risk, 1 - risk / 2, number, (first, first + 1))
                )
            self.text += "\n"
        each = len(risks) // scopes
        self.scopes = [
            ScoredScope(0, 1, 0.4, 0.3, f"f{n}" if n else "", "function", n * each, (n + 1) * each - 1)
            for n in range(scopes)
        ]

    def tokens_between(self, first: int, last: int) -> list[ScoredToken]:
        return self.tokens[first:last]

    def span(self, start: int, end: int) -> ScoredQuery:
        shares = (Contribution(start, end, 1.5), Contribution(start, end, -0.5))
        return ScoredQuery(start, end, 0.5, 0.5, "line", shares, 0.0)


def run(threshold: float = 0.3, *, unscaled: bool = False, on_unscaled: bool = False) -> Run:
    """A run of a supervisor “small” with a probe “first”."""
    return Run(Provenance("1.2.3", "small", "first", "ab12"), Flagging(threshold, on_unscaled), unscaled)


def checked(name: str, text: Text, flagging: Flagging, **more: Any) -> CheckedFile:
    """A file with the lines flagged that are at or above the threshold."""
    flagged = frozenset(line.line for line in text.lines if flagging.flags(line))
    return CheckedFile(name, text.text, text, tuple(text.lines), flagged, path=Path(name), **more)


def written(
    make: Callable[[Run, Write], Report],
    files: Iterable[CheckedFile],
    failures: Iterable[FailedFile] = (),
    of: Run | None = None,
) -> str:
    """What a report writes."""
    parts: list[str] = []
    report = make(of or run(), parts.append)
    for file in files:
        report.file(file)
    for failed in failures:
        report.failure(failed)
    report.end()
    return "".join(parts)
