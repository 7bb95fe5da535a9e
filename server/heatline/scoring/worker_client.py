"""The server's side of the worker process: starts it when there is work, and again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Sequence
from typing import Protocol

from heatline.scoring import wire
from heatline.scoring.features import ScopeFeatures

logger = logging.getLogger(__name__)

# -P: the working directory is the user's project; nothing in it may be imported.
WORKER_COMMAND = (sys.executable, "-P", "-m", "heatline.scoring.worker")

BACK_OFF_SECONDS = (0.1, 0.5)
"""The wait after the first quick death in a row, the second, …; one more death and the client gives up."""

REFUSAL_SECONDS = 10.0
"""After a worker said that it can't load its model, no other is tried for so long: not one per keystroke."""

LEAVE_SECONDS = 2.0
"""How long a worker may take to leave once its stdin is closed."""


class WorkerListener(Protocol):
    """What the client reports, always on the event loop and in the order in which it happened."""

    async def worker_loaded(self, probe: str) -> None:
        """The model is ready; ``probe`` is the path of its probe's card. Called again after a restart."""

    def scope_scored(self, job: int, uri: str, features: ScopeFeatures) -> None: ...

    def job_done(self, job: int, uri: str) -> None: ...

    def scoring_failed(self, message: str, uri: str | None) -> None:
        """For a person to read: this document can't be scored, or (without a URI) none can."""


class WorkerClient:
    """Keeps one worker process at the jobs that are not done, one per document.

    A job that was lost with a worker is sent to the next one. Three deaths in a row without a finished job
    between them end it: ``scoring_failed`` says so, once, and later jobs are not taken.
    """

    def __init__(
        self,
        load: wire.Load,
        listener: WorkerListener,
        command: Sequence[str] = WORKER_COMMAND,
        back_off: Sequence[float] = BACK_OFF_SECONDS,
    ) -> None:
        self._load = load
        self._listener = listener
        self._command = command
        self._back_off = back_off
        self._unfinished: dict[str, wire.Score] = {}
        self._wanted = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._gave_up = False
        self._finished_a_job = False
        self._refused_at: float | None = None

    def score(self, job: wire.Score) -> None:
        """Asks for a job in place of an older one of its document; starts the worker if need be."""
        if self._gave_up or self._refused_lately():
            return
        self._unfinished[job.uri] = job
        self._send(job)
        self._wanted.set()
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())

    def cancel(self, uri: str) -> None:
        """Drops a document's job, if it has one."""
        if self._unfinished.pop(uri, None) is not None:
            self._send(wire.Cancel(uri))
        if not self._unfinished:
            self._wanted.clear()

    async def stop(self) -> None:
        """Ends the worker: closes its stdin, and kills it if it doesn't leave."""
        self._gave_up = True
        self._unfinished.clear()
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    def _refused_lately(self) -> bool:
        if self._refused_at is None:
            return False
        return asyncio.get_running_loop().time() - self._refused_at < REFUSAL_SECONDS

    def _send(self, message: wire.Message) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(wire.encode(message))

    async def _keep(self) -> None:
        deaths = 0
        while True:
            await self._wanted.wait()
            self._finished_a_job = False
            await self._live()
            if not self._wanted.is_set():
                continue  # it died idle, or said why it can't work: the next job starts another
            deaths = 0 if self._finished_a_job else deaths + 1
            if deaths > len(self._back_off):
                self._give_up()
                return
            logger.warning("the scoring worker died; starting another")
            await asyncio.sleep(self._back_off[deaths - 1] if deaths else 0)

    def _give_up(self) -> None:
        self._gave_up = True
        self._unfinished.clear()
        self._listener.scoring_failed(
            "Heatline's scoring process stopped several times in a row, so scoring is off. "
            "Run `heatline doctor`, then restart the language server; its log has the details.",
            uri=None,
        )

    async def _live(self) -> None:
        """One worker, from start to end."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        except OSError as error:
            logger.error("the scoring worker could not be started: %s", error)
            return
        self._process = process
        assert process.stdout is not None
        try:
            self._send(self._load)
            for job in self._unfinished.values():
                self._send(job)
            while True:
                head, body = wire.frame_lengths(await process.stdout.readexactly(wire.PREFIX_BYTES))
                content = await process.stdout.readexactly(head + body)
                await self._receive(wire.decode(content[:head], content[head:]))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except wire.WireError as error:
            logger.error("the scoring worker sent something that is not a frame (%s)", error)
        finally:
            self._process = None
            await _leave(process)
        logger.info("the scoring worker ended with code %s", process.returncode)

    async def _receive(self, message: wire.Message) -> None:
        if isinstance(message, wire.Loaded):
            await self._listener.worker_loaded(message.probe)
        elif isinstance(message, wire.Failed) and message.uri is None:
            self._unfinished.clear()
            self._wanted.clear()
            self._refused_at = asyncio.get_running_loop().time()
            self._listener.scoring_failed(message.message, uri=None)
        elif isinstance(message, wire.Scope | wire.Done | wire.Failed) and message.uri is not None:
            newest = self._unfinished.get(message.uri)
            if newest is None or newest.job != message.job:
                return  # superseded while it was under way
            if isinstance(message, wire.Scope):
                self._listener.scope_scored(message.job, message.uri, message.features)
                return
            self._finished_a_job = True
            del self._unfinished[message.uri]
            if not self._unfinished:
                self._wanted.clear()
            if isinstance(message, wire.Done):
                self._listener.job_done(message.job, message.uri)
            else:
                self._listener.scoring_failed(message.message, message.uri)


async def _leave(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), LEAVE_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
