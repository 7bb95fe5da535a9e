"""`heatline-probes corpus`: what a folder of corpora holds, and how to get programs into one."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatline_probes.corpus.importing import FORMATS, import_programs, write_programs
from heatline_probes.corpus.programs import corpora_folder, deduplicate, first_attempts, load_corpora

app = typer.Typer(help="Program corpora.", no_args_is_help=True)


@app.command()
def info(
    corpora: Annotated[Path | None, typer.Option("--corpora", help="Folder of corpora.")] = None,
    other_languages: Annotated[bool, typer.Option(help="Also Java, C++, C and JavaScript.")] = False,
) -> None:
    """Programs, problems and models of every dataset."""
    loaded = load_corpora(corpora_folder(corpora), other_languages=other_languages)
    attempts = deduplicate(first_attempts(loaded.programs))
    counts = Counter((p.dataset, p.passes) for p in attempts)
    table = Table("dataset", "problems", "groups", "models", "first attempts pass", "fail", "tests")
    for name in sorted({p.dataset for p in loaded.programs}):
        problems = [p for p in loaded.problems.values() if p.dataset == name]
        table.add_row(
            name,
            str(len(problems)),
            str(len({loaded.groups[p.key] for p in problems})),
            str(len({p.model for p in loaded.programs if p.dataset == name})),
            str(counts[name, True]),
            str(counts[name, False]),
            "executable" if any(p.is_executable for p in problems) else "recorded verdict",
        )
    Console().print(table)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="File or folder to read.")],
    form: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(FORMATS)}.")],
    out: Annotated[Path, typer.Option(help="Parquet table of programs to write.")],
    dataset: Annotated[str, typer.Option(help="Name of the dataset in the table.")],
    model: Annotated[
        str, typer.Option(help="Who wrote the programs, where the file does not say.")
    ] = "unknown",
    licence: Annotated[str, typer.Option(help="Their licence.")] = "none stated",
) -> None:
    """Read programs of a known format into a table that all commands understand."""
    programs = import_programs(path, form, dataset=dataset, model=model, licence=licence)
    write_programs(programs, out)
    typer.echo(f"Wrote {len(programs)} programs to {out}.")
