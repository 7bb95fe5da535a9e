"""Live outcomes in a small SQLite file that several servers share: hashes, figures and fates, never code."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from heatline.noise.reviewed import default_state_folder

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
MOST_OUTCOMES = 500_000
"""Outcomes that are kept; the oldest go first."""
PENDING, KEPT, EDITED, REVIEWED = "pending", "kept", "edited", "reviewed"
_BUSY_SECONDS = 5.0
_SCHEMA = """
create table outcomes (
    repository text not null,
    file integer not null,
    line integer not null,
    probe text not null,
    language text not null,
    logit real not null,
    confidence real not null,
    shown integer not null,
    fate text not null default 'pending',
    decided integer,
    primary key (repository, file, line, probe)
) without rowid;
create index outcomes_by_time on outcomes (shown);
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as it was scored: the hash of its text, its unscaled logit and its scaled confidence."""

    line: int
    logit: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """A line that was shown, and its fate so far; ``repository`` and ``file`` are hashes."""

    repository: str
    file: int
    line: int
    probe: str
    language: str
    logit: float
    confidence: float
    shown: int  # seconds since 1970
    fate: str
    decided: int | None


class FeedbackStore:
    """The outcomes of all repositories.

    A file that is damaged or of another version is set aside beside it, and ``problem`` says so; one that can't be
    used at all leaves an empty store that remembers nothing.  Use it from one thread at a time.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = feedback_path(folder)
        self.problem = ""
        self._connection = self._open()

    def observe(
        self,
        repository: str,
        file: int,
        probe: str,
        language: str,
        shown: Sequence[Shown],
        present: Iterable[int],
        reviewed: Iterable[int] = (),
        *,
        now: int | None = None,
    ) -> None:
        """Take what a file shows: ``shown`` the lines that count as generated, ``present`` the hashes of all lines.

        A line that was shown before is kept when it is still there and no longer counts, which is what a commit does,
        edited when it is gone, and pending again when it came back.
        """
        moment = int(time.time()) if now is None else now
        there, marked = set(present), set(reviewed)
        current = {each.line: each for each in shown}
        with suppress(sqlite3.Error):
            connection = self._connection
            with connection:
                connection.execute("begin immediate")
                before = dict(
                    connection.execute(
                        "select line, fate from outcomes where repository = ? and file = ? and probe = ?",
                        (repository, file, probe),
                    ).fetchall()
                )
                self._decide(connection, (repository, file, probe), before, current, there, marked, moment)
                connection.executemany(
                    "insert into outcomes (repository, file, line, probe, language, logit, confidence, shown, fate) "
                    "values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                    [
                        (repository, file, each.line, probe, language, each.logit, each.confidence, moment,
                         REVIEWED if each.line in marked else PENDING)
                        for each in current.values()
                        if each.line not in before
                    ],
                )  # fmt: skip

    def outcomes(self, repository: str | None = None) -> list[Outcome]:
        """All outcomes, or those of one repository, in the order in which they were shown."""
        where, values = ("where repository = ?", (repository,)) if repository is not None else ("", ())
        try:
            rows = self._connection.execute(
                f"select repository, file, line, probe, language, logit, confidence, shown, fate, decided "
                f"from outcomes {where} order by shown, file, line",
                values,
            ).fetchall()
        except sqlite3.Error:
            return []
        return [Outcome(*row) for row in rows]

    def forget(self, repository: str | None = None) -> int:
        """Delete all outcomes, or those of one repository; how many there were."""
        try:
            with self._connection as connection:
                if repository is None:
                    return connection.execute("delete from outcomes").rowcount
                return connection.execute("delete from outcomes where repository = ?", (repository,)).rowcount
        except sqlite3.Error:
            return 0

    def prune(self) -> None:
        """Drop the oldest outcomes beyond ``MOST_OUTCOMES``."""
        with suppress(sqlite3.Error), self._connection as connection:
            connection.execute(
                "delete from outcomes where shown < coalesce((select shown from outcomes order by shown desc "
                "limit 1 offset ?), 0)",
                (MOST_OUTCOMES,),
            )

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()

    @staticmethod
    def _decide(
        connection: sqlite3.Connection,
        place: tuple[str, int, str],
        before: Mapping[int, str],
        current: Mapping[int, Shown],
        there: set[int],
        marked: set[int],
        moment: int,
    ) -> None:
        changes = []
        for line, fate in before.items():
            if line in current:
                now = REVIEWED if line in marked else PENDING
            elif fate in (KEPT, REVIEWED):
                now = fate  # what happens after a commit is for the repository's history to say
            else:
                now = KEPT if line in there else EDITED
            if now != fate:
                changes.append((now, None if now == PENDING else moment, *place, line))
        connection.executemany(
            "update outcomes set fate = ?, decided = ? where repository = ? and file = ? and probe = ? and line = ?",
            changes,
        )

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return self._connected(self.path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                    raise
                aside = self.path.with_name(f"{self.path.name}.damaged-{int(time.time())}")
                for suffix in ("", "-wal", "-shm"):
                    with suppress(OSError):
                        self.path.with_name(self.path.name + suffix).replace(
                            aside.with_name(aside.name + suffix)
                        )
                self.problem = f"The feedback file was damaged; it is now {aside}, and a new one was begun."
                log.warning("%s", self.problem)
                return self._connected(self.path)
        except (OSError, sqlite3.Error) as error:
            self.problem = f"The feedback file {self.path} can't be used ({error}), so nothing is remembered."
            log.warning("%s", self.problem)
            return self._connected(None)

    @staticmethod
    def _connected(path: Path | None) -> sqlite3.Connection:
        connection = sqlite3.connect(
            path or ":memory:", timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        try:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            connection.execute("begin immediate")
            found = int(connection.execute("pragma user_version").fetchone()[0])
            if found == 0:
                connection.execute("drop table if exists outcomes")
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    connection.execute(statement)
                connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
            elif found != SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"it is of version {found}")
            connection.execute("commit")
            connection.execute("select fate from outcomes limit 1").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def feedback_path(folder: Path | None = None) -> Path:
    """Where outcomes are kept, below ``folder`` or the state folder."""
    return (folder or default_state_folder()) / "feedback.sqlite"
