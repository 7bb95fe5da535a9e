"""Starts worker processes; the first one before anybody has asked for anything.

Imports next to nothing: a server starts its worker with this, and then both import what they need side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Sequence

logger = logging.getLogger(__name__)

# -P: the working directory is the user's project; nothing in it may be imported.
WORKER_COMMAND = (sys.executable, "-P", "-m", "heatline.scoring.worker")

LEAVE_SECONDS = 2.0
"""How long a worker may take to leave once its stdin is closed."""

UNWANTED_SECONDS = 600.0
"""How long a worker that was started early waits to be wanted."""

_READ_BUFFER_BYTES = 1 << 20

StartWorker = Callable[[], Awaitable[Process]]
"""Gives a worker that nobody else has. Raises OSError when none can be started."""


async def start_worker(command: Sequence[str] = WORKER_COMMAND) -> Process:
    """A new worker, reading stdin and writing stdout. Raises OSError."""
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=_READ_BUFFER_BYTES)


async def leave(process: Process) -> None:
    """Ends a worker: closes its stdin, and kills it if it doesn't leave."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), LEAVE_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    except asyncio.CancelledError:  # nobody waits any more: it is not asked twice
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise


class EarlyWorker:
    """One worker that is started before it is wanted. Called, it gives that one, and from then on new ones.

    A worker that nobody wanted leaves after ``unwanted_seconds``, as it takes memory.
    """

    def __init__(self, start: StartWorker = start_worker, unwanted_seconds: float = UNWANTED_SECONDS) -> None:
        self._start = start
        self._unwanted_seconds = unwanted_seconds
        self._process: Process | None = None
        self._leaving: asyncio.TimerHandle | None = None

    async def begin(self) -> None:
        """Starts it. What goes wrong is said to whoever wants a worker, when that can't be started either."""
        try:
            self._process = await self._start()
        except OSError as error:
            logger.debug("no worker could be started early: %s", error)
            return
        loop = asyncio.get_running_loop()
        self._leaving = loop.call_later(self._unwanted_seconds, self._dismiss)

    async def __call__(self) -> Process:
        process = self._taken()
        return process if process is not None and process.returncode is None else await self._start()

    async def close(self) -> None:
        """Ends the worker, unless somebody has taken it."""
        process = self._taken()
        if process is not None:
            await leave(process)

    def _taken(self) -> Process | None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        process, self._process = self._process, None
        return process

    def _dismiss(self) -> None:
        process = self._taken()
        if process is not None and process.stdin is not None:
            process.stdin.close()
