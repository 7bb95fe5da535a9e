"""Makes the report of a format, on whatever takes its text."""

from __future__ import annotations

import io
from dataclasses import dataclass

from heatline.cli.destinations import Format
from heatline.report.checked import CheckedFile, FailedFile, Report, Run, Write
from heatline.report.layout import Layout


@dataclass(frozen=True, slots=True)
class Shape:
    """What options say about the look of reports; ``alone``: one file was asked for."""

    layout: Layout
    with_text: bool = False
    alone: bool = False


def make_report(kind: Format, run: Run, write: Write, shape: Shape, *, to_file: bool) -> Report:
    """The report of a format."""
    if kind is Format.json:
        from heatline.report.json import JsonReport

        return JsonReport(run, write, with_text=shape.with_text)
    if kind is Format.sarif:
        from heatline.report.sarif import SarifReport

        return SarifReport(run, write)
    if kind is Format.github:
        from heatline.report.github import GithubReport

        return GithubReport(run, write)
    if kind is Format.gitlab:
        from heatline.report.gitlab import GitlabReport

        return GitlabReport(run, write)
    if kind is Format.html:
        from heatline.report.html import HtmlReport

        return HtmlReport(run, write)
    return _Terminal(run, write, shape, to_file)


class _Terminal:
    """The terminal's report through ``write``: a console prints where it likes, and some readers go away."""

    def __init__(self, run: Run, write: Write, shape: Shape, to_file: bool) -> None:
        from rich.console import Console

        from heatline.report.terminal import TerminalReport

        self._console = Console(file=io.StringIO(), width=100, no_color=True) if to_file else Console()
        self._write = write
        self._report = TerminalReport(run, self._console, shape.layout, alone=shape.alone)

    def file(self, file: CheckedFile) -> None:
        with self._console.capture() as captured:
            self._report.file(file)
        self._write(captured.get())

    def failure(self, failed: FailedFile) -> None:
        self._report.failure(failed)

    def end(self) -> None:
        with self._console.capture() as captured:
            self._report.end()
        self._write(captured.get())
