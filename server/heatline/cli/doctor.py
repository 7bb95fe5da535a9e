"""`heatline doctor`: what works on this machine, what doesn't, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from heatline.cli.output import emit

if TYPE_CHECKING:
    from rich.console import Console

    from heatline.cli.diagnosis import Finding

EXIT_BROKEN = 1
_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
) -> None:
    """Says what works on this machine and what doesn't, and how to mend it.

    The exit code is 0, or 1 when something fails that scoring needs.
    """
    from rich.console import Console

    from heatline.cli.checkup import checks
    from heatline.cli.diagnosis import Status, diagnose

    findings = diagnose(checks())
    if as_json:
        emit(json.dumps([asdict(finding) for finding in findings], indent=2) + "\n")
    else:
        console = Console()
        with console.capture() as capture:
            render(findings, console)
        emit(capture.get())
    if any(finding.status is Status.fail for finding in findings):
        raise typer.Exit(EXIT_BROKEN)


def render(findings: Sequence[Finding], console: Console) -> None:
    """Prints one line per finding and, below one that isn't ok, how to mend it."""
    from rich.text import Text

    from heatline.report.heat import printable

    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        row = Text(f"{finding.status.value:<4}  ", style=_STYLES[finding.status.value])
        row.append(f"{finding.name:<{width}}  ", style="not bold default")
        row.append(printable(finding.found), style="not bold default")
        console.print(row, soft_wrap=True)
        if finding.mend:
            console.print(Text(f"{'':<{width + 8}}{printable(finding.mend)}", style="dim"), soft_wrap=True)
