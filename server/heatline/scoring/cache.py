"""Features on disk, addressed by content, so that reopening, moving or undoing costs no model run.

Beside the features of scopes, the logits of whole texts: a twentieth of the size, and all that a report needs.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import platformdirs

from heatline.scoring.features import ScopeFeatures
from heatline.scoring.scopes import Scope

log = logging.getLogger(__name__)

DEFAULT_LIMIT = 512 << 20  # bytes
UNCHECKED = 0.1  # of the limit: so much is written before the size is looked at
_SCHEMA = """
create table if not exists features (
    key blob primary key, tokens integer not null, spans blob not null, features blob not null,
    used integer not null
) without rowid;
create table if not exists texts (
    key blob primary key, logits blob not null, used integer not null
) without rowid;
create index if not exists features_used on features (used);
create index if not exists texts_used on texts (used);
"""
_TABLES = ("features", "texts")  # in the order that they are dropped in


def default_folder() -> Path:
    """``HEATLINE_CACHE``, else the platform's cache folder."""
    configured = os.environ.get("HEATLINE_CACHE")
    return Path(configured).expanduser() if configured else platformdirs.user_cache_path("heatline")


def content_key(producer: str, scope_text: str, context: str) -> bytes:
    """Hash of everything a scope's features depend on; ``producer`` names bundle, projection and layout."""
    digest = hashlib.sha256()
    for part in (producer, context, scope_text):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.digest()


class FeatureCache:
    """A small SQLite store of the features of scopes and the logits of texts; several processes may share it.

    A cache that can't be opened, read or written is no reason to fail: it is left out, with a log line, and
    ``problem`` says why.  What is over ``limit`` bytes is dropped now and then, and when the cache is closed.
    """

    def __init__(self, folder: Path | None = None, limit: int = DEFAULT_LIMIT) -> None:
        self.path = (folder or default_folder()) / "features.sqlite"
        self.limit = limit
        self.problem = ""
        self._written = 0  # bytes since the last look at the size
        self._connection = self._open()

    def get(self, key: bytes, scope: Scope) -> ScopeFeatures | None:
        """The stored features, moved to where the scope is now."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute(
                "select tokens, spans, features from features where key = ?", (key,)
            ).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        if row is None:
            return None
        spans = np.frombuffer(row[1], "<i4").reshape(row[0], 2) + np.int32(scope.start)
        features = np.frombuffer(row[2], "<f4").reshape(row[0], -1)
        return ScopeFeatures(scope.start, scope.end, scope.name, scope.kind, spans, features)

    def has(self, key: bytes) -> bool:
        """Whether ``get`` would find it."""
        if self._connection is None:
            return False
        try:
            found = self._connection.execute("select 1 from features where key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return False
        return found is not None

    def put(self, key: bytes, scored: ScopeFeatures) -> None:
        """Store features, with offsets relative to the scope."""
        if len(scored.token_spans):
            spans = (scored.token_spans - np.int32(scored.start)).astype("<i4")
            features = scored.features.astype("<f4").tobytes()
            self._insert("features", key, len(spans), spans.tobytes(), features)

    def get_text(self, key: bytes) -> bytes | None:
        """The stored logits of a text."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("select logits from texts where key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        return None if row is None else bytes(row[0])

    def put_text(self, key: bytes, logits: bytes) -> None:
        """Store the logits of a text."""
        self._insert("texts", key, logits)

    def trim(self) -> None:
        """Drop what was written longest ago, half by half, until the rest is within ``limit``: features first.

        Logits of texts are a twentieth of their size, and with them a check of known files runs no model.
        """
        self._written = 0
        if self._connection is None:
            return
        with suppress(sqlite3.Error):
            for table in _TABLES:
                while self._size() > self.limit and self._drop_half(table):
                    pass

    def close(self) -> None:
        """Trim and release the file."""
        if self._connection is not None:
            self.trim()
            with suppress(OSError, sqlite3.Error):
                if self.path.stat().st_size > self.limit:  # what is dropped leaves room inside the file
                    self._connection.execute("vacuum")
            self._connection.close()
            self._connection = None

    def _size(self) -> int:
        """Bytes of the pages that hold something."""
        assert self._connection is not None
        pages, free, size = (
            self._connection.execute(f"pragma {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _drop_half(self, table: str) -> bool:
        """Drop the least recently written half of a table; whether there was anything."""
        assert self._connection is not None
        with self._connection:
            dropped = self._connection.execute(
                f"delete from {table} where used <= "
                f"(select used from {table} order by used limit 1 offset (select count(*) / 2 from {table}))"
            )
        return dropped.rowcount > 0

    def _open(self) -> sqlite3.Connection | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return self._connect()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                # not a database: set it aside and start anew, the cache can be computed again
                self.path.replace(self.path.with_suffix(".damaged"))
                return self._connect()
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)
            return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=5.0, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        connection.executescript(_SCHEMA)
        return connection

    def _insert(self, table: str, *values: bytes | int) -> None:
        """Adds a row, of which the last column is when that was."""
        if self._connection is None:
            return
        places = ", ".join("?" * (len(values) + 1))
        try:
            with self._connection:
                self._connection.execute(
                    f"insert or replace into {table} values ({places})", (*values, time.time_ns())
                )
        except sqlite3.Error as error:
            self._give_up(error)
        self._written += sum(len(value) for value in values if isinstance(value, bytes))
        if self._written > self.limit * UNCHECKED:
            self.trim()

    def _give_up(self, error: Exception) -> None:
        self.problem = (
            f"The cache {self.path} can't be used ({error}); scoring goes on without it. "
            "Set HEATLINE_CACHE to a writable folder."
        )
        log.warning("%s", self.problem)
        self._connection = None
