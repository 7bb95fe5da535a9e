"""Work that nobody waits for."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class BackgroundTasks:
    """Holds tasks until they end, because the event loop does so only weakly, and logs the ones that fail.

    A failure is logged with where it happened and without its text, which may quote the user's code.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs ``work`` on the current event loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("background work failed with %s\n%s", type(error).__name__, frames)
