"""Options that several commands share, so that they are named, bounded and explained alike."""

from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_cache_path

from heatline_probes.training.sample import DEFAULT_QUOTAS

SupervisorOption = Annotated[str, typer.Option("--supervisor", help="Supervisor to read with.")]
CorporaOption = Annotated[
    Path | None, typer.Option("--corpora", help="Folder of corpora; default: HEATLINE_CORPORA.")
]
ShareOption = Annotated[
    float,
    typer.Option("--share", min=0.01, max=1.0, help="Of the default number of programs per dataset."),
]
TestedOption = Annotated[
    int, typer.Option("--tested", min=1, max=5, help="Of five folds, how many are held out.")
]
EpochsOption = Annotated[int, typer.Option("--epochs", min=1, help="The learning rate falls to 0 over them.")]
WeakOption = Annotated[
    float,
    typer.Option("--weak", min=0.0, help="Failing programs without a patch, as a share of the sample."),
]
EmbeddingsOption = Annotated[
    Path | None,
    typer.Option("--embeddings", help="Folder of hidden states; default: in the cache. Used again."),
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads (default: physical cores but one).")
]


def quotas_at(share: float) -> dict[str, int]:
    """Programs per dataset, at a share of the default numbers."""
    return {dataset: round(quota * share) for dataset, quota in DEFAULT_QUOTAS.items()}


def embeddings_folder(given: Path | None, supervisor: str) -> Path:
    """The folder of hidden states that was given, else the supervisor's own in the cache."""
    return given or user_cache_path("heatline") / "embeddings" / supervisor
