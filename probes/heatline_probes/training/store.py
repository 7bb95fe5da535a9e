"""Hidden states of programs on disk: what serving sees, RMS-normalised, float16, in shards, resumable.

Outside the repository. A store belongs to one bundle (its depth is the layer that is read), layout and style; it
holds any programs, addressed by their text: a larger sample only embeds what is not there. A shard is a folder with
`states.npy` (T, D) float16, `tokens.parquet`, one row per token: program (index into the shard's keys), scope (index
within the program), line (of the program, from 0), start, end (code points), and `keys.json`.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heatline.probe.span_probe import rms_normalize
from heatline.scoring.layout import LAYOUT_VERSION, ScopeLayout, lay_out
from heatline.scoring.lines import line_spans
from heatline.scoring.scopes import Scope, find_scopes
from heatline.scoring.scored_text import token_lines
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.tokenizer import TextTokenizer
from heatline_probes.errors import CorpusError

SHARD = 100  # programs


class Style(StrEnum):
    """Which state stands for a token (paper, §5.1): its own, or the one it was predicted from."""

    OWN = "own"
    SHIFTED = "shifted"


@dataclass(frozen=True)
class Source:
    """One text to embed: a file that is cut into scopes, or one scope whose context is given."""

    code: str
    language: str = "python"
    context: str | None = None

    @property
    def key(self) -> str:
        """Names the text in every store: 16 hex digits of the SHA-1 of language, context and code."""
        given = "" if self.context is None else f"\0{self.context}\0"
        text = f"{self.language}\n{given}{self.code}".encode("utf-8", "surrogatepass")
        return hashlib.sha1(text, usedforsecurity=False).hexdigest()[:16]


class EmbeddingStore:
    """A folder of shards for one bundle, layout and style.

    Raises CorpusError when the folder holds the embeddings of another.
    """

    def __init__(self, folder: Path, bundle_hash: str, style: Style = Style.OWN) -> None:
        self.folder = folder
        self.style = style
        identity = {"bundle_hash": bundle_hash, "layout": LAYOUT_VERSION, "style": str(style)}
        described = folder / "store.json"
        if not described.exists():
            folder.mkdir(parents=True, exist_ok=True)
            described.write_text(json.dumps(identity))
        elif json.loads(described.read_text()) != identity:
            raise CorpusError(
                f"The embeddings in {folder} are of another bundle, layout or style. Name another folder."
            )

    def fill(
        self, sources: Sequence[Source], runner: SequenceRunner, progress: Callable[[int, int], None]
    ) -> None:
        """Embed what is missing; may be stopped at any moment and called again."""
        known = self._known()
        missing = list({s.key: s for s in sources if s.key not in known}.values())
        for first in range(0, len(missing), SHARD):
            progress(len(sources) - len(missing) + first, len(sources))
            self._embed(missing[first : first + SHARD], runner)
        progress(len(sources), len(sources))

    def missing(self, sources: Sequence[Source]) -> int:
        """How many of the sources are not embedded yet."""
        known = self._known()
        return sum(source.key not in known for source in sources)

    def read(self, sources: Sequence[Source]) -> tuple[NDArray[np.float16], pd.DataFrame]:
        """States `(T, D)` and the token table of the sources, in their order; `program` is the index into them."""
        known = self._known()
        if absent := sum(source.key not in known for source in sources):
            raise CorpusError(f"{absent} programs are not in {self.folder}. Embed the sample first.")
        places: dict[Path, list[tuple[int, int]]] = {}
        for number, source in enumerate(sources):
            folder, within = known[source.key]
            places.setdefault(folder, []).append((number, within))
        parts: list[tuple[int, NDArray[np.float16], pd.DataFrame]] = []
        for folder, wanted in places.items():
            states = np.load(folder / "states.npy", mmap_mode="r")  # (t, D)
            table = pd.read_parquet(folder / "tokens.parquet")
            firsts = np.searchsorted(table["program"].to_numpy(), [within for _, within in wanted])
            lasts = np.searchsorted(table["program"].to_numpy(), [w for _, w in wanted], side="right")
            for (number, _), a, b in zip(wanted, firsts, lasts, strict=True):
                parts.append((number, states[a:b], table.iloc[a:b].assign(program=np.int32(number))))
        parts.sort(key=lambda part: part[0])
        return (
            np.concatenate([states for _, states, _ in parts]),
            pd.concat([table for _, _, table in parts], ignore_index=True),
        )

    def _known(self) -> dict[str, tuple[Path, int]]:
        """Where every embedded program is: its shard and its number there."""
        found: dict[str, tuple[Path, int]] = {}
        for described in sorted(self.folder.glob("*/keys.json")):
            for number, key in enumerate(json.loads(described.read_text())):
                found.setdefault(key, (described.parent, number))
        return found

    def _embed(self, sources: Sequence[Source], runner: SequenceRunner) -> None:
        states, tables = [], []
        for number, source in enumerate(sources):
            for hidden, table in embed_program(source, runner, self.style):
                states.append(hidden)
                tables.append(table.assign(program=np.int32(number)))
        keys = [source.key for source in sources]
        name = hashlib.sha1(" ".join(keys).encode(), usedforsecurity=False).hexdigest()[:16]
        staged = self.folder / f".{name}.{os.getpid()}.part"
        staged.mkdir(exist_ok=True)
        width = runner.session.card.hidden_size
        np.save(staged / "states.npy", np.concatenate([np.empty((0, width), np.float16), *states]))
        empty = pd.DataFrame(columns=["scope", "line", "start", "end", "program"], dtype=np.int32)
        pd.concat([empty, *tables], ignore_index=True).to_parquet(staged / "tokens.parquet")
        (staged / "keys.json").write_text(json.dumps(keys))
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)


def embed_program(
    source: Source, runner: SequenceRunner, style: Style = Style.OWN
) -> Iterator[tuple[NDArray[np.float16], pd.DataFrame]]:
    """Hidden states and token table of every scope, laid out as in serving."""
    session = runner.session
    shift = 1 if style is Style.SHIFTED else 0  # the sink, at least, comes before the first scored token
    for layout, table in token_tables(source, session.tokenizer, session.card.sink_token_id):
        states = [runner.hidden_states(s)[len(s.ids) - s.scored - shift :] for s in layout.sequences]
        hidden = np.concatenate([h[: s.scored] for h, s in zip(states, layout.sequences, strict=True)])
        yield rms_normalize(hidden).astype(np.float16), table


def token_tables(
    source: Source, tokenizer: TextTokenizer, sink_token_id: int
) -> Iterator[tuple[ScopeLayout, pd.DataFrame]]:
    """Every scope of a source that has tokens, laid out as in serving, with its part of the token table."""
    starts = line_spans(source.code)[:, 0]
    scopes = (
        find_scopes(source.code, source.language)
        if source.context is None
        else [Scope(0, len(source.code), "", "function", source.context)]
    )
    for number, scope in enumerate(scopes):
        layout = lay_out(source.code, scope, tokenizer, sink_token_id)
        if not layout.sequences:
            continue
        spans = layout.tokens.offsets.astype(np.int64) + scope.start
        yield (
            layout,
            pd.DataFrame(
                {
                    "scope": np.int32(number),
                    "line": token_lines(source.code, spans, starts).astype(np.int32),
                    "start": spans[:, 0].astype(np.int32),
                    "end": spans[:, 1].astype(np.int32),
                }
            ),
        )
