"""`heatline history`: what became of the lines that assistants wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heatline.history.reading import History
    from heatline.history.rules import Rules
    from heatline.history.summary import FateCounts, Summary


def history(
    folder: Annotated[Path, typer.Argument(metavar="REPO", help="A folder of the repository.")] = Path(),
    horizon: Annotated[
        float, typer.Option(min=1, metavar="DAYS", help="Within which a fate counts.", show_default="90")
    ] = 90.0,
    author: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Commits whose author holds this, whoever wrote them.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Lines written on or after this day, such as 2026-01-31."),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Everybody's lines, not only assistants'.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Read all of history again.")] = False,
) -> None:
    """Says what became of the lines that assistants wrote.

    Commits are known by their trailers, authors and git-ai's notes. A line is kept, fixed (a commit that speaks of
    a fix replaced or removed it), edited or deleted within so many days, or too young to say. Formatting, renames,
    moves, tests, vendored and generated files don't count. The rules are in docs/history.md.
    """
    from heatline.cli.output import emit

    found = read_with_progress(folder, rules(author, since, everyone, folder), anew=anew)
    from heatline.history.summary import summarise

    summary = summarise(found, horizon)
    if as_json:
        emit(json.dumps(_json(found, summary), indent=2, ensure_ascii=False) + "\n")
    else:
        _table(found, summary)


def rules(author: str | None, since: str | None, everyone: bool, folder: Path) -> Rules:
    """The rules that a command's options ask for; ``assistants`` of the settings are added."""
    from datetime import datetime

    from heatline.history.assistants import shipped_assistants
    from heatline.history.rules import Rules
    from heatline.settings import find_project_file, read_settings

    if since is not None:
        try:
            datetime.fromisoformat(since)
        except ValueError:
            raise typer.BadParameter(f"“{since}” is no day. Write one such as 2026-01-31.") from None
    project = find_project_file(folder.resolve())
    settings, _ = read_settings([] if project is None else [project.layer(trusted=True)])
    assistants = shipped_assistants().with_names(settings.assistants)
    return Rules(assistants, everyone=everyone, author=author, since=since)


def read_with_progress(folder: Path, chosen: Rules, *, anew: bool = False) -> History:
    """Read a history with a bar on standard error; Ctrl-C leaves what is done for the next run."""
    from heatline.cli.output import complain
    from heatline.cli.progress import stage_progress
    from heatline.history.kept_walk import walk_path
    from heatline.history.reading import read_history
    from heatline.history.repository import Repository

    if anew:
        walk_path(Repository(folder).common, chosen.key).unlink(missing_ok=True)
    with stage_progress() as report:
        found = read_history(
            folder, chosen, progress=lambda done, total: report("Reading commits", done, total)
        )
    if found.started_anew:
        complain("The history was rewritten since it was last read; all of it was read again.")
    if found.cut_off:
        complain(
            "The clone is shallow, so nothing is known of older lines. Run `git fetch --unshallow` for all."
        )
    return found


def _table(found: History, summary: Summary) -> None:
    from rich.console import Console
    from rich.table import Table

    from heatline.report.heat import printable

    console = Console()
    total = summary.total
    console.print(
        f"{found.writing_commits:,} of {found.commits:,} commits are followed; {total.lines:,} lines that count, "
        f"{total.observed:,} of them known for {summary.horizon:g} days."
    )
    if not total.lines:
        console.print(
            "No commit names an assistant that Heatline knows. Give --author or --all, or name it in the setting "
            "`assistants`."
        )
        return
    columns = ("commits", "lines", "kept", "fixed", "edited", "deleted", "too young", "fixed %")
    for title, groups in (("assistant", summary.by_assistant), ("language", summary.by_language)):
        table = Table(title, *columns)
        for column in table.columns[1:]:
            column.justify = "right"
        for name, counts in [*groups.items(), ("all", total)]:
            table.add_row(printable(name), *_cells(counts))
        console.print(table)
    curve = ", ".join(
        f"{point.day} d: {point.unchanged:.0%} as written, {point.fixed:.1%} fixed"
        for point in summary.survival
    )
    if curve:
        console.print(f"Survival: {curve}.")


def _cells(counts: FateCounts) -> list[str]:
    share = counts.share(counts.fixed)
    numbers = (
        *(counts.commits, counts.lines, counts.kept, counts.fixed),
        *(counts.edited, counts.deleted, counts.censored),
    )
    return [*(f"{number:,}" for number in numbers), "" if share is None else f"{share:.1%}"]


def _json(found: History, summary: Summary) -> dict[str, object]:
    return {
        "version": 1,
        "head": found.head,
        "commits": found.commits,
        "followedCommits": found.writing_commits,
        "shallow": found.cut_off,
        "horizonDays": summary.horizon,
        "total": summary.total.to_json(),
        "assistants": {name: counts.to_json() for name, counts in summary.by_assistant.items()},
        "languages": {name: counts.to_json() for name, counts in summary.by_language.items()},
        "months": {name: counts.to_json() for name, counts in summary.by_month.items()},
        "survival": [
            {"day": p.day, "unchanged": p.unchanged, "fixed": p.fixed, "observed": p.observed}
            for p in summary.survival
        ],
    }
