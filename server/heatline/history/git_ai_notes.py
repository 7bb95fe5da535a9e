"""Notes in which git-ai says which lines of a commit an assistant wrote (``refs/notes/ai``, authorship 3).

A note names each file at the start of a line, and below it, indented, a session and its lines (``s1 1-4,9``).
After a line ``---`` follows JSON that says which tool each session was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REFERENCE = "refs/notes/ai"
_RANGES = re.compile(r"^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$")
_NAMES = {
    "claude": "Claude",
    "claude-code": "Claude",
    "github-copilot": "Copilot",
    "copilot": "Copilot",
    "cursor": "Cursor",
    "codex": "Codex",
    "gemini": "Gemini",
    "opencode": "OpenCode",
    "windsurf": "Windsurf",
    "amp": "Amp",
    "droid": "Droid",
}


@dataclass(frozen=True)
class NotedCommit:
    """The lines of each file that an assistant wrote, as ``[first, last]`` counted from 1, and whose they are."""

    ranges: Mapping[str, tuple[tuple[int, int, str], ...]]

    @property
    def main_tool(self) -> str | None:
        """The tool of most lines; None when people wrote all."""
        counts: dict[str, int] = {}
        for ranges in self.ranges.values():
            for first, last, tool in ranges:
                counts[tool] = counts.get(tool, 0) + last - first + 1
        return max(counts, key=lambda tool: counts[tool]) if counts else None

    def wrote(self, path: str, line: int) -> bool:
        """Whether an assistant wrote this line."""
        return any(first <= line <= last for first, last, _ in self.ranges.get(path, ()))


def read_note(note: bytes) -> NotedCommit | None:
    """What a note says; None for one that isn't of this form."""
    text = note.decode("utf-8", "replace")
    listed, mark, about = text.partition("\n---\n")
    if not mark:
        if not text.startswith("---\n"):
            return None
        listed, about = "", text[4:]
    try:
        raw = json.loads(about)
    except ValueError:
        return None
    if not isinstance(raw, dict) or not str(raw.get("schema_version", "")).startswith("authorship/"):
        return None
    tools = _tools(raw)
    files: dict[str, list[tuple[int, int, str]]] = {}
    path = ""
    for line in listed.splitlines():
        if not line.startswith((" ", "\t")):
            path = line.strip().strip('"')
            continue
        session, _, ranges = line.strip().rpartition(" ")
        session = session.split("::")[0]
        if session.startswith("h_") or not _RANGES.match(ranges):
            continue
        for one in ranges.split(","):
            first, _, last = one.partition("-")
            files.setdefault(path, []).append((int(first), int(last or first), tools.get(session, "git-ai")))
    return NotedCommit({name: tuple(ranges) for name, ranges in files.items()})


def _tools(raw: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for group in ("prompts", "sessions"):
        sessions = raw.get(group)
        for session, about in sessions.items() if isinstance(sessions, dict) else ():
            agent = about.get("agent_id") if isinstance(about, dict) else None
            tool = agent.get("tool") if isinstance(agent, dict) else None
            if isinstance(tool, str) and tool:
                found[str(session)] = _NAMES.get(tool.lower(), tool)
    return found
