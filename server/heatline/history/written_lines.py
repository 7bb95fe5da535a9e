"""The lines that were followed and what became of them: columns of numbers, one row a line."""

from __future__ import annotations

import hashlib
import re
from array import array
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
_SPACE = re.compile(rb"\s+")
NOBODY = -1


class Fate(IntEnum):
    """What became of a line.  ``CENSORED``: still there, but too young to say that it is kept."""

    KEPT = 0
    FIXED = 1
    EDITED = 2
    DELETED = 3
    CENSORED = 4


def line_hash(line: bytes) -> int:
    """63 bits of a line's content; its white space doesn't matter."""
    digest = hashlib.blake2b(_SPACE.sub(b"", line), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class LineLog:
    """Lines as they are born and die; grows while history is walked."""

    def __init__(self) -> None:
        self.commit = array("i")  # where it was written: the commit's number in the walk
        self.path = array("i")
        self.line = array("i")  # in the file as that commit left it, from 1
        self.writer = array("h")
        self.content = array("q")
        self.born_touch = array("i")  # commits that had changed the file until then
        self.death_commit = array("i")
        self.death = array("b")  # a Fate, or NOBODY
        self.death_touch = array("i")

    def __len__(self) -> int:
        return len(self.commit)

    def born(self, commit: int, path: int, line: int, writer: int, content: int, touch: int) -> int:
        """Add a line; its number."""
        self.commit.append(commit)
        self.path.append(path)
        self.line.append(line)
        self.writer.append(writer)
        self.content.append(content)
        self.born_touch.append(touch)
        self.death_commit.append(NOBODY)
        self.death.append(NOBODY)
        self.death_touch.append(NOBODY)
        return len(self.commit) - 1

    def died(self, line: int, commit: int, fate: Fate, touch: int) -> None:
        """What took a line out; a later death replaces an earlier one, as branches may part and join."""
        self.death_commit[line] = commit
        self.death[line] = int(fate)
        self.death_touch[line] = touch

    def is_dead(self, line: int) -> bool:
        return self.death[line] != NOBODY

    def columns(self) -> dict[str, array[int]]:
        """All columns by name."""
        return dict(vars(self))


@dataclass(frozen=True)
class WrittenLines:
    """Every followed line, as of one commit; all arrays are ``(n,)``.

    Ages are in days.  ``age`` is how old a line became: until its death, or until HEAD when it is ``alive``.
    """

    commit: Int32  # into ``commits``
    path: Int32  # into ``paths``
    line: Int32  # from 1, in the file as that commit left it
    writer: Int32  # into ``writers``
    content: Int64
    alive: NDArray[np.bool_]
    death: Int32  # Fate of those that aren't alive
    death_commit: Int32  # into ``commits``; NOBODY when alive
    age: NDArray[np.float64]
    followed: NDArray[np.float64]  # days from being written to HEAD
    later_commits: Int32  # to the file, until death or HEAD
    commits: tuple[str, ...]
    times: Int64  # of ``commits``, seconds since 1970
    paths: tuple[str, ...]
    writers: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.commit)

    def fates(self, horizon: float) -> Int32:
        """The ``Fate`` of each line within ``horizon`` days of being written.

        All lines that are younger are censored, those that met a fate already, too: else the young ones would
        all seem to be fixed, since a kept one takes the whole horizon to be known.
        """
        known = self.followed >= horizon
        return np.where(known, self.fates_so_far(horizon), int(Fate.CENSORED)).astype(np.int32)

    def fates_so_far(self, horizon: float) -> Int32:
        """The same, with the fates that young lines met already."""
        died = ~self.alive & (self.age <= horizon)
        fates = np.where(self.age >= horizon, int(Fate.KEPT), int(Fate.CENSORED))
        return np.where(died, self.death, fates).astype(np.int32)

    def of(self, chosen: NDArray[np.bool_] | Int64) -> WrittenLines:
        """Those of ``chosen`` only."""
        return WrittenLines(
            self.commit[chosen],
            self.path[chosen],
            self.line[chosen],
            self.writer[chosen],
            self.content[chosen],
            self.alive[chosen],
            self.death[chosen],
            self.death_commit[chosen],
            self.age[chosen],
            self.followed[chosen],
            self.later_commits[chosen],
            self.commits,
            self.times,
            self.paths,
            self.writers,
        )
