"""Notices that HEAD of an open document's repository moved: after a commit, other lines are the changed ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from heatline.lsp.committed_texts import Stamp, head_stamp

SECONDS = 3.0
"""Between two looks. One costs a few file attributes; not every client watches files."""


class HeadWatch:
    """Looks at the repositories of ``folders()`` while there are any, and calls ``moved`` when one changed."""

    def __init__(self, folders: Callable[[], Iterable[Path]], moved: Callable[[], None]) -> None:
        self._folders = folders
        self._moved = moved
        self._stamps: dict[Path, Stamp | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Looks now, and again from time to time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        before = self._stamps
        self._stamps = {folder: head_stamp(folder) for folder in set(self._folders())}
        if any(folder in before and before[folder] != stamp for folder, stamp in self._stamps.items()):
            self._moved()
        if self._stamps:
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self.look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
