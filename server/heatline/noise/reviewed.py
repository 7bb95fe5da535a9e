"""Lines a person has marked as reviewed: kept on this machine, by content, until the line changes.

A mark (`heatline.noise.line_marks`) moves with its function, through renamed files and formatting, outlives an
edit beside it, and ends when the line is edited.  No code is stored.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs

from heatline.noise.line_marks import LineHashes, LineMark, line_marks, marks_of, short_hash

log = logging.getLogger(__name__)

MOST_MARKS = 20_000
"""Marks kept of one workspace; the oldest go first."""

_SCHEMA = """
create table if not exists reviewed (
    workspace blob not null, line blob not null, above blob not null, below blob not null,
    marked integer not null,
    primary key (workspace, line, above, below)
) without rowid
"""


def default_state_folder() -> Path:
    """``HEATLINE_STATE``, else the platform's folder for what a program remembers."""
    configured = os.environ.get("HEATLINE_STATE")
    return Path(configured).expanduser() if configured else platformdirs.user_state_path("heatline")


def reviewed_path(folder: Path | None = None) -> Path:
    """Where marks are kept, below ``folder`` or the default one; there is no file before the first mark."""
    return (folder or default_state_folder()) / "reviewed.sqlite"


def workspace_root(folder: Path) -> Path:
    """The repository that ``folder`` is in, else ``folder``: an editor and a command agree on it."""
    folder = folder.resolve()
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


class ReviewedLines:
    """The marks of one workspace, in a small SQLite file that all workspaces and several processes share.

    A file that can't be used is no reason to fail: marks then last as long as this object, and ``problem`` says
    why.  One that is damaged is set aside.
    """

    def __init__(self, workspace: Path, folder: Path | None = None) -> None:
        """``workspace`` is a folder; the repository it is in counts.  ``folder`` is where the file is."""
        self.path = reviewed_path(folder)
        self.problem = ""
        self._workspace = short_hash(os.fspath(workspace_root(workspace)))
        self._connection = self._open()
        self._hashes = LineHashes()
        self._known: tuple[int, dict[bytes, list[LineMark]]] | None = None

    def among(self, text: str) -> frozenset[int]:
        """The lines of ``text``, from 0, that are reviewed."""
        stored = self._stored()
        if not stored:
            return frozenset()
        return frozenset(
            number
            for number, mark in marks_of(self._hashes.of(text), stored).items()
            if any(mark.is_of(other) for other in stored[mark.line])
        )

    def mark(self, text: str, lines: Iterable[int]) -> None:
        """Marks ``lines`` of ``text`` as reviewed; blank ones are passed over."""
        marks = line_marks(text)
        now = int(time.time())
        rows = [
            (self._workspace, mark.line, mark.above, mark.below, now)
            for number in lines
            if (mark := marks.get(number)) is not None
        ]
        self._write("insert or replace into reviewed values (?, ?, ?, ?, ?)", rows)
        self._write(
            "delete from reviewed where workspace = ?1 and (line, above, below) in (select line, above, below "
            "from reviewed where workspace = ?1 order by marked desc limit -1 offset ?2)",
            [(self._workspace, MOST_MARKS)],
        )

    def unmark(self, text: str, lines: Iterable[int]) -> None:
        """Takes the marks of ``lines`` of ``text`` back."""
        marks = line_marks(text)
        rows = [
            (self._workspace, mark.line, mark.above, mark.below)
            for number in lines
            if (mark := marks.get(number)) is not None
        ]
        self._write(
            "delete from reviewed where workspace = ? and line = ? and (above = ? or below = ?)", rows
        )

    def clear(self) -> None:
        """Takes every mark of the workspace back."""
        self._write("delete from reviewed where workspace = ?", [(self._workspace,)])

    def close(self) -> None:
        """Releases the file."""
        self._connection.close()

    def _stored(self) -> dict[bytes, list[LineMark]]:
        try:
            (version,) = self._connection.execute("pragma data_version").fetchone()
            if self._known is not None and self._known[0] == version:
                return self._known[1]
            rows = self._connection.execute(
                "select line, above, below from reviewed where workspace = ?", (self._workspace,)
            ).fetchall()
        except sqlite3.Error as error:
            self._give_up(error)
            return {}
        stored: dict[bytes, list[LineMark]] = {}
        for line, above, below in rows:
            stored.setdefault(line, []).append(LineMark(line, above, below))
        self._known = version, stored
        return stored

    def _write(self, statement: str, rows: Sequence[tuple[bytes | int, ...]]) -> None:
        self._known = None  # the version tells of other processes' writes only
        try:
            with self._connection:
                self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            self._give_up(error)
            with suppress(sqlite3.Error), self._connection:
                self._connection.executemany(statement, rows)

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return _connect(self.path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self.path.replace(self.path.with_suffix(".damaged"))
                return _connect(self.path)
        except (OSError, sqlite3.Error) as error:
            return self._in_memory(error)

    def _give_up(self, error: Exception) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()
        self._connection = self._in_memory(error)

    def _in_memory(self, error: Exception) -> sqlite3.Connection:
        self.problem = (
            f"{self.path} can't be used ({error}), so lines marked as reviewed are forgotten when Heatline ends. "
            "Set HEATLINE_STATE to a writable folder."
        )
        log.warning("%s", self.problem)
        return _connect(":memory:")


def _connect(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute(_SCHEMA)
    connection.commit()
    return connection
