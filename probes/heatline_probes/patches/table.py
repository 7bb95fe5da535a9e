"""Tables of mined patches: character offsets only, keyed by the hash of a program that is not in the table.

A table travels with a card, a JSON file of the same name that says how it was made and holds its hash; a
table whose hash is not the card's is refused. No program text is in either, so they can be published where
the programs can not.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from heatline_probes.errors import PatchError
from heatline_probes.patches.labels import Edit, EditKind, label_tokens

MINED = Path(__file__).parent / "mined"

SCHEMA = pa.schema(
    [
        ("code_sha", pa.string()),
        ("dataset", pa.string()),
        ("problem_key", pa.string()),
        ("model", pa.string()),
        ("source", pa.string()),  # where the failing program was published
        ("licence", pa.string()),  # of the failing program
        ("verified", pa.bool_()),  # the patched program passed all tests, twice
        ("origin", pa.string()),  # what kind of program the patch was made from
        ("parses", pa.bool_()),  # the failing program compiles
        ("samples", pa.string()),  # of an unverified patch: "pass", or "none" where nothing could be run
        ("attempt", pa.bool_()),  # it has a body; else everything is missing, and nothing could be patched
        ("tokens", pa.int32()),  # code tokens of the failing program, without comments and docstrings
        ("edited_tokens", pa.int32()),  # of these, not kept (paper, §4.1)
        ("changed_tokens", pa.int32()),  # deleted or inserted, a replaced one counted once
        ("hunks", pa.int32()),
        ("rewrite", pa.bool_()),  # more than half of the tokens changed
        ("quality", pa.float32()),  # 0..1: see docs/corpora.md
        ("edits", pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("kind", pa.string())]))),
    ]
)


@dataclass(frozen=True, slots=True)
class MinedPatch:
    """One row of a table; the columns are explained in `SCHEMA`."""

    code_sha: str
    dataset: str
    problem_key: str
    model: str
    source: str
    licence: str
    verified: bool
    origin: str
    parses: bool
    samples: str
    attempt: bool
    tokens: int
    edited_tokens: int
    changed_tokens: int
    hunks: int
    rewrite: bool
    quality: float
    edits: tuple[Edit, ...]

    def kept(self, token_offsets: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Labels (T,) of any tokenizer's tokens, at code-point offsets (T, 2) of the failing program."""
        return label_tokens(token_offsets, self.edits)


def write_table(patches: Sequence[MinedPatch], path: Path, card: dict[str, Any]) -> None:
    """Write `path` (parquet) and its card beside it, each whole or not at all.

    Rows are sorted by dataset, problem and program, so that equal patches give equal files.
    """
    rows = [_row(patch) for patch in sorted(patches, key=lambda p: (p.dataset, p.problem_key, p.code_sha))]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), part, compression="zstd", compression_level=19)
    full = {**card, "rows": len(rows), "bytes": part.stat().st_size, "sha256": _sha256(part)}
    card_part = _write_card(path, full)
    part.replace(path)
    card_part.replace(path.with_suffix(".json"))


def amend_card(path: Path, more: Mapping[str, Any]) -> dict[str, Any]:
    """Add what was measured later to the card of a table; returns the card."""
    card = {**read_card(path), **more}
    _write_card(path, card).replace(path.with_suffix(".json"))
    return card


def _write_card(path: Path, card: Mapping[str, Any]) -> Path:
    part = path.with_name(path.stem + ".json.part")
    part.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return part


def read_table(path: Path) -> list[MinedPatch]:
    """The rows of a table. Raises PatchError when it or its card is missing, malformed or altered."""
    card = read_card(path)
    if not path.is_file():
        raise PatchError(f"The patch table {path} does not exist. Run `heatline-probes patches mine` first.")
    if _sha256(path) != card.get("sha256"):
        raise PatchError(f"The patch table {path} is not the one its card describes. Fetch or mine it again.")
    try:
        rows = pq.read_table(path, schema=SCHEMA).to_pylist()
        return list(_patches(rows))
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise PatchError(f"The patch table {path} is malformed ({error}). Fetch or mine it again.") from error


def read_card(path: Path) -> dict[str, Any]:
    """The card of a table. Raises PatchError when it is missing or malformed."""
    card_path = path.with_suffix(".json")
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PatchError(f"The card {card_path} can't be read. Mine the table again.") from error
    except ValueError as error:
        raise PatchError(f"The card {card_path} is no JSON. Fetch or mine it again.") from error
    if not isinstance(card, dict):
        raise PatchError(f"The card {card_path} is no JSON object. Fetch or mine it again.")
    return card


def mined_tables(folder: Path = MINED) -> list[Path]:
    """The tables in a folder, by name; those that come with this package by default."""
    return sorted(folder.glob("*.parquet"))


def load_patches(folder: Path = MINED, *, verified_only: bool = False) -> dict[tuple[str, str], MinedPatch]:
    """All patches of all tables in `folder`, by (problem_key, code_sha)."""
    patches = (patch for path in mined_tables(folder) for patch in read_table(path))
    return {(p.problem_key, p.code_sha): p for p in patches if p.verified or not verified_only}


def _row(patch: MinedPatch) -> dict[str, Any]:
    row = {name: getattr(patch, name) for name in SCHEMA.names}
    row["edits"] = [{"start": e.start, "end": e.end, "kind": str(e.kind)} for e in patch.edits]
    return row


def _patches(rows: Iterable[dict[str, Any]]) -> Iterator[MinedPatch]:
    for row in rows:
        edits = tuple(Edit(e["start"], e["end"], EditKind(e["kind"])) for e in row["edits"])
        yield MinedPatch(**{**row, "edits": edits})


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
