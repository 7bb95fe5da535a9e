"""Options that several commands share, so that they are named, bounded and explained alike."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from platformdirs import user_cache_path

from heatline_probes.errors import TrainingError
from heatline_probes.training.sample import DEFAULT_QUOTAS

if TYPE_CHECKING:
    from heatline_probes.training.history_rows import WrittenProgram

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
HistoryOption = Annotated[
    Path | None,
    typer.Option(
        "--history", help="Folder of rows that `corpus from-git` wrote: also learn which lines were fixed."
    ),
]
HistoryTextsOption = Annotated[Path | None, typer.Option("--history-texts", help="Folder of their texts.")]
HistoryScopesOption = Annotated[
    int, typer.Option("--history-scopes", min=1, help="Scopes of one repository.")
]
PROTOCOLS = ["by_problem", "leave_one_dataset_out", "leave_one_generator_out", "leave_one_language_out"]
ProtocolsOption = Annotated[
    list[str], typer.Option("--protocol", help="What to measure; may be given again.")
]
PatchesOption = Annotated[Path, typer.Option("--patches", help="Folder of mined patches (`patches mine`).")]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads (default: physical cores but one).")
]


def quotas_at(share: float) -> dict[str, int]:
    """Programs per dataset, at a share of the default numbers."""
    return {dataset: round(quota * share) for dataset, quota in DEFAULT_QUOTAS.items()}


def embeddings_folder(given: Path | None, supervisor: str) -> Path:
    """The folder of hidden states that was given, else the supervisor's own in the cache."""
    return given or user_cache_path("heatline") / "embeddings" / supervisor


def written_scopes(
    history: Path | None, texts: Path | None, most: int, seed: int
) -> tuple[list["WrittenProgram"], str]:
    """The scopes of git histories to learn from, and the words of a command that ask for them; none, if not given."""
    from heatline_probes.training.history_rows import read_history_rows

    if (history is None) != (texts is None):
        raise TrainingError(
            "Rows of git histories and their texts go together. Give --history and --history-texts."
        )
    if history is None or texts is None:
        return [], ""
    words = f" --history {history.name} --history-texts {texts.name} --history-scopes {most}"
    return read_history_rows(history, texts, most, seed=seed), words
