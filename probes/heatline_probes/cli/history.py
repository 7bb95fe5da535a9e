"""`heatline-probes history`: learn from what became of AI-written lines, beside benchmarks, and say which is best."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from heatline.cli.progress import stage_progress
from heatline.probe import SpanProbe
from heatline.scorer import find_probe
from heatline.supervisor.card import atomic_path
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline.supervisor.store import SupervisorStore
from heatline_probes.cli.options import (
    CorporaOption,
    EmbeddingsOption,
    EpochsOption,
    ShareOption,
    SupervisorOption,
    TestedOption,
    ThreadsOption,
    embeddings_folder,
    quotas_at,
)
from heatline_probes.corpus.programs import load_corpora
from heatline_probes.errors import TrainingError
from heatline_probes.patches.table import MINED, load_patches
from heatline_probes.training.background import FILES


def history(
    rows: Annotated[Path, typer.Argument(help="Folder of rows that `corpus from-git` wrote.")],
    texts: Annotated[Path, typer.Argument(help="Folder of their texts.")],
    out: Annotated[Path, typer.Option(help="The page to write.")],
    supervisor: SupervisorOption = DEFAULT_SUPERVISOR,
    corpora: CorporaOption = None,
    share: ShareOption = 0.5,
    most: Annotated[int, typer.Option(min=1, help="Scopes of one repository.")] = 400,
    tested: TestedOption = 5,
    epochs: EpochsOption = 4,
    embeddings: EmbeddingsOption = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Also write every figure here.")] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(
            help="What --json wrote with these options: only the supervisor's probe is measured again."
        ),
    ] = None,
    card: Annotated[
        Path | None, typer.Option(help="Put what the supervisor's own probe finds on this card of it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the samples, the folds and the fits.")] = 0,
    threads: ThreadsOption = None,
) -> None:
    """Train on benchmarks only, history only, both, and one after the other; measure all four on both domains."""
    from heatline_probes.evaluation.results import write_card_history
    from heatline_probes.training.domain_page import domain_page
    from heatline_probes.training.domain_runs import FOLDS, compare_ways
    from heatline_probes.training.fit import FitSettings
    from heatline_probes.training.history_rows import card_of, read_history_rows
    from heatline_probes.training.labels import labelled_sample

    if card is not None and tested != FOLDS:
        raise TrainingError(
            f"A card wants baselines over all repositories: give --tested {FOLDS} or no --card."
        )
    command = (
        f"heatline-probes history {rows.name} {texts.name} --out {out.name} --supervisor {supervisor} "
        f"--share {share:g} --most {most} --tested {tested} --epochs {epochs} --seed {seed}"
    )
    known = written_earlier(earlier, command) if earlier is not None else None
    bundle = SupervisorStore().bundle(supervisor)
    shipped = SpanProbe.load(find_probe(supervisor))
    written = read_history_rows(rows, texts, most, seed=seed)
    loaded = load_corpora(corpora, other_languages=True)
    quotas = quotas_at(share)
    settings = FitSettings(features=64, scope_features=64, epochs=epochs, seed=seed)
    folder = embeddings_folder(embeddings, supervisor)
    with stage_progress() as progress:
        sample = labelled_sample(
            loaded, load_patches(MINED), quotas, seed, FILES,
            lambda done, total: progress("labelling", done, total),
        )  # fmt: skip
        found = compare_ways(
            bundle, loaded, sample, written, folder, settings, tested, threads, progress, shipped, known
        )
    found |= {"supervisor": supervisor, "command": command, "card": card_of(rows)}
    if as_json is not None:
        with atomic_path(as_json) as temporary:
            temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    with atomic_path(out) as temporary:
        temporary.write_text(domain_page(found), encoding="utf-8")
    if card is not None:
        write_card_history(card, found)
    Console(stderr=True).print(f"Wrote {out}.")


def written_earlier(path: Path, command: str) -> dict[str, Any]:
    """What the same command wrote before, wherever its page went; raises TrainingError for another's or none."""
    try:
        found = dict(json.loads(path.read_text(encoding="utf-8")))
        same = _anywhere(found["command"]) == _anywhere(command)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} can't be read ({error}). Name what `history --json` wrote.") from error
    if not same:
        raise TrainingError(
            f"{path} was written with other options ({found['command']}). Give the same ones, or no --earlier."
        )
    return found


def _anywhere(command: str) -> str:
    return re.sub(r" --out \S+", "", command)
