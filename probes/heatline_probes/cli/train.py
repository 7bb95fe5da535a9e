"""`heatline-probes train`: from a corpus to a probe with its card."""

from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_cache_path
from rich.console import Console

from heatline.cli.progress import stage_progress
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline.supervisor.store import SupervisorStore
from heatline_probes.corpus.programs import load_corpora
from heatline_probes.errors import CorpusError
from heatline_probes.patches.table import load_patches
from heatline_probes.training.labels import nearest_edits

LABELS = ("nearest", "mined")


def train(
    out: Annotated[Path, typer.Option(help="Folder for NAME.safetensors and NAME.json.")],
    supervisor: Annotated[str, typer.Option(help="Supervisor to read with.")] = DEFAULT_SUPERVISOR,
    name: Annotated[str, typer.Option(help="The probe's name.")] = "default",
    corpora: Annotated[
        Path | None, typer.Option(help="Folder of corpora; default: HEATLINE_CORPORA.")
    ] = None,
    programs: Annotated[int | None, typer.Option(min=50, help="At most so many programs.")] = None,
    labels: Annotated[
        str,
        typer.Option(
            help="nearest: the nearest passing program; mined: minimal patches where there are any."
        ),
    ] = "nearest",
    embeddings: Annotated[
        Path | None, typer.Option(help="Folder of hidden states; default: in the cache. Used again.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample, the folds and the fit.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads (default: physical cores but one).")
    ] = None,
) -> None:
    """Train a span probe, measure it on held-out problems, and write it with its card."""
    if labels not in LABELS:
        raise CorpusError(f"Unknown labels {labels!r}. Use {' or '.join(LABELS)}.")
    from heatline_probes.training.sample import sample_programs
    from heatline_probes.training.train import TrainingPlan, train_probe

    bundle = SupervisorStore().bundle(supervisor)
    loaded = load_corpora(corpora)
    sample = sample_programs(loaded, seed=seed)[:programs]
    if not sample:
        raise CorpusError("The corpora hold no usable Python programs. Check HEATLINE_CORPORA.")
    command = f"heatline-probes train --supervisor {supervisor} --labels {labels} --seed {seed}"
    command += f" --programs {programs}" if programs else ""
    folder = embeddings or user_cache_path("heatline") / "embeddings" / f"{supervisor}-{seed}-{len(sample)}"
    with stage_progress() as progress:
        edits = nearest_edits(loaded, sample, lambda done, total: progress("labelling", done, total))
        note = {"kind": "nearest passing program", "programs": len(edits)}
        if labels == "mined":
            shas = {p.code_sha for p in sample}
            patches = load_patches(verified_only=True).values()
            mined = {p.code_sha: p.edits for p in patches if p.code_sha in shas}
            edits = {**edits, **mined}
            note = {
                "kind": "minimal patches, else nearest passing program",
                "programs": len(edits),
                "mined": len(mined),
            }
        plan = TrainingPlan(name, supervisor, seed=seed, command=command)
        probe = train_probe(plan, bundle, loaded, sample, edits, folder, threads, note, progress)
    path = probe.save(out)
    Console(stderr=True).print(f"The probe is in {path}; `heatline probe info {path}` prints its card.")
