"""Walks a repository's history once, from its first commit to one head, and follows the lines of some commits.

Every commit keeps where the followed lines of its files are (``FileLines``); a child's are made from its parent's
by git's diff, a merge's from all its parents'.  So a line is known by who it is, not by what it says: one diff per
commit replaces a blame per line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from heatline.history.commit_kinds import is_fix, is_formatting
from heatline.history.continued import Continued, continued_lines
from heatline.history.counted import counted_line, counted_path
from heatline.history.diffs import FileChange, Hunk, read_diffs
from heatline.history.file_lines import FileLines, gathered, shifted
from heatline.history.git_ai_notes import NotedCommit
from heatline.history.joining import joined
from heatline.history.repository import BlobReader, Commit, Repository
from heatline.history.rules import Rules
from heatline.history.written_lines import Fate, LineLog, line_hash
from heatline.noise.skipped import HEAD_CHARACTERS, skipped_by_text
from heatline.scoring.cancellation import Cancelled, never

LARGEST_FIX = 500
"""Lines that a fix takes out; what takes out more is a rewrite, whatever its message says."""
LARGEST_WRITING = 10_000
"""Counted lines that a commit adds; what adds more brings in something that was written elsewhere."""

State = dict[str, FileLines]
Progress = Callable[[int, int], None]


@dataclass
class Walked:
    """How far a walk came: the lines, and the files of the commits that have children to come."""

    log: LineLog
    paths: dict[str, int]
    writers: dict[str, int]
    numbers: dict[str, int]  # of the commits that were walked
    states: dict[str, State]

    @classmethod
    def empty(cls) -> Walked:
        """Before the first commit."""
        return cls(LineLog(), {}, {}, {}, {})

    def can_go_on(self, commits: list[Commit]) -> bool:
        """Whether these commits continue the walk: all walked ones are among them, with what the others need."""
        present = {commit.oid for commit in commits}
        if not self.numbers.keys() <= present:
            return False
        return all(
            parent not in self.numbers or parent in self.states
            for commit in commits
            if commit.oid not in self.numbers
            for parent in commit.parents
        )


class Walk:
    """Follows the lines that ``rules`` choose.

    ``cut_off`` are a shallow clone's first commits, whose lines are of unknown origin; ``plain`` the commits that
    ``.git-blame-ignore-revs`` lists; ``notes`` what git-ai noted.
    """

    def __init__(
        self,
        repository: Repository,
        commits: list[Commit],
        rules: Rules,
        *,
        cut_off: frozenset[str] = frozenset(),
        plain: frozenset[str] = frozenset(),
        notes: Mapping[str, NotedCommit] | None = None,
        start: Walked | None = None,
    ) -> None:
        self._repository = repository
        self._commits = commits
        self._rules = rules
        self._cut_off = cut_off
        self._plain = plain
        self._notes = notes or {}
        self.walked = start or Walked.empty()
        self._writers: dict[str, str | None] = {}
        self._by_oid = {commit.oid: commit for commit in commits}
        self._todo = [commit for commit in commits if commit.oid not in self.walked.numbers]
        self._waiting = _children(self._todo)

    def run(
        self,
        progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = never,
        checkpoint: Callable[[Walked], None] = lambda walked: None,
    ) -> Walked:
        """Walk to the end; ``checkpoint`` is called between commits.  Raises ``Cancelled``, and ``InputError``."""
        single = [commit for commit in self._todo if not commit.is_merge]
        merges = [commit for commit in self._todo if commit.is_merge]
        patches = read_diffs(
            self._repository.patches([(c.oid, next(iter(c.parents), None)) for c in single], cancelled),
            self._wanted,
        )
        joins = read_diffs(
            self._repository.changed([(c.oid, parent) for c in merges for parent in c.parents], cancelled),
            lambda commit, files: False,
        )
        done = len(self._commits) - len(self._todo)
        try:
            with self._repository.blobs() as blobs:
                for commit in self._todo:
                    if cancelled():
                        raise Cancelled
                    number = self.walked.numbers.setdefault(commit.oid, len(self.walked.numbers))
                    if commit.is_merge:
                        changes = [next(joins)[1] for _ in commit.parents]
                        state = self._merged(commit, number, changes, blobs)
                    else:
                        state = self._changed(commit, number, next(patches)[1])
                    self.walked.states[commit.oid] = state
                    self._release(commit)
                    done += 1
                    progress(done, len(self._commits))
                    checkpoint(self.walked)
        finally:
            patches.close()  # type: ignore[attr-defined]
            joins.close()  # type: ignore[attr-defined]
        return self.walked

    def _wanted(self, oid: str, files: list[FileChange]) -> bool:
        commit = self._by_oid[oid]
        if self._writer(commit) is not None:
            return True
        state = self._state_of(commit)
        return any(change.old_path in state for change in files)

    def _writer(self, commit: Commit) -> str | None:
        if commit.oid in self._cut_off:
            return None
        if commit.oid not in self._writers:
            self._writers[commit.oid] = self._rules.writer(commit, self._notes)
        return self._writers[commit.oid]

    def _state_of(self, commit: Commit) -> State:
        return self.walked.states.get(commit.parents[0], {}) if commit.parents else {}

    def _release(self, commit: Commit) -> None:
        for parent in commit.parents:
            self._waiting[parent] = self._waiting.get(parent, 1) - 1
            if self._waiting[parent] <= 0:
                self.walked.states.pop(parent, None)

    def _merged(
        self, commit: Commit, number: int, changes: list[list[FileChange]], blobs: BlobReader
    ) -> State:
        states = [self.walked.states.get(parent, {}) for parent in commit.parents]
        state, missing = joined(states, changes, blobs)
        for line in missing:
            if not self.walked.log.is_dead(line):  # else a branch took it out, and the merge only agrees
                self.walked.log.died(line, number, Fate.EDITED, self.walked.log.born_touch[line])
        return state

    def _changed(self, commit: Commit, number: int, files: list[FileChange]) -> State:
        before = self._state_of(commit)
        writer = self._writer(commit)
        if writer is None and not any(change.old_path in before for change in files):
            return before
        found = continued_lines(
            files, formatting=is_formatting(commit.message), whole=commit.oid in self._plain
        )
        followed = self._replaced(before, files)
        self._bury(commit, number, files, before, followed, set(found.values()))
        state = dict(before)
        for change in files:
            if change.status in "DR":
                state.pop(change.old_path, None)
        births = self._births(commit, writer, files, found)
        for f, change in enumerate(files):
            if change.status == "D":
                continue
            lines = before.get(change.old_path)
            touch = (lines.touches if lines is not None else 0) + 1
            places, ids = _continuing(f, change, found, followed)
            for place, content in births.get(f, ()):
                assert writer is not None
                writer_number = self.walked.writers.setdefault(writer, len(self.walked.writers))
                path = self.walked.paths.setdefault(change.path, len(self.walked.paths))
                places.append(place)
                ids.append(self.walked.log.born(number, path, place, writer_number, content, touch))
            if lines is not None:
                edges = [(h.old_first, h.old_count, h.new_first, h.new_count) for h in change.hunks]
                old = shifted(lines, edges)
            else:
                old = (np.empty(0, np.int32), np.empty(0, np.int32))
            new_places, new_ids = gathered(places, ids, old)
            if len(new_ids):
                state[change.path] = FileLines(change.blob, new_places, new_ids, touch)
            else:
                state.pop(change.path, None)
        return state

    def _replaced(self, before: State, files: list[FileChange]) -> dict[tuple[int, int, int], int]:
        """The followed lines on the old side of the hunks."""
        found = {}
        for f, change in enumerate(files):
            lines = before.get(change.old_path)
            if lines is None or change.status == "A":
                continue
            for h, hunk in enumerate(change.hunks):
                for index in lines.within(hunk.old_first, hunk.old_count).tolist():
                    found[f, h, int(lines.places[index]) - hunk.old_first] = int(lines.ids[index])
        return found

    def _bury(
        self,
        commit: Commit,
        number: int,
        files: list[FileChange],
        before: State,
        followed: Mapping[tuple[int, int, int], int],
        going_on: set[tuple[int, int, int]],
    ) -> None:
        dead = [(place, line) for place, line in followed.items() if place not in going_on]
        if not dead:
            return
        taken_out = sum(
            counted_line(line)
            for f, change in enumerate(files)
            if counted_path(change.old_path)
            for h, hunk in enumerate(change.hunks)
            for n, line in enumerate(hunk.old)
            if (f, h, n) not in going_on
        )
        fix = taken_out <= LARGEST_FIX and is_fix(commit.message) and commit.oid not in self._plain
        for (f, h, _), line in dead:
            change = files[f]
            if change.status == "D":
                fate = Fate.DELETED
            elif fix:
                fate = Fate.FIXED
            else:
                fate = Fate.EDITED if change.hunks[h].new_count else Fate.DELETED
            self.walked.log.died(line, number, fate, before[change.old_path].touches + 1)

    def _births(
        self, commit: Commit, writer: str | None, files: list[FileChange], found: Continued
    ) -> dict[int, list[tuple[int, int]]]:
        """Places and contents of the new lines that are followed from here on, by file."""
        if writer is None:
            return {}
        noted = self._notes.get(commit.oid)
        births: dict[int, list[tuple[int, int]]] = {}
        for f, change in enumerate(files):
            if change.status == "D" or not counted_path(change.path) or _is_generated(change):
                continue
            for h, hunk in enumerate(change.hunks):
                for n, line in enumerate(hunk.new):
                    if (f, h, n) in found or not counted_line(line):
                        continue
                    if noted is not None and not noted.wrote(change.path, hunk.new_first + n):
                        continue
                    births.setdefault(f, []).append((hunk.new_first + n, line_hash(line)))
        if sum(map(len, births.values())) > LARGEST_WRITING:
            return {}
        return births


def _continuing(
    f: int, change: FileChange, found: Continued, followed: Mapping[tuple[int, int, int], int]
) -> tuple[list[int], list[int]]:
    """Places and ids of the followed lines that go on in the new side of a file's hunks."""
    places, ids = [], []
    for h, hunk in enumerate(change.hunks):
        seen: set[int] = set()  # a line that was broken in two goes on in the first part
        for n in range(len(hunk.new)):
            origin = found.get((f, h, n))
            line = followed.get(origin) if origin is not None else None
            if line is not None and line not in seen:
                seen.add(line)
                places.append(hunk.new_first + n)
                ids.append(line)
    return places, ids


def _is_generated(change: FileChange) -> bool:
    if change.status != "A" or not change.hunks:
        return False
    head = b"".join(_head(change.hunks[0])).decode("utf-8", "replace")
    return skipped_by_text(head) is not None


def _head(hunk: Hunk) -> list[bytes]:
    head, size = [], 0
    for line in hunk.new:
        head.append(line)
        size += len(line)
        if size > HEAD_CHARACTERS:
            break
    return head


def _children(commits: list[Commit]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for commit in commits:
        for parent in commit.parents:
            counts[parent] = counts.get(parent, 0) + 1
    return counts
