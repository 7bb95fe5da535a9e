"""Hidden states of programs on disk: what serving sees, RMS-normalised, float16, in shards, resumable.

Outside the repository: a shard `NNNNN/` holds `states.npy` (T, D) float16 and `tokens.parquet`, one row per
token: program (index into the sample), scope (index within the program), line (of the program, from 0), start,
end (code points).
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heatline.probe.span_probe import rms_normalize
from heatline.scoring.layout import LAYOUT_VERSION, lay_out
from heatline.scoring.lines import line_spans
from heatline.scoring.scopes import find_scopes
from heatline.scoring.scored_text import token_lines
from heatline.scoring.sequences import SequenceRunner
from heatline_probes.errors import CorpusError

SHARD = 100  # programs


@dataclass(frozen=True)
class Source:
    """One text to embed; `key` names it across runs."""

    key: str
    code: str
    language: str = "python"


class EmbeddingStore:
    """A folder of shards for one bundle, layout and list of programs."""

    def __init__(self, folder: Path, sources: Sequence[Source], bundle_hash: str) -> None:
        self.folder = folder
        self.sources = sources
        digest = hashlib.sha256(" ".join(source.key for source in sources).encode()).hexdigest()
        self._identity = {"bundle_hash": bundle_hash, "layout": LAYOUT_VERSION, "sources": digest}
        described = folder / "store.json"
        if not described.exists():
            folder.mkdir(parents=True, exist_ok=True)
            described.write_text(json.dumps(self._identity))
        elif json.loads(described.read_text()) != self._identity:
            raise CorpusError(
                f"The embeddings in {folder} are of another bundle, layout or sample. Name another folder."
            )

    def fill(self, runner: SequenceRunner, progress: Callable[[int, int], None]) -> None:
        """Embed what is missing; may be stopped at any moment and called again."""
        total = len(self.sources)
        for first in range(0, total, SHARD):
            if not self._shard(first).is_dir():
                self._embed(first, runner)
            progress(min(first + SHARD, total), total)

    def read(self) -> tuple[NDArray[np.float16], pd.DataFrame]:
        """All states `(T, D)` and the token table, in the sample's order."""
        folders = [self._shard(first) for first in range(0, len(self.sources), SHARD)]
        if missing := [f for f in folders if not f.is_dir()]:
            raise CorpusError(f"{len(missing)} shards of {self.folder} are missing. Embed the sample first.")
        states = np.concatenate([np.load(f / "states.npy") for f in folders])
        tokens = pd.concat([pd.read_parquet(f / "tokens.parquet") for f in folders], ignore_index=True)
        return states, tokens

    def _shard(self, first: int) -> Path:
        return self.folder / f"{first:06d}"

    def _embed(self, first: int, runner: SequenceRunner) -> None:
        states, tables = [], []
        for number, source in enumerate(self.sources[first : first + SHARD], start=first):
            for hidden, table in embed_program(source, runner):
                states.append(hidden)
                tables.append(table.assign(program=np.int32(number)))
        staged = self.folder / f".{first:06d}.{os.getpid()}.part"
        staged.mkdir(exist_ok=True)
        np.save(staged / "states.npy", np.concatenate(states))
        pd.concat(tables, ignore_index=True).to_parquet(staged / "tokens.parquet")
        target = self._shard(first)
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)


def embed_program(
    source: Source, runner: SequenceRunner
) -> Iterator[tuple[NDArray[np.float16], pd.DataFrame]]:
    """Hidden states and token table of every scope, laid out as in serving."""
    starts = line_spans(source.code)[:, 0]
    session = runner.session
    for number, scope in enumerate(find_scopes(source.code, source.language)):
        layout = lay_out(source.code, scope, session.tokenizer, session.card.sink_token_id)
        if not layout.sequences:
            continue
        hidden = np.concatenate([runner.hidden_states(s)[-s.scored :] for s in layout.sequences])
        spans = layout.tokens.offsets.astype(np.int64) + scope.start
        table = pd.DataFrame(
            {
                "scope": np.int32(number),
                "line": token_lines(source.code, spans, starts).astype(np.int32),
                "start": spans[:, 0].astype(np.int32),
                "end": spans[:, 1].astype(np.int32),
            }
        )
        yield rms_normalize(hidden).astype(np.float16), table
