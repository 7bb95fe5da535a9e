"""`heatline check`: the risky lines of files, folders or standard input."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from heatline.cli.destinations import Format


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
        list[Path] | None,
        typer.Argument(
            metavar="PATH", help="Files, folders, or - for standard input.", show_default="the current folder"
        ),
    ] = None,
    formats: Annotated[
        list[Format] | None,
        typer.Option(
            "--format",
            help="How the report is written. Give it several times for several reports, all but one into files.",
            show_default="terminal",
        ),
    ] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a report into a file, whose ending says its format: .json, .sarif, .html or .txt. "
            "It is replaced when the report is whole. Give it several times for several reports.",
        ),
    ] = None,
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
            show_default="the setting `threshold`, else the probe's own: about one line in ten",
        ),
    ] = None,
    fail_over: Annotated[
        float | None,
        typer.Option(
            parser=risk,
            metavar="RISK",
            help="Exit with 1 when a line is at or above this risk, unless it is ignored, reviewed or in the baseline.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Flag only lines that this file doesn't know."),
    ] = None,
    update_baseline: Annotated[
        bool,
        typer.Option(
            "--update-baseline", help="Write the risky lines of the files checked into the baseline."
        ),
    ] = False,
    no_ignore: Annotated[
        bool,
        typer.Option("--no-ignore", help="Flag lines that ignore comments and review marks keep quiet, too."),
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB", help="Leave files alone that match, as in a .gitignore file. Adds to the setting."
        ),
    ] = None,
    force_exclude: Annotated[
        bool,
        typer.Option("--force-exclude", help="Leave excluded files alone even when they are named."),
    ] = False,
    unscaled: Annotated[
        bool | None,
        typer.Option(
            "--unscaled/--scaled",
            help="Show, and compare with, the probe's own numbers before scaling.",
            show_default="the setting `scaling`",
        ),
    ] = None,
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
    watch: Annotated[
        bool,
        typer.Option("--watch", "-w", help="Check again whatever changes, until Ctrl-C."),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The settings file.",
            show_default="the nearest heatline.toml or pyproject.toml with [tool.heatline]",
        ),
    ] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no settings file.")] = False,
    supervisor: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The supervisor to score with.", show_default="smollm2-135m"),
    ] = None,
    probe: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The probe to score with.", show_default="the supervisor's own"),
    ] = None,
    base_rate: Annotated[
        float | None,
        typer.Option(
            parser=risk,
            metavar="SHARE",
            help="The share of lines that get edited in code like this, such as 0.05 or 5%: risks are shifted to it.",
            show_default="the setting `baseRate`, else the share in the probe's corpus",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads to compute with.", show_default="all physical cores"),
    ] = None,
) -> None:
    """Shows the risky lines of files and folders.

    Risk is the calibrated probability that a line is edited before the code does what was meant. In a
    repository, folders give the files that git tracks and the new ones it doesn't ignore. Settings are
    read from the nearest heatline.toml or pyproject.toml; options go over them.

    The exit code is 0; 1 when a line is at or above --fail-over; 2 when something could not be checked; 130
    when Ctrl-C ended it, and then the next run goes on where this one stopped.
    """
    from heatline.cli.check_run import CheckRun, Wish
    from heatline.cli.destinations import orders
    from heatline.report.layout import Layout

    if lines is Lines.file and diff is not None:
        raise typer.BadParameter("--scope file reports every line. Leave it out, or leave --diff out.")
    base = diff if diff is not None else "HEAD" if lines is Lines.changes else None
    _check_language(language)
    wish = Wish(
        paths=tuple(paths or ([Path("-")] if stdin_filename else [Path()])),
        orders=tuple(orders(formats or [], outputs or [])),
        base=base,
        threshold=threshold,
        fail_over=fail_over,
        baseline=baseline,
        update_baseline=update_baseline,
        heed=not no_ignore,
        exclude=tuple(exclude or ()),
        force_exclude=force_exclude,
        unscaled=unscaled,
        layout=Layout(every_line, explain, top),
        language=language,
        stdin_filename=stdin_filename,
        with_text=with_text,
        config=config,
        isolated=isolated,
        supervisor=supervisor,
        probe=probe,
        base_rate=base_rate,
        threads=threads,
    )
    _check_baseline_options(wish.baseline, update_baseline, whole=base is None and not watch)
    if watch:
        from heatline.cli.watching import watch_files

        code = watch_files(CheckRun(wish))
    else:
        code = CheckRun(wish).once()
    if code:
        raise typer.Exit(code)


def _check_language(language: str | None) -> None:
    from heatline.errors import SettingsError
    from heatline.scoring.languages import LANGUAGES, PLAIN, language_of

    if language is not None and language.lower() != PLAIN and language_of(language) == PLAIN:
        known = ", ".join(sorted([*LANGUAGES, PLAIN]))
        raise SettingsError(f"There is no language “{language}” here. Choose one of {known}.")


def _check_baseline_options(baseline: Path | None, update: bool, whole: bool) -> None:
    if update and baseline is None:
        raise typer.BadParameter("--update-baseline needs a file. Name it with --baseline.")
    if update and not whole:
        raise typer.BadParameter(
            "A baseline is written from whole files. Leave --diff, --scope changes and --watch out."
        )
