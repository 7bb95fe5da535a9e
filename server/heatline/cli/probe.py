"""`heatline probe`: the probes that are shipped, and what their cards say."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from heatline.probe import ProbeCard, SpanProbe
from heatline.scorer import SHIPPED_PROBES, find_probe
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR

app = typer.Typer(help="List probes and read their cards.", no_args_is_help=True)


@app.command("list")
def list_probes() -> None:
    """Show the shipped probes."""
    table = Table("supervisor", "probe", "trained on", "flags from", box=None, pad_edge=False)
    for path in sorted(SHIPPED_PROBES.glob("*/*.json")):
        card = ProbeCard.read(path)
        programs = card.corpus.get("programs", 0)
        table.add_row(path.parent.name, path.stem, f"{programs:,} programs", f"{card.threshold:.0%}")
    Console().print(table)


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="A probe's name or the path of its card.")] = "default",
    supervisor: Annotated[str, typer.Option("--supervisor", help="Whose probe.")] = DEFAULT_SUPERVISOR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole card.")] = False,
) -> None:
    """Check a probe's files and print its card."""
    card = SpanProbe.load(find_probe(supervisor, name)).card
    if as_json:
        typer.echo(json.dumps(asdict(card), indent=2, sort_keys=True))
        return
    console = Console()
    console.print(
        f"[bold]{card.name}[/] for {card.supervisor} (bundle {card.bundle_hash[:12]}…), {card.created}"
    )
    console.print(
        f"{card.corpus.get('programs', 0):,} programs of {card.corpus.get('models', 0)} generators; "
        f"lines are flagged from a risk of {card.threshold:.0%}."
    )
    for level, contenders in card.metrics.get("by_problem", {}).items():
        table = Table(
            "held-out problems", "BSS within dataset", "BSS pooled", "ECE", "AUC", title=level, box=None
        )
        for contender, result in contenders.items():
            pooled, mean = result["pooled"], result["mean"]
            cells = (mean["bss_within_dataset"], pooled["bss"], pooled["ece"], pooled["auc"])
            table.add_row(contender.replace("_", " "), *map(_with_interval, cells))
        console.print(table)


def _with_interval(metric: dict[str, Any]) -> str:
    return f"{metric['value']:.3f} ({metric['low']:.3f} … {metric['high']:.3f})"
