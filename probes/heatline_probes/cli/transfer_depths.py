"""`heatline-probes transfer-depths`: which layers and poolings of a code probe carry over to prose."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from platformdirs import user_cache_path
from rich.console import Console

from heatline.cli.progress import stage_progress
from heatline.supervisor.card import atomic_path
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline_probes.cli.options import (
    CorporaOption,
    EpochsOption,
    ShareOption,
    SupervisorOption,
    ThreadsOption,
    quotas_at,
)
from heatline_probes.errors import EvaluationError
from heatline_probes.patches.table import MINED, load_patches


def transfer_depths(
    weights: Annotated[
        Path, typer.Argument(help="GGUF file of the supervisor: bundles of other depths are built.")
    ],
    supervisor: SupervisorOption = DEFAULT_SUPERVISOR,
    corpora: CorporaOption = None,
    share: ShareOption = 0.05,
    answers: Annotated[
        int | None, typer.Option(min=50, help="A seeded choice of so many; default: all.")
    ] = None,
    depth: Annotated[
        list[str] | None,
        typer.Option(help="quarter, middle, three-quarters or last; may be given again; default: all."),
    ] = None,
    epochs: EpochsOption = 8,
    folder: Annotated[
        Path | None, typer.Option(help="For bundles and states; default: in the cache.")
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Also write every figure here.")] = None,
    resamples: Annotated[int, typer.Option(min=20, help="For the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the samples, the folds, the fits and the resamples.")] = 0,
    threads: ThreadsOption = None,
) -> None:
    """Fit code probes at several depths with three poolings, and measure each on held-out code and on HaluEval.

    States are kept in --folder: a run goes on where it was stopped.
    """
    from heatline_probes.corpus.programs import corpora_folder, load_corpora
    from heatline_probes.evaluation.transfer import load_answers
    from heatline_probes.evaluation.transfer_depths import DEPTHS, depths_table, measure_depth, read_depth
    from heatline_probes.training.labels import labelled_sample

    place = folder or user_cache_path("heatline") / "transfer" / f"{supervisor}-{share:g}-{seed}"
    if unknown := set(depth or ()) - set(DEPTHS):
        raise EvaluationError(f"The depth {min(unknown)!r} is unknown. Use {', '.join(DEPTHS)}.")
    given = corpora_folder(corpora)
    marked = load_answers(given, answers, seed)
    loaded = load_corpora(given)
    sample = labelled_sample(loaded, load_patches(MINED), quotas_at(share), seed)
    found: dict[str, Any] = {}
    with stage_progress() as progress:
        for name in [known for known in DEPTHS if not depth or known in depth]:
            read = read_depth(name, weights, supervisor, loaded, sample, marked, place, threads, progress)
            progress(f"{name}: probes", 0, 1)
            found[name] = {"layers": read.layers, "poolings": measure_depth(read, epochs, resamples, seed)}
    made_up = sum(bool(one.spans) for one in marked)
    described = {"supervisor": supervisor, "programs": len(sample.programs), "answers": len(marked)}
    if as_json is not None:
        with atomic_path(as_json) as temporary:
            text = json.dumps({**described, "made_up": made_up, "depths": found}, indent=1)
            temporary.write_text(text, encoding="utf-8")
    Console(stderr=True).print(
        f"{len(sample.programs):,} programs; {len(marked):,} answers, {made_up:,} of them with something made up."
    )
    typer.echo(depths_table(found))
