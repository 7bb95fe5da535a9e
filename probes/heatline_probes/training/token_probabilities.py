"""What the supervisor itself thinks of every token: log p(token | what stands before it), through all its layers.

The baseline that needs no probe. A bundle ends before the last layers and has no output matrix, so the weights are read
again, in bfloat16; programs are laid out as in serving. Kept on disk, outside the repository: a folder of one
`NAME.npz` for each few programs, addressed by their text, so that a run that was stopped goes on.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heatline.probe.span_probe import RMS_EPSILON
from heatline.scoring.layout import LAYOUT_VERSION
from heatline.scoring.layout import Sequence as LaidOut
from heatline.supervisor.card import atomic_path, sha256_of
from heatline.supervisor.session import SupervisorSession
from heatline_probes.corpus.programs import Corpora
from heatline_probes.errors import CorpusError
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.training.examples import Examples, label_examples
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.store import Source, token_tables
from heatline_probes.training.supervisor_model import SupervisorModel
from heatline_probes.training.train import TrainingPlan, predictions_of, tested_split

Float32 = NDArray[np.float32]

SHARD = 200  # programs
ROOM = 4000  # tokens of a batch, padding included
ROWS = 512  # of the logits over the whole vocabulary, at a time


class TokenProbabilities:
    """A folder of log-probabilities that the GGUF file gave which a supervisor's bundle was made from.

    Raises CorpusError when `weights` is another file, or the folder holds what another one gave.
    """

    def __init__(self, folder: Path, weights: Path, session: SupervisorSession) -> None:
        self.folder = folder
        self._tokenizer, self._sink = session.tokenizer, session.card.sink_token_id
        try:
            digest = sha256_of(weights)
        except OSError as error:
            raise CorpusError(f"The weights {weights} can't be read ({error}). Name a GGUF file.") from error
        if digest != session.card.weights_sha256:
            raise CorpusError(
                f"{weights.name} is not what {session.card.name} was made from ({session.card.weights_source}). "
                "Name that file."
            )
        identity = {"weights": digest, "layout": LAYOUT_VERSION}
        described = folder / "store.json"
        if not described.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with atomic_path(described) as temporary:
                temporary.write_text(json.dumps(identity), encoding="utf-8")
        elif json.loads(described.read_text(encoding="utf-8")) != identity:
            raise CorpusError(f"The probabilities in {folder} are of other weights. Name another folder.")

    def fill(
        self,
        sources: Sequence[Source],
        model: Callable[[], SupervisorModel],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """Read what is missing; may be stopped at any moment and called again. `model` is asked for if needed."""
        known = self._known()
        missing = list({s.key: s for s in sources if s.key not in known}.values())
        if missing:
            loaded = model()
            for first in range(0, len(missing), SHARD):
                progress(len(sources) - len(missing) + first, len(sources))
                self._read_shard(missing[first : first + SHARD], loaded)
        progress(len(sources), len(sources))

    def read(self, sources: Sequence[Source]) -> tuple[Float32, pd.DataFrame]:
        """Natural log-probabilities `(T,)` of the sources' tokens, in order, and their token table.

        The table is an `EmbeddingStore`'s. Raises CorpusError where a source is not there yet.
        """
        known = self._known()
        values, tables = [], []
        for number, source in enumerate(sources):
            if source.key not in known:
                raise CorpusError(f"Not all programs are in {self.folder}. Read the sample first.")
            rows = [table for _, table in token_tables(source, self._tokenizer, self._sink)]
            if sum(map(len, rows)) != len(known[source.key]):
                raise CorpusError(f"The probabilities in {self.folder} are of another segmentation.")
            values.append(known[source.key])
            tables += [table.assign(program=np.int32(number)) for table in rows]
        return np.concatenate(values), pd.concat(tables, ignore_index=True)

    def _known(self) -> dict[str, Float32]:
        found: dict[str, Float32] = {}
        for shard in sorted(self.folder.glob("*.npz")):
            with np.load(shard, allow_pickle=False) as arrays:
                parts = np.split(arrays["log_probability"], np.cumsum(arrays["tokens"])[:-1])
                found.update(zip(arrays["keys"].tolist(), parts, strict=True))
        return found

    def _read_shard(self, sources: Sequence[Source], model: SupervisorModel) -> None:
        sequences = [
            [
                sequence
                for layout, _ in token_tables(source, self._tokenizer, self._sink)
                for sequence in layout.sequences
            ]
            for source in sources
        ]
        flat = iter(log_probabilities(model, [sequence for each in sequences for sequence in each]))
        empty = np.empty(0, np.float32)
        values = [np.concatenate([empty, *(next(flat) for _ in each)]) for each in sequences]
        keys = [source.key for source in sources]
        name = hashlib.sha1(" ".join(keys).encode(), usedforsecurity=False).hexdigest()[:16]
        with atomic_path(self.folder / f"{name}.npz") as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                keys=np.asarray(keys),
                tokens=np.asarray([len(value) for value in values]),
                log_probability=np.concatenate(values),
            )


def log_probabilities(model: SupervisorModel, sequences: Sequence[LaidOut]) -> list[Float32]:
    """Of every sequence, the log-probabilities `(scored,)` of its scored tokens, each after all before it."""
    found: list[Float32] = [np.empty(0, np.float32)] * len(sequences)
    batch: list[int] = []
    for index in sorted(range(len(sequences)), key=lambda i: len(sequences[i].ids)):
        if batch and (len(batch) + 1) * len(sequences[index].ids) > ROOM:
            _run(model, sequences, batch, found)
            batch = []
        batch.append(index)
    if batch:
        _run(model, sequences, batch, found)
    return found


def _run(
    model: SupervisorModel, sequences: Sequence[LaidOut], batch: Sequence[int], found: list[Float32]
) -> None:
    chosen = [sequences[i] for i in batch]
    ids = [torch.from_numpy(s.ids.astype(np.int64)) for s in chosen]
    with torch.inference_mode():
        padded = nn.utils.rnn.pad_sequence(ids, batch_first=True)  # causal: what pads comes after
        states = model.decoder(padded, use_cache=False).last_hidden_state  # (b, t, D)
        before = torch.cat(
            [h[len(x) - s.scored - 1 : len(x) - 1] for h, x, s in zip(states, ids, chosen, strict=True)]
        )
        after = torch.cat([x[len(x) - s.scored :] for x, s in zip(ids, chosen, strict=True)])
        parts = [
            _chosen(model, before[first : first + ROWS], after[first : first + ROWS])
            for first in range(0, len(after), ROWS)
        ]
    bounds = np.cumsum([s.scored for s in chosen])[:-1]
    for index, value in zip(batch, np.split(torch.cat(parts).numpy(), bounds), strict=True):
        found[index] = value


def _chosen(model: SupervisorModel, before: Tensor, ids: Tensor) -> Tensor:
    """Log-probability `(n,)` of `ids` after the last layer's states `(n, D)` of the tokens before them."""
    rows = before.float()
    normed = rows / torch.sqrt((rows**2).mean(dim=1, keepdim=True) + RMS_EPSILON) * model.final_gamma
    scores: Tensor = model.output(normed.to(before.dtype)).float()  # (n, V)
    return scores.gather(1, ids[:, None])[:, 0] - scores.logsumexp(dim=1)


def sources_of(sample: LabelledSample) -> list[Source]:
    """The sample's texts, as an `EmbeddingStore` addresses them."""
    return [Source(p.code, p.language) for p in sample.programs]


def read_sample(
    store: TokenProbabilities, corpora: Corpora, sample: LabelledSample
) -> tuple[Examples, Float32]:
    """The labelled tokens of a sample and their log-probabilities `(T,)`."""
    values, tokens = store.read(sources_of(sample))
    examples = label_examples(corpora, sample.programs, tokens, sample.edits)
    return examples, values[examples.rows]


def without_probe(
    protocol: str, plan: TrainingPlan, sample: LabelledSample, examples: Examples, log_probability: Float32
) -> Predictions:
    """The spans that a probe would be tested on under the protocol, with log-probabilities `(T,)` and no logits.

    The logits are 0 where a fold tests the program: only the baselines of such predictions mean anything.
    """
    split = tested_split(protocol, sample, examples.group, plan)
    logits = {
        name: np.where(split.fold[level.program] >= 0, 0.0, np.nan) for name, level in examples.levels.items()
    }
    notes = {"labels": dict(sample.note), "command": plan.command}
    found = predictions_of(plan, examples, sample, split, protocol, logits, notes)
    tokens = replace(found.levels["token"], log_probability=log_probability.astype(np.float64))
    return replace(found, levels={**found.levels, "token": tokens})
