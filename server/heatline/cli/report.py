"""`heatline report`: how well risks hold in a repository, as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(metavar="REPO", help="A folder of the repository.")] = Path(),
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the page goes.")
    ] = Path("heatline-reliability.html"),
    horizon: Annotated[
        float,
        typer.Option(
            min=1, metavar="DAYS", help="Within which a line kept at a commit is followed.", show_default="90"
        ),
    ] = 90.0,
) -> None:
    """Writes a page on how well risks hold in a repository: one file, without scripts.

    It shows what `heatline calibrate` found, and what became of the lines that the editor showed when the setting
    `feedback` is on: what they were after their commit is read from the repository's history.
    """
    from heatline.cli.history import read_with_progress
    from heatline.cli.output import complain
    from heatline.errors import InputError
    from heatline.feedback.learning import joined_with_history
    from heatline.feedback.store import FeedbackStore
    from heatline.history.assistants import shipped_assistants
    from heatline.history.repository import Repository
    from heatline.history.rules import Rules
    from heatline.history.workspace_scaling import read_scaling, repository_key, scaling_path
    from heatline.report.reliability_page import page_of
    from heatline.supervisor.card import atomic_path

    repository = Repository(folder)
    store = FeedbackStore()
    outcomes = store.outcomes(repository_key(repository))
    store.close()
    if outcomes:
        everyone = Rules(shipped_assistants(), everyone=True)
        outcomes = joined_with_history(outcomes, read_with_progress(folder, everyone).lines, horizon)
    page = page_of(folder.resolve().name, read_scaling(scaling_path(repository)), outcomes)
    try:
        with atomic_path(output) as temporary:
            temporary.write_text(page.html(), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output} can't be written ({error.strerror}). Choose another file.") from error
    complain(f"Wrote {output}.")
