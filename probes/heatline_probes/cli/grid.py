"""`heatline-probes grid`: every combination of the paper's design space, and what each choice is worth."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from platformdirs import user_cache_path
from rich.console import Console

from heatline.cli.progress import stage_progress
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline_probes.cli.options import (
    CorporaOption,
    EpochsOption,
    ShareOption,
    SupervisorOption,
    TestedOption,
    ThreadsOption,
    quotas_at,
)
from heatline_probes.corpus.programs import load_corpora
from heatline_probes.patches.table import MINED, load_patches


def grid(
    weights: Annotated[
        Path, typer.Argument(help="GGUF file of the supervisor: bundles of other depths are built.")
    ],
    out: Annotated[Path, typer.Option(help="The page to write; its plot goes to images/ beside it.")],
    supervisor: SupervisorOption = DEFAULT_SUPERVISOR,
    corpora: CorporaOption = None,
    share: ShareOption = 0.1,
    tested: TestedOption = 2,
    epochs: EpochsOption = 8,
    folder: Annotated[
        Path | None, typer.Option(help="For bundles, states and finished rows; default: in the cache.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample, the folds and the fits.")] = 0,
    threads: ThreadsOption = None,
) -> None:
    """Fit every combination of style, width, pooling, loss and scope stage; may be stopped and run again."""
    from heatline_probes.training.grid import embed_styles, run_grid
    from heatline_probes.training.grid_page import write_page
    from heatline_probes.training.labels import labelled_sample

    place = folder or user_cache_path("heatline") / "grid" / f"{supervisor}-{share:g}-{seed}"
    place.mkdir(parents=True, exist_ok=True)
    finished = place / f"rows-{tested}-{epochs}.jsonl"
    done = [json.loads(line) for line in finished.read_text().splitlines()] if finished.exists() else []

    def keep(row: Mapping[str, Any]) -> None:
        with finished.open("a") as file:
            file.write(json.dumps(dict(row)) + "\n")

    loaded = load_corpora(corpora)
    quotas = quotas_at(share)
    sample = labelled_sample(loaded, load_patches(MINED), quotas, seed)
    with stage_progress() as progress:
        embedded = embed_styles(weights, supervisor, loaded, sample, place, threads, progress)
        rows = run_grid(embedded, sample, 5, tested, epochs, seed, done, progress, keep)
    command = (
        f"heatline-probes grid {weights.name} --out {out.name} --supervisor {supervisor} --share {share:g}"
    )
    command += f" --tested {tested} --epochs {epochs} --seed {seed}"
    about = f"{len(sample.programs)} programs, {tested} of 5 folds held out"
    written = write_page(rows, out, command, about)
    Console(stderr=True).print(f"Wrote {', '.join(str(path) for path in written)}.")
