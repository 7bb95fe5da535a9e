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


@app.command("from-git")
def from_git(
    repositories: Annotated[
        list[Path], typer.Argument(metavar="REPO…", help="Repositories, or a text file that lists them.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for rows and card: names, places, hashes and fates.")],
    cache: Annotated[Path, typer.Option(help="Folder for the scopes' texts; keep it out of any project.")],
    horizon: Annotated[float, typer.Option(min=1, help="Days within which a fate counts.")] = 90.0,
    most_lines: Annotated[int, typer.Option(min=1, help="Lines of one repository.")] = 20_000,
    any_licence: Annotated[bool, typer.Option(help="Also without a permissive licence.")] = False,
) -> None:
    """Training rows from git histories: what assistants wrote, and what became of each line.

    A line of a text file is a folder, or NAME=FOLDER. Repositories that were collected at the same commit are
    skipped, so that an interrupted run goes on where it stopped.
    """
    from heatline.errors import InputError
    from heatline.history.rules import default_rules
    from heatline_probes.corpus.from_git import collect, is_collected, write_card
    from heatline_probes.errors import CorpusError

    for name, folder in _named_folders(repositories):
        if is_collected(out, name, folder):
            continue
        try:
            found = collect(
                folder, name, out, cache, horizon=horizon, most_lines=most_lines, any_licence=any_licence
            )
        except (InputError, CorpusError) as error:
            typer.echo(f"Left out: {error}", err=True)
            continue
        typer.echo(f"{name}: {found.lines} lines in {found.scopes} scopes, {found.fates}")
        write_card(out, horizon, default_rules().key)


@app.command()
def repositories(
    rows: Annotated[Path, typer.Argument(help="Folder of rows that `corpus from-git` wrote.")],
    out: Annotated[Path, typer.Option(help="The page to write.")],
) -> None:
    """Name the repositories of a folder of rows: commits, licences, languages and the share of lines fixed later."""
    from heatline.supervisor.card import atomic_path
    from heatline_probes.corpus.repository_table import repository_page
    from heatline_probes.training.history_rows import card_of

    page = repository_page(rows, card_of(rows))
    with atomic_path(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    typer.echo(f"Wrote {out}.")


def _named_folders(given: list[Path]) -> list[tuple[str, Path]]:
    found = []
    for path in given:
        entries = path.read_text(encoding="utf-8").splitlines() if path.is_file() else [str(path)]
        for entry in filter(None, map(str.strip, entries)):
            name, mark, folder = entry.partition("=")
            place = Path(folder if mark else entry)
            found.append((name if mark else place.resolve().name, place))
    return found
