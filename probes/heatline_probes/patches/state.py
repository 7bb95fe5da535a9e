"""What mining knows so far, in one SQLite file outside the repository: it can be killed at any moment.

Verdicts are kept by (tests, program) and outcomes by (run settings, problem, program). Programs are named by
hash; the file also holds patched programs, so it must not be published.
"""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from heatline_probes.errors import PatchError

_VERSION = 1
_SCHEMA = """
create table if not exists verdict (
    tests text not null, program blob not null, passes integer not null, primary key (tests, program)
) without rowid;
create table if not exists outcome (
    settings text not null, problem_key text not null, code_sha text not null, outcome text not null,
    primary key (settings, problem_key, code_sha)
) without rowid;
"""


def program_hash(code: str) -> bytes:
    """16 bytes that name a program text."""
    return hashlib.blake2b(code.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class MiningState:
    """The state file; several processes may use one at the same time."""

    def __init__(self, path: Path) -> None:
        # Held back until the next commit: an open transaction would keep all other processes waiting.
        self._fresh: dict[tuple[str, bytes], bool] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = sqlite3.connect(path, timeout=60)
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = normal")
            found = self._connection.execute("pragma user_version").fetchone()[0]
            if found not in (0, _VERSION):
                raise PatchError(f"The mining state {path} is of another version. Delete it to start anew.")
            self._connection.executescript(_SCHEMA)
            self._connection.execute(f"pragma user_version = {_VERSION}")
        except sqlite3.DatabaseError as error:
            raise PatchError(
                f"The mining state {path} can't be used ({error}). Delete it to start anew."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.commit()
        self._connection.close()

    def commit(self) -> None:
        """Make everything so far survive a kill."""
        rows = [(tests, program, passes) for (tests, program), passes in self._fresh.items()]
        self._connection.executemany("insert or replace into verdict values (?, ?, ?)", rows)
        self._connection.commit()
        self._fresh.clear()

    def verdict(self, tests: str, code: str) -> bool | None:
        """Whether a program passed these tests; None when it was not run yet."""
        key = (tests, program_hash(code))
        if key in self._fresh:
            return self._fresh[key]
        row = self._connection.execute(
            "select passes from verdict where tests = ? and program = ?", key
        ).fetchone()
        return None if row is None else bool(row[0])

    def set_verdict(self, tests: str, code: str, passes: bool) -> None:
        """Remember a verdict."""
        self._fresh[tests, program_hash(code)] = passes

    def outcome(self, settings: str, problem_key: str, code_sha: str) -> dict[str, Any] | None:
        """What mining found for a program under these settings; None when it was not tried yet."""
        row = self._connection.execute(
            "select outcome from outcome where settings = ? and problem_key = ? and code_sha = ?",
            (settings, problem_key, code_sha),
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def set_outcome(self, settings: str, problem_key: str, code_sha: str, outcome: dict[str, Any]) -> None:
        """Remember what was found, and everything before it, for good."""
        self._connection.execute(
            "insert or replace into outcome values (?, ?, ?, ?)",
            (settings, problem_key, code_sha, json.dumps(outcome)),
        )
        self.commit()

    def adopt(self, settings: str) -> None:
        """Take over the smallest that other settings found for programs that these have not looked at.

        `search` of an outcome says which settings those are.
        """
        rows = self._connection.execute(
            "select settings, problem_key, code_sha, outcome from outcome where settings != ? order by "
            "json_extract(outcome, '$.status') = 'patched' desc, json_extract(outcome, '$.edited_tokens'), settings",
            (settings,),
        ).fetchall()
        for other, problem_key, code_sha, text in rows:
            adopted = json.dumps({"search": other, **json.loads(text)})
            self._connection.execute(
                "insert or ignore into outcome values (?, ?, ?, ?)",
                (settings, problem_key, code_sha, adopted),
            )
        self.commit()

    def outcomes(self, settings: str, problem_key: str | None = None) -> Iterator[dict[str, Any]]:
        """All outcomes under these settings, of one problem or of all, ordered by problem and program."""
        query = "select outcome from outcome where settings = ?"
        values: tuple[str, ...] = (settings,)
        if problem_key is not None:
            query += " and problem_key = ?"
            values += (problem_key,)
        with contextlib.closing(
            self._connection.execute(query + " order by problem_key, code_sha", values)
        ) as rows:
            for (text,) in rows:
                yield json.loads(text)
