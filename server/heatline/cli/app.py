"""The commands of `heatline` and the options that come before them."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from heatline.cli import (
    bench,
    calibrate,
    check,
    doctor,
    feedback,
    history,
    probe,
    report,
    second_opinion,
    serve,
    supervisor,
)
from heatline.cli.output import version

app = typer.Typer(
    name="heatline",
    help="Shows which lines of code will probably have to be edited, as calibrated probabilities.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("bench")(bench.bench)
app.command("calibrate")(calibrate.calibrate)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.command("history")(history.history)
app.command("report")(report.report)
app.command("second-opinion")(second_opinion.second_opinion)
app.command("serve")(serve.serve)
app.add_typer(supervisor.app, name="supervisor")
app.add_typer(probe.app, name="probe")
app.add_typer(feedback.app, name="feedback")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"heatline {version()}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what is done, and show where an error arose.")
    ] = False,
) -> None:
    """Shows which lines of code will probably have to be edited, as calibrated probabilities."""
    logging.basicConfig(
        stream=sys.stderr, format="%(name)s: %(message)s" if verbose else "heatline: %(message)s"
    )
    if verbose:
        logging.getLogger("heatline").setLevel(logging.DEBUG)
