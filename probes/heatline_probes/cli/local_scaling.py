"""`heatline-probes local-scaling`: does local Platt scaling beat global Platt scaling?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from heatline.cli.progress import stage_progress
from heatline.supervisor.card import BundleCard, atomic_path


def local_scaling(
    predictions: Annotated[list[Path], typer.Argument(help="Folders of predictions that `train` wrote.")],
    embeddings: Annotated[Path, typer.Option(help="The hidden states `train` read (--embeddings).")],
    level: Annotated[str, typer.Option(help="line, code_line or problem.")] = "line",
    programs: Annotated[
        int | None, typer.Option(min=50, help="A seeded choice of so many programs; default: all.")
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Also write every figure here.")] = None,
    resamples: Annotated[int, typer.Option(min=20, help="For the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the choice, the folds, the clusters, the resamples.")] = 0,
) -> None:
    """Fit both on the same held-out spans and apply them to the same others: a table with paired differences."""
    from heatline.supervisor.store import SupervisorStore
    from heatline_probes.evaluation.local_scaling import (
        local_table,
        pooled_states,
        sampled,
        study_local_platt,
    )
    from heatline_probes.evaluation.predictions import Predictions
    from heatline_probes.evaluation.protocol import MEASURED, EvaluationSettings
    from heatline_probes.training.store import EmbeddingStore

    studies = []
    with stage_progress() as progress:
        for folder in predictions:
            run = Predictions.load(folder)
            if programs is not None:
                run = sampled(run, programs, seed)
            card = BundleCard.read(SupervisorStore().bundle(run.supervisor))
            states = pooled_states(
                run, MEASURED[level], EmbeddingStore(embeddings, card.bundle_hash), progress
            )
            settings = EvaluationSettings(resamples, seed)
            studies.append(study_local_platt(run, states, level, settings, progress=progress).to_json())
    if as_json is not None:
        with atomic_path(as_json) as temporary:
            temporary.write_text(json.dumps(studies, indent=1), encoding="utf-8")
    typer.echo(local_table(studies))
