"""The `heatline` command: one small module per sub-command.

Whatever is slow to import is imported inside the commands, so that `heatline --help` answers at once.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Annotated, NoReturn

import typer

from heatline.cli import check, doctor, probe, serve, supervisor
from heatline.cli.output import complain, version
from heatline.errors import HeatlineError

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="heatline",
    help="Shows which lines of code will probably have to be edited, as calibrated probabilities.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.command("serve")(serve.serve)
app.add_typer(supervisor.app, name="supervisor")
app.add_typer(probe.app, name="probe")


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


def main() -> NoReturn:
    """Runs the command line; a failure is one line on standard error and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a narrow encoding must not end a report half-way
    try:
        app()
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except HeatlineError as error:
        message = str(error)
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        message = f"{place}{error.strerror or error}. Run `heatline doctor` to see what is wrong here."
    except MemoryError:
        message = "There is not enough memory. Close other programs, or check fewer files at a time."
    except Exception as error:
        message = (
            f"Heatline made a mistake ({type(error).__name__}: {error}). "
            "Run the command again with `heatline --verbose` and report what it prints."
        )
    if logging.getLogger("heatline").isEnabledFor(logging.DEBUG):
        traceback.print_exc()
    complain(message)
    sys.exit(EXIT_ERROR)
