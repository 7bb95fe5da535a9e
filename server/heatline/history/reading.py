"""From a folder to the lines that were followed and what became of them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heatline.history.git_ai_notes import REFERENCE, NotedCommit, read_note
from heatline.history.kept_walk import read_walk, walk_path, write_walk
from heatline.history.repository import Commit, Repository
from heatline.history.rules import Rules
from heatline.history.walk import Progress, Walk, Walked
from heatline.history.written_lines import NOBODY, WrittenLines
from heatline.scoring.cancellation import never

IGNORED_REVISIONS = ".git-blame-ignore-revs"
CHECKPOINT_SECONDS = 30.0
DAY = 86_400.0


@dataclass(frozen=True)
class History:
    """What was read: the followed lines as of ``head``.

    ``started_anew``: a walk was kept, but its commits are no longer part of the history.  ``cut_off``: the clone is
    shallow, and nothing is known of what was written before.
    """

    repository: Repository
    head: str
    head_time: int
    commits: int
    writing_commits: int
    lines: WrittenLines
    started_anew: bool
    cut_off: bool


def read_history(
    folder: Path,
    rules: Rules,
    *,
    revision: str = "HEAD",
    keep: bool = True,
    progress: Progress = lambda done, total: None,
    cancelled: Callable[[], bool] = never,
) -> History:
    """Follow the lines that ``rules`` choose up to ``revision``.

    With ``keep`` the walk is kept in the cache folder, and an interrupted or older one is continued.  Raises
    ``InputError`` when there is no history to read, and ``Cancelled``.
    """
    repository = Repository(folder)
    head = repository.head(revision)
    cut_off = repository.cut_off()
    commits = repository.commits(head)
    plain = _plain_commits(repository, head)
    notes = _notes(repository)
    path = walk_path(repository.common, f"{rules.key}")
    walked = read_walk(path) if keep else None
    anew = walked is not None and not walked.can_go_on(commits)
    walk = Walk(
        repository,
        commits,
        rules,
        cut_off=cut_off,
        plain=plain,
        notes=notes,
        start=None if anew else walked,
    )
    saved = time.monotonic()

    def checkpoint(state: Walked) -> None:
        nonlocal saved
        if keep and time.monotonic() - saved > CHECKPOINT_SECONDS:
            write_walk(path, state)
            saved = time.monotonic()

    finished = walk.run(progress, cancelled, checkpoint)
    if keep:
        write_walk(path, finished)
    lines = _written_lines(finished, commits, head)
    writing = sum(1 for c in commits if c.oid not in cut_off and rules.writer(c, notes) is not None)
    return History(repository, head, commits[-1].time, len(commits), writing, lines, anew, bool(cut_off))


def _plain_commits(repository: Repository, head: str) -> frozenset[str]:
    listed = repository.file_at(head, IGNORED_REVISIONS) or b""
    return frozenset(re.findall(r"^\s*([0-9a-f]{40,64})\b", listed.decode("utf-8", "replace"), re.M))


def _notes(repository: Repository) -> dict[str, NotedCommit]:
    found = {oid: read_note(note) for oid, note in repository.notes(REFERENCE).items()}
    return {oid: note for oid, note in found.items() if note is not None}


def _written_lines(walked: Walked, commits: list[Commit], head: str) -> WrittenLines:
    log = walked.log
    times_of = {commit.oid: commit.time for commit in commits}
    oids = tuple(walked.numbers)
    times = np.asarray([times_of[oid] for oid in oids], np.int64)
    commit = np.asarray(log.commit, np.int32)
    death_commit = np.asarray(log.death_commit, np.int32)
    alive = np.zeros(len(log), bool)
    touches = np.zeros(len(log), np.int64)
    for lines in walked.states[head].values():
        alive[lines.ids] = True
        touches[lines.ids] = lines.touches
    # a line that is neither at HEAD nor was seen to die went with an unrelated branch: a merge that took one side
    lost = ~alive & (death_commit == NOBODY)
    ended = np.where(alive | lost, times_of[head], times[np.maximum(death_commit, 0)])
    age = np.maximum(ended - times[commit], 0) / DAY if len(log) else np.empty(0)
    last = np.where(alive | lost, touches, np.asarray(log.death_touch, np.int64))
    whole = WrittenLines(
        commit=commit,
        path=np.asarray(log.path, np.int32),
        line=np.asarray(log.line, np.int32),
        writer=np.asarray(log.writer, np.int32),
        content=np.asarray(log.content, np.int64),
        alive=alive,
        death=np.where(alive, NOBODY, np.asarray(log.death, np.int32)).astype(np.int32),
        death_commit=np.where(alive, NOBODY, death_commit).astype(np.int32),
        age=np.asarray(age, np.float64),
        followed=np.maximum(times_of[head] - times[commit], 0) / DAY if len(log) else np.empty(0),
        later_commits=np.maximum(last - np.asarray(log.born_touch, np.int64), 0).astype(np.int32),
        commits=oids,
        times=times,
        paths=tuple(walked.paths),
        writers=tuple(walked.writers),
    )
    return whole.of(~lost)
