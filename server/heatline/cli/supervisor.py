"""`heatline supervisor`: the models on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from heatline.supervisor.catalog import CATALOG, DEFAULT_SUPERVISOR

app = typer.Typer(help="List, fetch, build and remove supervisors.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The supervisor's name.")]


def _megabytes(folder: Path) -> str:
    return f"{sum(f.stat().st_size for f in folder.iterdir()) / 1e6:.0f} MB"


@app.command("list")
def list_supervisors(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the catalog and what is installed."""
    from rich.console import Console
    from rich.table import Table

    from heatline.supervisor.store import SupervisorStore

    store = SupervisorStore()
    installed = {found.name: found for found in store.installed()}
    rows = []
    for name in [*CATALOG, *(n for n in installed if n not in CATALOG)]:
        found, entry = installed.get(name), CATALOG.get(name)
        state = (
            "not installed" if found is None else found.problem or f"installed, {_megabytes(found.folder)}"
        )
        title = entry.title if entry else found.card.weights_source if found and found.card else ""
        licence = entry.licence if entry else found.card.licence if found and found.card else ""
        rows.append({"name": name, "title": title, "licence": licence, "state": state})
    if as_json:
        typer.echo(json.dumps({"folder": str(store.folder), "supervisors": rows}, indent=2))
        return
    table = Table("name", "weights", "licence", "state", box=None, pad_edge=False)
    for row in rows:
        mark = " (default)" if row["name"] == DEFAULT_SUPERVISOR else ""
        table.add_row(row["name"] + mark, row["title"], row["licence"], row["state"])
    Console().print(table)


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A name of the catalog.")] = DEFAULT_SUPERVISOR,
    force: Annotated[bool, typer.Option("--force", help="Build again what is already there.")] = False,
) -> None:
    """Download a supervisor's weights, check their hash, and build them for this machine."""
    from heatline.cli.progress import stage_progress
    from heatline.supervisor.store import SupervisorStore

    store = SupervisorStore()
    if not force and any(found.name == name and found.card for found in store.installed()):
        typer.echo(f"{name} is already here: {store.bundle(name)}")
        return
    with stage_progress() as progress:
        folder = store.pull(name, progress)
    typer.echo(f"{name} is ready: {folder}")


@app.command()
def add(
    name: Name,
    file: Annotated[Path, typer.Option("--file", help="A GGUF file, or a folder with safetensors files.")],
    layers: Annotated[
        int | None, typer.Option("--layers", help="Layers to keep (default: the catalog's, or half).")
    ] = None,
) -> None:
    """Build a supervisor from weights of your own."""
    from heatline.cli.progress import stage_progress
    from heatline.supervisor.store import SupervisorStore

    with stage_progress() as progress:
        folder = SupervisorStore().add(name, file, layers, progress)
    typer.echo(f"{name} is ready: {folder}")


@app.command()
def build(
    name: Name,
    file: Annotated[
        Path | None, typer.Option("--file", help="Weights (default: those that were pulled).")
    ] = None,
    layers: Annotated[int | None, typer.Option("--layers", help="Layers to keep.")] = None,
    precision: Annotated[
        str,
        typer.Option(
            "--precision",
            help="int8 for processors; fp16 for graphics cards, beside the int8 build; fp32 in its place, to compare.",
        ),
    ] = "int8",
) -> None:
    """Build a supervisor's graph again, for this processor or for a graphics card."""
    from heatline.cli.progress import stage_progress
    from heatline.supervisor.store import SupervisorStore

    with stage_progress() as progress:
        folder = SupervisorStore().build(name, file, layers, precision=precision, progress=progress)
    typer.echo(f"{name} is ready: {folder}")


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="The supervisor's name.")] = DEFAULT_SUPERVISOR,
    verify: Annotated[bool, typer.Option("--verify", help="Check every file's hash.")] = False,
) -> None:
    """Print a supervisor's card."""
    from heatline.cli.progress import stage_progress
    from heatline.supervisor.store import SupervisorStore

    store = SupervisorStore()
    if verify:
        with stage_progress() as progress:
            card = store.verify(name, progress)
    else:
        from heatline.supervisor.card import BundleCard

        card = BundleCard.read(store.bundle(name))
    typer.echo(json.dumps({**asdict(card), "folder": str(store.bundle(name))}, indent=2, sort_keys=True))


@app.command()
def remove(name: Name) -> None:
    """Delete a supervisor and its weights."""
    from heatline.supervisor.store import SupervisorStore

    SupervisorStore().remove(name)
    typer.echo(f"{name} is removed.")
