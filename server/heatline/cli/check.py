"""`heatline check`: the risky lines of files, folders or standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heatline.cli.output import complain, emit, version

if TYPE_CHECKING:
    from heatline.cli.checking import Source
    from heatline.report.checked import Checked

EXIT_RISKY = 1
EXIT_ERROR = 2


class Format(StrEnum):
    """How the report is written."""

    terminal = "terminal"
    json = "json"


class Lines(StrEnum):
    """Which lines are reported."""

    changes = "changes"
    file = "file"


def risk(value: str) -> float:
    """A risk as a person writes it: ``0.3``, ``30%`` or ``30 %``."""
    number = value.strip()
    try:
        parsed = float(number[:-1]) / 100 if number.endswith("%") else float(number)
    except ValueError:
        parsed = -1.0
    if not 0.0 <= parsed <= 1.0:
        raise typer.BadParameter(
            f"“{value}” is no risk. Write a number from 0 to 1, or per cents such as 30%."
        )
    return parsed


def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Files, folders, or - for standard input.")
    ],
    output: Annotated[Format, typer.Option("--format", help="How the report is written.")] = Format.terminal,
    lines: Annotated[
        Lines | None,
        typer.Option(
            "--scope",
            help="Report every line of each file, or only the changes since a commit.",
            show_default="file; changes with --diff",
        ),
    ] = None,
    diff: Annotated[
        str | None,
        typer.Option(
            "--diff",
            metavar="REV",
            help="The commit that changes are counted from.",
            show_default="HEAD",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            parser=risk,
            metavar="RISK",
            help="Flag lines at or above this risk, such as 0.3 or 30%.",
            show_default="the probe's own: about one line in ten",
        ),
    ] = None,
    fail_over: Annotated[
        float | None,
        typer.Option(parser=risk, metavar="RISK", help="Exit with 1 when a line is at or above this risk."),
    ] = None,
    unscaled: Annotated[
        bool,
        typer.Option("--unscaled", help="Show, and compare with, the probe's own numbers before scaling."),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="List the tokens that raise each flagged line's risk.")
    ] = False,
    every_line: Annotated[
        bool, typer.Option("--all", help="Show every line, not only those around the flagged ones.")
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Show the N riskiest lines of all files instead of the flagged ones."
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="The language of every file.", show_default="by each file's name"),
    ] = None,
    stdin_filename: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="What standard input is called: for its language and --diff."),
    ] = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Put the text of lines and tokens into the JSON report.")
    ] = False,
    supervisor: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The supervisor to score with.", show_default="smollm2-135m"),
    ] = None,
    probe: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The probe to score with.", show_default="the supervisor's own"),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads to compute with.", show_default="physical cores less one"),
    ] = None,
) -> None:
    """Shows the risky lines of files and folders.

    Risk is the calibrated probability that a line is edited before the code does what was meant. In a
    repository, folders give the files that git tracks and the new ones it doesn't ignore.

    The exit code is 0; 1 when a line is at or above --fail-over; 2 when something could not be checked.
    """
    from heatline.cli import checking
    from heatline.report.checked import Checked, Flagging, Provenance

    sources, failures = checking.gather(paths, stdin_filename)
    for failure in failures:
        complain(failure.message)
    if not sources:
        raise typer.Exit(EXIT_ERROR)
    if diff is not None or lines is Lines.changes:
        if lines is Lines.file:
            raise typer.BadParameter("--scope file reports every line. Leave it out, or leave --diff out.")
        sources = checking.only_changed(sources, "HEAD" if diff is None else diff, complain)

    import heatline

    _check_language(language)
    with heatline.load(supervisor, probe, threads) as scorer:
        with _progress(sources) as advance:
            files, unscored = checking.score(sources, scorer, language, advance)
        provenance = Provenance(version(), scorer.supervisor, scorer.probe.name, scorer.bundle_hash)
        flagging = (
            Flagging(scorer.threshold) if threshold is None else Flagging(threshold, on_unscaled=unscaled)
        )
        for failure in unscored:
            complain(failure.message)
        checked = Checked(tuple(files), (*failures, *unscored), provenance, flagging, unscaled)
        emit(_render(checked, output, every_line, explain, top, with_text))

    if checked.failures:
        raise typer.Exit(EXIT_ERROR)
    risks = (checked.shown_risk(line) for file in files for line in file.lines)
    if fail_over is not None and any(risk >= fail_over for risk in risks):
        raise typer.Exit(EXIT_RISKY)


def _check_language(language: str | None) -> None:
    from heatline.errors import SettingsError
    from heatline.scoring.languages import LANGUAGES, PLAIN, language_of

    if language is not None and language.lower() != PLAIN and language_of(language) == PLAIN:
        known = ", ".join(sorted([*LANGUAGES, PLAIN]))
        raise SettingsError(f"There is no language “{language}” here. Choose one of {known}.")


def _render(
    checked: Checked, output: Format, every_line: bool, explain: bool, top: int | None, with_text: bool
) -> str:
    if output is Format.json:
        from heatline.report import json

        return json.render(checked, with_text=with_text) + "\n"

    from rich.console import Console

    from heatline.report import terminal

    console = Console()
    with console.capture() as capture:
        terminal.render(checked, console, terminal.Layout(every_line, explain, top))
    return capture.get()


@contextmanager
def _progress(sources: list[Source]) -> Iterator[Callable[[Source], None]]:
    """A progress bar on standard error, when a person is looking; it counts characters, not files."""
    if not sys.stderr.isatty():
        yield lambda source: None
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Scoring", total=sum(len(source.text) for source in sources))
        yield lambda source: progress.advance(task, len(source.text))
