"""Training rows from git histories: scopes that assistants wrote, and what became of each of their lines.

A row is a scope as a commit left it, laid out as in serving: its context is the import header and the enclosing
headers of that very commit.  The rows themselves hold names, places, hashes and fates; the scopes' texts are in
tables of their own, below the cache folder, and are found by ``text_sha``.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from heatline.errors import InputError
from heatline.history.reading import History, read_history
from heatline.history.rules import Rules, default_rules
from heatline.history.written_lines import Fate, WrittenLines
from heatline.history.written_scopes import WrittenScope, written_scopes
from heatline.supervisor.card import atomic_path
from heatline_probes.corpus.licences import PERMISSIVE, licence_of
from heatline_probes.errors import CorpusError

FORMAT_VERSION = 1
ROW_SCHEMA = pa.schema(
    [
        ("repository", pa.string()),
        ("licence", pa.string()),
        ("commit", pa.string()),
        ("time", pa.int64()),  # of the commit, seconds since 1970
        ("path", pa.string()),
        ("language", pa.string()),
        ("assistant", pa.string()),
        ("scope", pa.string()),
        ("kind", pa.string()),
        ("start", pa.int32()),  # code points in the file
        ("end", pa.int32()),
        ("text_sha", pa.string()),
        ("lines", pa.list_(pa.int32())),  # from 0, within the scope; those that the commit's assistant wrote
        ("fates", pa.list_(pa.int8())),  # a ``Fate`` each, at ``horizon`` days
        ("ages", pa.list_(pa.float32())),  # days until its death or HEAD
        ("alive", pa.list_(pa.bool_())),
        ("later_commits", pa.list_(pa.int32())),
    ]
)
TEXT_SCHEMA = pa.schema([("text_sha", pa.string()), ("text", pa.string()), ("context", pa.string())])


@dataclass(frozen=True)
class Collected:
    """What was collected of one repository: its entry on the card."""

    repository: str
    head: str
    licence: str
    commits: int
    writing_commits: int
    scopes: int
    lines: int
    fates: dict[str, int]


def collect(
    folder: Path,
    name: str,
    out: Path,
    cache: Path,
    *,
    rules: Rules | None = None,
    horizon: float = 90.0,
    most_lines: int = 20_000,
    any_licence: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Collected:
    """Write the rows of one repository into ``out`` and its texts into ``cache``.

    At most ``most_lines`` lines, whole scopes of files in a seeded order.  Raises ``CorpusError`` when its licence
    isn't permissive, and ``InputError`` when it can't be read.
    """
    history = read_history(folder, rules or default_rules(), keep=False, progress=progress)
    licence = licence_of(history.repository, history.head)
    if licence not in PERMISSIVE and not any_licence:
        raise CorpusError(
            f"{name} has no permissive licence ({licence}). Leave it out, or give --any-licence for your own code."
        )
    lines = history.lines
    fates = lines.fates(horizon)
    rows: list[dict[str, Any]] = []
    texts: dict[str, tuple[str, str]] = {}
    for written in written_scopes(history, lines, most_lines=most_lines):
        row, text = _row(written, lines, fates, history, name, licence)
        rows.append(row)
        texts[row["text_sha"]] = text
    file = f"{name.replace('/', '+')}.parquet"
    _write(pa.Table.from_pylist(rows, schema=ROW_SCHEMA), out / "rows" / file)
    held = [{"text_sha": sha, "text": text, "context": context} for sha, (text, context) in texts.items()]
    _write(pa.Table.from_pylist(held, schema=TEXT_SCHEMA), cache / "texts" / file)
    counted = Counter(Fate(fate).name.lower() for row in rows for fate in row["fates"])
    collected = Collected(
        name,
        history.head,
        licence,
        history.commits,
        history.writing_commits,
        len(rows),
        sum(counted.values()),
        dict(sorted(counted.items())),
    )
    with atomic_path(out / "cards" / f"{name.replace('/', '+')}.json") as temporary:
        temporary.write_text(json.dumps(vars(collected), indent=1) + "\n", encoding="utf-8")
    return collected


def write_card(out: Path, horizon: float, key: str) -> dict[str, Any]:
    """Join the cards of all repositories in ``out`` into ``card.json``; it names repositories and commits only."""
    entries = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted((out / "cards").glob("*.json"))
    ]
    fates: Counter[str] = Counter()
    for entry in entries:
        fates.update(entry["fates"])
    card = {
        "format_version": FORMAT_VERSION,
        "rules": key,
        "horizon_days": horizon,
        "repositories": entries,
        "scopes": sum(entry["scopes"] for entry in entries),
        "lines": sum(entry["lines"] for entry in entries),
        "fates": dict(sorted(fates.items())),
    }
    with atomic_path(out / "card.json") as temporary:
        temporary.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def is_collected(out: Path, name: str, folder: Path) -> bool:
    """Whether the rows of this repository's HEAD are there already."""
    from heatline.history.repository import Repository

    path = out / "cards" / f"{name.replace('/', '+')}.json"
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["head"] == Repository(folder).head())
    except (OSError, ValueError, KeyError, InputError):
        return False


def _row(
    written: WrittenScope,
    lines: WrittenLines,
    fates: np.ndarray[Any, Any],
    history: History,
    name: str,
    licence: str,
) -> tuple[dict[str, Any], tuple[str, str]]:
    scope, rows = written.scope, written.rows
    text = written.text[scope.start : scope.end]
    first = written.text.count("\n", 0, scope.start)
    sha = hashlib.sha256(f"{scope.context}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    row = {
        "repository": name,
        "licence": licence,
        "commit": written.commit,
        "time": int(lines.times[lines.commit[rows[0]]]),
        "path": written.path,
        "language": written.language,
        "assistant": lines.writers[lines.writer[rows[0]]],
        "scope": scope.name,
        "kind": scope.kind,
        "start": scope.start,
        "end": scope.end,
        "text_sha": sha,
        "lines": [line - first for line in written.lines],
        "fates": fates[rows].tolist(),
        "ages": lines.age[rows].tolist(),
        "alive": lines.alive[rows].tolist(),
        "later_commits": lines.later_commits[rows].tolist(),
    }
    return row, (text, scope.context)


def _write(table: pa.Table, path: Path) -> None:
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
