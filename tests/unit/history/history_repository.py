"""A git repository that a test writes commit by commit, each some days after the one before."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

CLAUDE = "\n\nCo-Authored-By: Claude <noreply@anthropic.com>"
DAY = 86_400
START = 1_760_000_000


class Written:
    """``commit`` writes files and commits them; time passes with ``days``."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.time = START
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "trunk", *more)

    def git(self, *arguments: str) -> str:
        identity = {
            "GIT_AUTHOR_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@example.org",
            "GIT_COMMITTER_NAME": "Ann",
            "GIT_COMMITTER_EMAIL": "ann@example.org",
            "GIT_AUTHOR_DATE": f"{self.time} +0000",
            "GIT_COMMITTER_DATE": f"{self.time} +0000",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }
        done = subprocess.run(
            ["git", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder,
            env=os.environ | identity,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, **files: str | bytes | None) -> None:
        """Write files (``a_py`` is ``a.py``; two underscores are a folder); None deletes one."""
        for key, content in files.items():
            self.put(key.replace("__", "/").replace("_", "."), content)

    def put(self, name: str, content: str | bytes | None) -> None:
        path = self.folder / name
        if content is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str, *, days: float = 1, **files: str | bytes | None) -> str:
        """Commit everything, ``days`` after the last commit; its oid."""
        self.time += int(days * DAY)
        self.write(**files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def by_claude(
        self, message: str = "feat: write it", *, days: float = 1, **files: str | bytes | None
    ) -> str:
        """The same, with the assistant's trailer."""
        return self.commit(message + CLAUDE, days=days, **files)
