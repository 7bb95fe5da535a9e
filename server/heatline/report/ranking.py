"""What a report knows of all files without keeping them: how many, how many flagged, and the riskiest lines."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from heatline.report.checked import CheckedFile, Run


@dataclass(slots=True)
class Total:
    """Counts over the files of a report; ``highest`` is the highest risk shown."""

    files: int = 0
    lines: int = 0
    flagged: int = 0
    highest: float = 0.0

    def add(self, run: Run, file: CheckedFile) -> None:
        """Counts ``file`` in."""
        self.files += 1
        self.lines += len(file.lines)
        self.flagged += len(file.flagged)
        self.highest = max((self.highest, *map(run.shown_risk, file.lines)))


@dataclass(slots=True)
class Riskiest:
    """The ``most`` riskiest lines of all files; of equals, the first.  Keeps no file without such a line."""

    most: int
    _heap: list[tuple[float, int, int, CheckedFile]] = field(default_factory=list)
    _files: int = 0

    def add(self, run: Run, file: CheckedFile) -> None:
        """Lets the lines of ``file`` compete."""
        self._files += 1
        for line in file.lines:
            # (risk, file order, line order) is unique, so files themselves are never compared
            entry = (run.shown_risk(line), -self._files, -line.line, file)
            if len(self._heap) < self.most:
                heapq.heappush(self._heap, entry)
            elif self._heap and entry[:3] > self._heap[0][:3]:
                heapq.heapreplace(self._heap, entry)

    def files(self) -> list[tuple[CheckedFile, frozenset[int]]]:
        """The files that the riskiest lines are in, in order, each with their numbers."""
        found: dict[int, tuple[CheckedFile, list[int]]] = {}
        for _, order, line, file in self._heap:
            found.setdefault(-order, (file, []))[1].append(-line)
        return [
            (file, frozenset(lines)) for _, (file, lines) in sorted(found.items(), key=lambda each: each[0])
        ]


def count(number: int, noun: str) -> str:
    """A number of things: “1 line”, “2,000 lines”."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
