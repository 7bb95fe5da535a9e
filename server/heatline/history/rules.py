"""Whose lines are followed, and what counts: everything that decides the outcome besides the repository itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from heatline.history.assistants import Assistants, shipped_assistants
from heatline.history.git_ai_notes import NotedCommit
from heatline.history.repository import Commit

RULES_VERSION = 1
"""Raise it when a rule changes what becomes of a line; kept walks of an older one are not used."""
PEOPLE = "people"


@dataclass(frozen=True)
class Rules:
    """Whose lines are followed.

    Without ``everyone`` or ``author`` it is the commits that an assistant of ``assistants`` wrote.  ``author``: those
    whose author holds this text.  ``since``: none from before this day (ISO 8601).
    """

    assistants: Assistants
    everyone: bool = False
    author: str | None = None
    since: str | None = None

    def writer(self, commit: Commit, notes: Mapping[str, NotedCommit]) -> str | None:
        """Who wrote a commit's lines, when they are followed; None when they aren't."""
        if commit.is_merge or (self.since is not None and commit.time < _seconds(self.since)):
            return None
        if self.author is not None and self.author.lower() not in commit.author.lower():
            return None
        assistant = self.assistants.writer(commit.author, commit.committer, commit.message)
        if assistant is None and commit.oid in notes:
            assistant = notes[commit.oid].main_tool
        if self.everyone or self.author is not None:
            return assistant or PEOPLE
        return assistant

    @property
    def key(self) -> str:
        """A hash of everything here and of the rules' version."""
        written = json.dumps([RULES_VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()


def default_rules() -> Rules:
    """The lines of every assistant that we know."""
    return Rules(shipped_assistants())


def _seconds(day: str) -> float:
    return datetime.fromisoformat(day).timestamp()
