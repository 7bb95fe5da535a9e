"""`heatline feedback`: what became of lines that were scored in the editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heatline.feedback.store import FeedbackStore

app = typer.Typer(
    help="See, export or delete what is remembered of lines that were scored in the editor.",
    no_args_is_help=True,
)
_Folder = Annotated[
    Path | None,
    typer.Option("--repository", metavar="REPO", help="Only this repository's.", show_default="all"),
]


@app.command()
def show(
    repository: _Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Say what became of them, and whether risks have drifted.

    Nothing is remembered unless the setting `feedback` is on.
    """
    from heatline.cli.output import emit
    from heatline.feedback.learning import drift

    store = _opened()
    outcomes = store.outcomes(_key(repository))
    store.close()
    counts = {fate: sum(each.fate == fate for each in outcomes) for fate in _FATES}
    found = drift(outcomes)
    if as_json:
        said = None if found is None else vars(found) | {"alarm": found.alarm}
        emit(
            json.dumps({"version": 1, "lines": len(outcomes), "fates": counts, "drift": said}, indent=2)
            + "\n"
        )
        return
    if not outcomes:
        emit("Nothing is remembered. The setting `feedback` turns it on.\n")
        return
    listed = ", ".join(f"{count:,} {_FATES[fate]}" for fate, count in counts.items())
    emit(f"{len(outcomes):,} lines were shown: {listed}.\n")
    if found is None:
        emit("Too few are decided to say whether risks hold.\n")
    elif found.alarm:
        emit(f"{found.sentence()}\n")
    else:
        emit(
            f"Of the last {found.lines:,} decided lines {found.observed:.1%} were edited (99 % interval "
            f"{found.low:.1%} to {found.high:.1%}); {found.predicted:.1%} were expected.\n"
        )


@app.command()
def export(repository: _Folder = None) -> None:
    """Write them as JSON lines, with hashes that were made anew so that nobody can look a line up."""
    import hashlib
    import secrets

    from heatline.cli.output import emit

    store = _opened()
    salt = secrets.token_bytes(16)

    def anew(value: object) -> str:
        return hashlib.blake2b(str(value).encode(), key=salt, digest_size=8).hexdigest()

    lines = [
        {
            "repository": anew(each.repository),
            "file": anew(each.file),
            "line": anew(each.line),
            "probe": each.probe,
            "language": each.language,
            "logit": each.logit,
            "risk": 1 - each.confidence,
            "shown": each.shown,
            "fate": each.fate,
            "decided": each.decided,
        }
        for each in store.outcomes(_key(repository))
    ]
    store.close()
    emit("".join(json.dumps(line) + "\n" for line in lines))


@app.command()
def forget(repository: _Folder = None) -> None:
    """Delete them."""
    store = _opened()
    count = store.forget(_key(repository))
    store.close()
    typer.echo(f"Forgot {count:,} lines.")


_FATES = {
    "edited": "edited before a commit",
    "kept": "kept at a commit",
    "reviewed": "marked as reviewed",
    "pending": "not decided",
}


def _opened() -> FeedbackStore:
    from heatline.cli.output import complain
    from heatline.feedback.store import FeedbackStore

    store = FeedbackStore()
    if store.problem:
        complain(store.problem)
    return store


def _key(folder: Path | None) -> str | None:
    from heatline.history.repository import Repository
    from heatline.history.workspace_scaling import repository_key

    return None if folder is None else repository_key(Repository(folder))
