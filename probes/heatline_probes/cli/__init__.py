"""The command `heatline-probes`: one small file for each group of commands, registered here."""

import sys
from typing import NoReturn

import typer
from rich.console import Console

from heatline.errors import HeatlineError
from heatline_probes.cli import (
    ablations,
    compare,
    corpus,
    evaluate,
    generate,
    grid,
    history,
    local_scaling,
    patches,
    revise,
    train,
    transfer,
    transfer_depths,
)

app = typer.Typer(
    name="heatline-probes",
    help="Build corpora, find minimal patches and study probes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(corpus.app, name="corpus")
app.add_typer(patches.app, name="patches")
app.add_typer(evaluate.app, name="evaluate")
app.command("generate")(generate.generate)
app.command("compare")(compare.compare)
app.command("revise")(revise.revise)
app.command("transfer")(transfer.transfer)
app.command("transfer-depths")(transfer_depths.transfer_depths)
app.command("local-scaling")(local_scaling.local_scaling)
app.command("train")(train.train)
app.command("grid")(grid.grid)
app.command("ablations")(ablations.ablations)
app.command("history")(history.history)


def main() -> NoReturn:
    """Run the command line; what is wrong is one sentence on standard error and exit code 2."""
    try:
        app()
    except HeatlineError as error:
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"heatline-probes: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)
