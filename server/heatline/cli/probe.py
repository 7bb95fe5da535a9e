"""`heatline probe`: the probes there are, what their cards say, and which one is used."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from heatline.supervisor.catalog import DEFAULT_SUPERVISOR

app = typer.Typer(help="List probes, read their cards, and choose one.", no_args_is_help=True)

_PROTOCOLS = {
    "by_problem": "held-out problems",
    "leave_one_dataset_out": "a dataset left out",
    "leave_one_generator_out": "a generator left out",
    "leave_one_language_out": "a language left out",
}


@app.command("list")
def list_probes() -> None:
    """Show the shipped probes and those that were chosen; a * marks the ones in use."""
    from rich.console import Console
    from rich.table import Table

    from heatline.probe import ProbeCard
    from heatline.probe.chosen import chosen_probe
    from heatline.scorer import SHIPPED_PROBES, find_probe

    table = Table("", "supervisor", "probe", "trained on", "flags from", box=None, pad_edge=False)
    shipped = {(path.parent.name, path.stem): path for path in sorted(SHIPPED_PROBES.glob("*/*.json"))}
    used = {name: chosen_probe(name) or "default" for name in dict.fromkeys(name for name, _ in shipped)}
    chosen = {(name, probe): find_probe(name, probe) for name, probe in used.items()}
    for (name, probe), path in {**shipped, **chosen}.items():
        card = ProbeCard.read(path)
        programs = card.corpus.get("programs", 0)
        mark = "*" if used[name] == probe else ""
        table.add_row(mark, name, probe, f"{programs:,} programs", f"{card.threshold:.0%}")
    Console().print(table)


@app.command()
def use(
    name: Annotated[str, typer.Argument(help="A shipped probe's name or the path of a card.")] = "default",
    supervisor: Annotated[
        str | None, typer.Option("--supervisor", help="Whose probe.", show_default="the card's")
    ] = None,
) -> None:
    """Use this probe whenever none is named; `heatline probe use` alone goes back to the shipped one."""
    from heatline.errors import ProbeError
    from heatline.probe import ProbeCard, SpanProbe
    from heatline.probe.chosen import choose_probe
    from heatline.scorer import find_probe

    is_path = name.endswith(".json") or "/" in name or "\\" in name
    owner = supervisor or (
        ProbeCard.read(Path(name).expanduser()).supervisor if is_path else DEFAULT_SUPERVISOR
    )
    path = find_probe(owner, name)
    card = SpanProbe.load(path).card
    if card.supervisor != owner:
        raise ProbeError(
            f"The probe {card.name} reads with {card.supervisor}, not {owner}. Leave --supervisor out."
        )
    choose_probe(owner, None if name == "default" else str(path.resolve()) if is_path else name)
    typer.echo(f"{owner} is read by the probe {card.name} from now on ({path}).")


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="A probe's name or the path of its card.")] = "default",
    supervisor: Annotated[str, typer.Option("--supervisor", help="Whose probe.")] = DEFAULT_SUPERVISOR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole card.")] = False,
) -> None:
    """Check a probe's files and print its card."""
    from rich.console import Console
    from rich.table import Table

    from heatline.probe import SpanProbe
    from heatline.scorer import find_probe

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
    if found := card.metrics.get("history"):
        own = found["line"]["probe"]
        console.print(
            f"Of {found['lines']:,} lines that assistants wrote in {found['repositories']} repositories it flags "
            f"{own['flagged']['value']:.0%}, and {_with_interval(own['recall_flagged'])} of those that were fixed "
            f"within 90 days; AUC {_with_interval(own['auc'])}."
        )
    for protocol, title in _PROTOCOLS.items():
        for level, contenders in card.metrics.get(protocol, {}).items():
            table = Table(
                title,
                "BSS within dataset",
                "BSS pooled",
                "ECE",
                "AUC",
                title=level.replace("_", " "),
                box=None,
            )
            for contender, result in contenders.items():
                pooled, mean = result["pooled"], result["mean"]
                cells = (mean["bss_within_dataset"], pooled["bss"], pooled["ece"], pooled["auc"])
                table.add_row(contender.replace("_", " "), *map(_with_interval, cells))
            console.print(table)


def _with_interval(metric: dict[str, Any]) -> str:
    if metric["value"] is None:
        return "–"
    if metric["low"] is None:
        return f"{metric['value']:.3f}"
    return f"{metric['value']:.3f} ({metric['low']:.3f} … {metric['high']:.3f})"
