"""`heatline-probes train`: from a corpus to a probe with its card."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatline.cli.progress import stage_progress
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline.supervisor.store import SupervisorStore
from heatline_probes.cli.options import (
    PROTOCOLS,
    CorporaOption,
    EmbeddingsOption,
    EpochsOption,
    HistoryOption,
    HistoryScopesOption,
    HistoryTextsOption,
    PatchesOption,
    ProtocolsOption,
    ShareOption,
    SupervisorOption,
    ThreadsOption,
    WeakOption,
    embeddings_folder,
    quotas_at,
    written_scopes,
)
from heatline_probes.corpus.programs import corpora_folder, load_corpora, own_corpora
from heatline_probes.errors import CorpusError
from heatline_probes.patches.table import MINED, load_patches
from heatline_probes.training.background import FILES


def train(
    out: Annotated[Path, typer.Option(help="Folder for NAME.safetensors and NAME.json.")],
    supervisor: SupervisorOption = DEFAULT_SUPERVISOR,
    name: Annotated[str, typer.Option(help="The probe's name.")] = "default",
    corpora: CorporaOption = None,
    own: Annotated[
        list[Path],
        typer.Option(
            "--corpus",
            help="A table of your own programs, all of it used (docs/corpora.md has the columns); may be given "
            "again. Alone it replaces the default corpora, with --corpora it is added to them.",
        ),
    ] = [],  # noqa: B006
    patches: PatchesOption = MINED,
    share: ShareOption = 1.0,
    protocols: ProtocolsOption = PROTOCOLS,
    features: Annotated[int, typer.Option(min=1, help="Numbers that each fit keeps of a token (d).")] = 64,
    scope_features: Annotated[
        int, typer.Option(min=0, help="Width of the scope stage; 0: the paper's probe.")
    ] = 64,
    epochs: EpochsOption = 8,
    dropout: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Of the token features; more, for other code than this.")
    ] = 0.4,
    members: Annotated[
        int, typer.Option(min=1, help="Fits that differ by their seed; the probe is their average.")
    ] = 2,
    weak: WeakOption = 0.1,
    background: Annotated[
        int, typer.Option(min=0, help="Files of the standard library to learn from as kept.")
    ] = FILES,
    history: HistoryOption = None,
    texts: HistoryTextsOption = None,
    most: HistoryScopesOption = 40,
    embeddings: EmbeddingsOption = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Keep held-out predictions here, for `evaluate`.")
    ] = None,
    measure: Annotated[
        bool, typer.Option(help="Put metrics on the card; else `evaluate --card` does, from the predictions.")
    ] = True,
    seed: Annotated[int, typer.Option(help="Of the sample, the folds and the fit.")] = 0,
    threads: ThreadsOption = None,
) -> None:
    """Train a span probe, measure it on held-out programs, and write it with its card."""
    from heatline_probes.evaluation.predictions import Predictions
    from heatline_probes.training.fit import FitSettings
    from heatline_probes.training.labels import labelled_sample, with_weak
    from heatline_probes.training.train import TrainingPlan, train_probe

    written, history_words = written_scopes(history, texts, most, seed)
    bundle = SupervisorStore().bundle(supervisor)
    default = None if own and corpora is None else load_corpora(corpora_folder(corpora), other_languages=True)
    quotas = quotas_at(share) if default else {}
    loaded = own_corpora(own, default)
    added = Counter(p.dataset for p in loaded.programs[len(default.programs) if default else 0 :])
    quotas |= added
    command = (
        f"heatline-probes train --supervisor {supervisor} --share {share:g} --features {features} "
        f"--scope-features {scope_features} --epochs {epochs} --dropout {dropout:g} "
        f"--members {members} --weak {weak:g} --background {background} --seed {seed}"
        + "".join(f" --corpus {path.name}" for path in own)
        + history_words
    )
    folder = embeddings_folder(embeddings, supervisor)
    settings = FitSettings(
        features=features,
        scope_features=scope_features,
        epochs=epochs,
        dropout=dropout,
        members=members,
        seed=seed,
    )
    plan = TrainingPlan(
        name, supervisor, tuple(protocols), seed=seed, measure=measure, settings=settings, command=command
    )

    def keep(found: Predictions) -> None:
        if predictions is not None:
            found.save(predictions / found.protocol)

    with stage_progress() as progress:
        sample = labelled_sample(
            loaded, load_patches(patches), quotas, seed, background,
            lambda done, total: progress("labelling", done, total),
        )  # fmt: skip
        if not sample.programs:
            raise CorpusError(
                "The corpora hold no usable programs: failing ones need a patch or a passing program of their problem. "
                "Check HEATLINE_CORPORA or --corpus."
            )
        probe = train_probe(
            plan,
            bundle,
            loaded,
            with_weak(loaded, sample, weak, seed),
            folder,
            threads,
            progress,
            keep,
            written,
        )
    path = probe.save(out)
    Console(stderr=True).print(f"The probe is in {path}; `heatline probe info {path}` prints its card.")
