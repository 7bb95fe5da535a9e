"""`heatline-probes revise`: code revision tasks, answered by a model and measured."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from heatline.cli.progress import stage_progress
from heatline.supervisor.card import atomic_path


def revise(
    model: Annotated[str, typer.Option(help="Name of the model at the endpoint.")],
    out: Annotated[Path, typer.Option(help="JSON-lines file of answers; what is in it is not asked again.")],
    base_url: Annotated[str, typer.Option(help="Endpoint.")] = "http://localhost:8080/v1",
    corpora: Annotated[Path | None, typer.Option(help="Folder with pairs.parquet.")] = None,
    tasks: Annotated[int, typer.Option(min=1, help="How many, of a seeded choice.")] = 100,
    language: Annotated[str, typer.Option(help="Only this language; default: all.")] = "",
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 1024,
    as_json: Annotated[Path | None, typer.Option("--json", help="Also write every figure here.")] = None,
    resamples: Annotated[int, typer.Option(min=20, help="For the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the choice, the folds and the resamples.")] = 0,
) -> None:
    """Ask for revisions of buggy programs; exact matches, edit progress, and what token probabilities know of them.

    The API key is read from OPENAI_API_KEY. Run the command again to go on where it stopped.
    """
    from heatline_probes.corpus.endpoint import Endpoint
    from heatline_probes.corpus.programs import corpora_folder
    from heatline_probes.estimators.revision import load_revision_tasks
    from heatline_probes.estimators.revision_run import choose_tasks, measure_revisions, revision_table
    from heatline_probes.estimators.revision_run import revise as ask

    chosen = choose_tasks(load_revision_tasks(corpora_folder(corpora)), tasks, seed, language)
    endpoint = Endpoint(base_url, model, api_key=os.environ.get("OPENAI_API_KEY", "none"), retries=4)
    with stage_progress() as progress:
        rows = ask(endpoint, chosen, out, max_tokens, seed, progress)
        found = measure_revisions(chosen, rows, resamples=resamples, seed=seed)
    if as_json is not None:
        with atomic_path(as_json) as temporary:
            temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    typer.echo(revision_table(found))
