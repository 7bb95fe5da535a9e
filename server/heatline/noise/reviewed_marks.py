"""The marks "reviewed" of every repository that files are looked at in."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from heatline.noise.reviewed import ReviewedLines, workspace_root


class ReviewedMarks:
    """Marks by repository. May be used from several threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` is where they are stored; None: the platform's own."""
        self._folder = folder
        self._stores: dict[Path, ReviewedLines] = {}
        self._lock = threading.Lock()

    def among(self, workspace: Path, text: str) -> frozenset[int]:
        """The lines of ``text``, from 0, that are reviewed in the repository ``workspace`` is in."""
        with self._lock:
            return self._store(workspace).among(text)

    def mark(self, workspace: Path, text: str, lines: Iterable[int]) -> None:
        with self._lock:
            self._store(workspace).mark(text, lines)

    def unmark(self, workspace: Path, text: str, lines: Iterable[int]) -> None:
        with self._lock:
            self._store(workspace).unmark(text, lines)

    def close(self) -> None:
        with self._lock:
            for store in self._stores.values():
                store.close()
            self._stores.clear()

    def _store(self, workspace: Path) -> ReviewedLines:
        root = workspace_root(workspace)
        if root not in self._stores:
            self._stores[root] = ReviewedLines(root, self._folder)
        return self._stores[root]
