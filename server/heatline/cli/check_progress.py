"""The progress bar of `heatline check`: on standard error, when a person is looking, and out of a report's way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


class CheckProgress:
    """Counts bytes, not files, as a long file takes longer; draws nothing where nobody watches."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    @contextmanager
    def over(self, paths: list[Path]) -> Iterator[None]:
        """Draws while the files ``paths`` are checked."""
        if not sys.stderr.isatty():
            yield
            return

        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        # Standard output is the report's own affair: redirected, it would come out on standard error.
        with Progress(
            *columns,
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ) as self._bar:
            self._bar.add_task("Scoring", total=sum(map(file_size, paths)))
            yield
        self._bar = None

    def passed(self, path: Path) -> None:
        """Counts one file as done."""
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0], file_size(path))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Takes the bar off the screen while something else is written to it."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()


def file_size(path: Path) -> int:
    """Bytes; 0 for what can't be looked at."""
    with suppress(OSError, ValueError):
        return path.stat().st_size
    return 0
