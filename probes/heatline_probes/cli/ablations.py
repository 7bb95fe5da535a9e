"""`heatline-probes ablations`: what each choice in training a probe is worth."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from heatline.cli.progress import stage_progress
from heatline.supervisor.card import atomic_path
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline.supervisor.store import SupervisorStore
from heatline_probes.cli.options import (
    CorporaOption,
    EmbeddingsOption,
    HistoryOption,
    HistoryScopesOption,
    HistoryTextsOption,
    ShareOption,
    SupervisorOption,
    TestedOption,
    ThreadsOption,
    WeakOption,
    embeddings_folder,
    quotas_at,
    written_scopes,
)
from heatline_probes.corpus.programs import corpora_folder, load_corpora
from heatline_probes.errors import TrainingError
from heatline_probes.patches.table import MINED, load_patches
from heatline_probes.training.background import FILES


def ablations(
    out: Annotated[Path, typer.Option(help="The page to write.")],
    names: Annotated[
        list[str], typer.Option("--variant", help="Only this one; may be given again. Default: all.")
    ] = [],  # noqa: B006
    supervisor: SupervisorOption = DEFAULT_SUPERVISOR,
    corpora: CorporaOption = None,
    share: ShareOption = 0.5,
    weak: WeakOption = 0.2,
    tested: TestedOption = 5,
    left_out: Annotated[
        bool, typer.Option("--datasets-left-out", help="Hold out each dataset instead of folds of problems.")
    ] = False,
    resamples: Annotated[int, typer.Option(min=20, help="For the intervals of the differences.")] = 1000,
    embeddings: EmbeddingsOption = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="The supervisor's weights, for variants that need them; default: the pulled ones."),
    ] = None,
    history: HistoryOption = None,
    texts: HistoryTextsOption = None,
    most: HistoryScopesOption = 40,
    finished: Annotated[
        Path | None, typer.Option(help="Finished variants, one line each; default: beside --out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample, the folds, the fits and the resamples.")] = 0,
    threads: ThreadsOption = None,
) -> None:
    """Fit variants of one base probe on the same spans and test the differences; may be stopped and run again."""
    from heatline_probes.evaluation.protocol import EvaluationSettings
    from heatline_probes.training.ablation_page import ablation_page
    from heatline_probes.training.ablation_study import weighed_study
    from heatline_probes.training.ablations import HISTORIES, VARIANTS, run_ablations
    from heatline_probes.training.labels import labelled_sample, with_weak

    known = {variant.name for variant in VARIANTS}
    if unknown := set(names) - known:
        raise TrainingError(
            f"There is no variant {sorted(unknown)[0]!r}. Use some of {', '.join(sorted(known))}."
        )
    store = SupervisorStore()
    pulled = store.folder / "weights" / f"{supervisor}.gguf"
    weights = weights or (pulled if pulled.is_file() else None)
    if weights is not None and not weights.exists():
        raise TrainingError(f"There are no weights at {weights}. Give a GGUF file or a checkpoint's folder.")
    written, history_words = written_scopes(history, texts, most, seed)
    # what needs the weights lays programs out anew, and knows nothing of the contexts of histories' scopes
    missing = {v.name for v in VARIANTS if v.needs_weights and (weights is None or written)}
    missing |= {HISTORIES} if not written else set()
    if unmet := sorted(set(names) & missing):
        need = "--weights and no --history" if unmet[0] != HISTORIES else "--history and --history-texts"
        raise TrainingError(f"The variant {unmet[0]} can't be fitted so. It needs {need}.")
    chosen = [v for v in VARIANTS if v.name in names or not (names or v.name in missing)]
    protocol = "leave_one_dataset_out" if left_out else "by_problem"
    place = finished or out.with_suffix(".jsonl")
    done = dict(json.loads(line) for line in place.read_text().splitlines()) if place.exists() else {}
    loaded = load_corpora(corpora_folder(corpora), other_languages=True)
    quotas = quotas_at(share)
    bundle = store.bundle(supervisor)
    folder = embeddings_folder(embeddings, supervisor)

    def keep(name: str, found: Mapping[str, Any]) -> None:
        with place.open("a") as file:
            file.write(json.dumps([name, found]) + "\n")

    with stage_progress() as progress:
        sample = labelled_sample(
            loaded, load_patches(MINED), quotas, seed, FILES,
            lambda count, total: progress("labelling", count, total),
        )  # fmt: skip
        extended = with_weak(loaded, sample, weak, seed)
        study = weighed_study(bundle, loaded, extended, folder, threads, progress, weights, written)
        rows = run_ablations(
            study,
            chosen,
            5,
            tested,
            protocol,
            seed,
            EvaluationSettings(resamples, seed),
            done,
            progress,
            keep,
        )
    command = f"heatline-probes ablations --out {out.name} --supervisor {supervisor} --share {share:g}"
    held = "--datasets-left-out" if left_out else f"--tested {tested}"
    command += f" --weak {weak:g} {held} --resamples {resamples} --seed {seed}{history_words}"
    about = f"{len(sample.programs)} programs and {len(extended.weak)} weak ones, "
    about += "each dataset left out once" if left_out else f"{tested} of 5 folds of problems held out"
    with atomic_path(out) as temporary:
        temporary.write_text(ablation_page(rows, command, about), encoding="utf-8")
    Console(stderr=True).print(f"Wrote {out}.")
