"""The programs of the ablations: those that a probe is trained on, and failing ones that nothing else is known of."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore
from heatline_probes.corpus.programs import Corpora
from heatline_probes.training.ablations import SURPRISAL, TWO_LAYERS, Study
from heatline_probes.training.adapters import AdapterSettings, LiveStates, program_sequences
from heatline_probes.training.fit import States, standardise
from heatline_probes.training.history_rows import WrittenProgram, balanced, label_with_history
from heatline_probes.training.inputs import side_by_side, with_surprisal
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.store import EmbeddingStore, Source
from heatline_probes.training.supervisor_model import SupervisorModel

Progress = Callable[[str, int, int], None]


def weighed_study(
    bundle: Path,
    corpora: Corpora,
    sample: LabelledSample,
    embeddings: Path,
    threads: int | None = None,
    progress: Progress = lambda stage, done, total: None,
    weights: Path | None = None,
    written: Sequence[WrittenProgram] = (),
) -> Study:
    """States and labels of the sample, weak programs among it, and of git histories; states are kept in `embeddings`.

    With the supervisor's `weights`, a GGUF file or a checkpoint's folder, also what variants with other inputs see;
    a bundle of three quarters of the layers is built and kept, with its states, beside `embeddings`.
    """
    session = SupervisorSession(bundle, threads)
    sources = [*(Source(p.code, p.language) for p in sample.programs), *(w.source for w in written)]

    def embed(folder: Path, deeper: SupervisorSession) -> tuple[NDArray[np.float16], pd.DataFrame]:
        store = EmbeddingStore(folder, deeper.card.bundle_hash)
        store.fill(sources, SequenceRunner(deeper), lambda done, total: progress("embedding", done, total))
        return store.read(sources)

    hidden, tokens = embed(embeddings, session)
    examples = balanced(label_with_history(corpora, sample, written, tokens))
    sample = replace(sample, programs=examples.programs)
    states = standardise(hidden, examples.rows)

    def two_layers() -> States:
        assert weights is not None
        folder = embeddings.with_name(f"{embeddings.name}-three-quarters")
        layers = round(0.75 * session.card.layers_total)
        bundles = SupervisorStore(folder / "bundles")
        name = f"{session.card.name}-{layers}"
        if name not in [found.name for found in bundles.installed()]:
            bundles.build(name, weights, layers)
        deeper, _ = embed(folder / "states", SupervisorSession(bundles.bundle(name), threads))
        return side_by_side([hidden, deeper], examples)

    def surprisal() -> States:
        assert weights is not None
        model, card = SupervisorModel(weights, session.card.layers), session.card
        return with_surprisal(states, hidden, examples, model, session.tokenizer, card.sink_token_id)

    @cache
    def live(adapters: AdapterSettings) -> LiveStates:
        assert weights is not None
        model, card = SupervisorModel(weights, session.card.layers, torch.bfloat16), session.card
        sequences = program_sequences(examples, session.tokenizer, card.sink_token_id)
        return LiveStates(
            model, states, examples, sequences, adapters.layers, lambda d, t: progress("lower layers", d, t)
        )

    if weights is None:
        return Study(states, examples, sample, sample.weak)
    inputs = {TWO_LAYERS: two_layers, SURPRISAL: surprisal}
    return Study(states, examples, sample, sample.weak, inputs, live)
