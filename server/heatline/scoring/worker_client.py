"""The server's side of the worker process: starts it when there is work, and again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from heatline.scoring import wire
from heatline.scoring.worker_start import StartWorker, leave, start_worker

logger = logging.getLogger(__name__)

BACK_OFF_SECONDS = (0.1, 0.5)
"""The wait after the first quick death in a row, the second, …; one more death and the client gives up."""

REFUSAL_SECONDS = 10.0
"""After a worker said that it can't load its model, no other is tried for so long: not one per keystroke."""

SECOND_LOOK_SECONDS = 1.0

START_SECONDS = 180.0
"""How long a new worker may take until it is first heard of: it imports what it needs and reads the probe."""

KEEP_WARM_SECONDS = 600.0
"""How long a worker stays without documents."""

MOST_DEATHS = 3
"""A document on which so many workers died, without one that finished it, is left alone."""

RESTART_COMMAND = "heatline.restart"


class WorkerListener(Protocol):
    """What the client reports, always on the event loop and in the order in which it happened."""

    async def worker_loaded(self, probe: str) -> None:
        """The model is ready; ``probe`` is the path of its probe's card. Called again after a restart."""

    def model_opened(self, device: str, warning: str) -> None:
        """What the model runs on, and a sentence when that isn't what was asked for. Called again after a restart."""

    def outlined(self, job: int, uri: str, places: Sequence[wire.Place]) -> None:
        """The scopes of the newest job's text; features of some may be known from an older job."""

    def scope_scored(self, uri: str, features: wire.Features) -> None:
        """Features of the newest job or of an older one: they are addressed by content."""

    def job_done(self, job: int, uri: str) -> None:
        """All features of the job's outline are there; others of its document are not referred to again."""

    def scoring_failed(self, message: str, uri: str | None) -> None:
        """For a person to read: this document can't be scored, or (without a URI) none can."""


@dataclass
class _Known:
    """What is known of a document: its first job since it was opened, and whether a worker has begun since."""

    first_job: int
    begun: bool = False
    deaths: int = 0


class WorkerClient:
    """Keeps one worker process at the jobs that are not done, one per document.

    A job that was lost with a worker is sent to the next one; a worker that is not heard of while it works is
    killed.  Three deaths in a row without a finished job between them end it: ``scoring_failed`` says so, once,
    and later jobs are not taken.  A document that three workers died on is left alone, and the
    others go on.  A worker without documents leaves after ``keep_warm`` seconds; the next job starts another.
    """

    def __init__(
        self,
        load: wire.Load,
        listener: WorkerListener,
        start: StartWorker = start_worker,
        back_off: Sequence[float] = BACK_OFF_SECONDS,
        keep_warm: float = KEEP_WARM_SECONDS,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._load = load
        self._listener = listener
        self._start = start
        self._back_off = back_off
        self._keep_warm = keep_warm
        self._start_seconds = start_seconds
        self._unfinished: dict[str, wire.Score] = {}
        self._known: dict[str, _Known] = {}
        self._wanted = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._gave_up = False
        self._finished_a_job = False
        self._working_on: str | None = None
        self._within = start_seconds  # seconds in which the worker will be heard of
        self._heard = 0.0
        self._watching: asyncio.TimerHandle | None = None
        self._refused_at: float | None = None

    @property
    def process_id(self) -> int | None:
        """Of the worker that runs now."""
        return self._process.pid if self._process is not None else None

    def score(self, job: wire.Score) -> None:
        """Asks for a job in place of an older one of its document; starts the worker if need be."""
        if self._gave_up or self._refused_lately():
            return
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        known = self._known.setdefault(job.uri, _Known(job.job))
        if known.deaths >= MOST_DEATHS:
            return
        job = replace(job, fresh=not known.begun)
        self._unfinished[job.uri] = job
        self._send(job)
        if not self._wanted.is_set():
            self._heard = asyncio.get_running_loop().time()
            self._wanted.set()
        self._watch()
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())

    def cancel(self, uri: str) -> None:
        """Drops a document's job, if it has one."""
        if self._unfinished.pop(uri, None) is not None:
            self._send(wire.Cancel(uri))
        if not self._unfinished:
            self._wanted.clear()

    def forget(self, uri: str) -> None:
        """Drops a document: nothing that was scored of it is held here any more."""
        self.cancel(uri)
        if self._known.pop(uri, None) is not None and not self._known and self._leaving is None:
            self._leaving = asyncio.get_running_loop().call_later(self._keep_warm, self._end_worker)

    async def stop(self) -> None:
        """Ends the worker: closes its stdin, and kills it if it doesn't leave."""
        self._gave_up = True
        self._unfinished.clear()
        if self._leaving is not None:
            self._leaving.cancel()
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    def _refused_lately(self) -> bool:
        if self._refused_at is None:
            return False
        return asyncio.get_running_loop().time() - self._refused_at < REFUSAL_SECONDS

    def _end_worker(self) -> None:
        """Closes the idle worker's stdin: it leaves."""
        self._leaving = None
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _send(self, message: wire.Message) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(wire.encode(message))

    async def _keep(self) -> None:
        deaths = 0
        while True:
            await self._wanted.wait()
            self._finished_a_job, self._working_on = False, None
            await self._live()
            for known in self._known.values():
                known.begun = False  # the next worker holds nothing
            if not self._wanted.is_set():
                continue  # it died idle, or said why it can't work: the next job starts another
            deaths = 0 if self._finished_a_job else deaths + 1
            if deaths > len(self._back_off):
                self._give_up()
                return
            self._blame()
            logger.warning("the scoring worker died; starting another")
            await asyncio.sleep(self._back_off[deaths - 1] if deaths else 0)

    def _blame(self) -> None:
        """Counts a death on the document that was worked on; after too many it is left alone."""
        uri = self._working_on
        known = self._known.get(uri) if uri is not None else None
        if uri is None or known is None or uri not in self._unfinished:
            return
        known.deaths += 1
        if known.deaths >= MOST_DEATHS:
            del self._unfinished[uri]
            if not self._unfinished:
                self._wanted.clear()
            self._listener.scoring_failed(
                "Heatline's scoring process stopped several times on this file, so the file is left alone. "
                f"Run the command {RESTART_COMMAND} to try again.",
                uri,
            )

    def _give_up(self) -> None:
        self._gave_up = True
        self._unfinished.clear()
        self._listener.scoring_failed(
            "Heatline's scoring process stopped several times in a row, so scoring is off. "
            f"Run `heatline doctor`, then the command {RESTART_COMMAND}; the server's log has the details.",
            uri=None,
        )

    async def _live(self) -> None:
        """One worker, from start to end."""
        starting = asyncio.ensure_future(self._start())
        try:
            process = await asyncio.shield(starting)
        except OSError as error:
            logger.error("the scoring worker could not be started: %s", error)
            return
        except asyncio.CancelledError:  # a start that is cut short may never end
            with contextlib.suppress(OSError):
                await leave(await starting)
            raise
        self._process = process
        self._within, self._heard = self._start_seconds, asyncio.get_running_loop().time()
        self._watch()
        assert process.stdout is not None
        try:
            self._send(self._load)
            for uri, job in self._unfinished.items():
                self._unfinished[uri] = replace(job, fresh=True)
                self._send(self._unfinished[uri])
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
            await leave(process)
        logger.info("the scoring worker ended with code %s", process.returncode)

    async def _receive(self, message: wire.Message) -> None:
        self._heard = asyncio.get_running_loop().time()
        if isinstance(message, wire.Loaded):
            self._within = wire.PATIENCE_SECONDS
            await self._listener.worker_loaded(message.probe)
        elif isinstance(message, wire.Failed) and message.uri is None:
            self._refused(message.message)
        elif isinstance(message, wire.Opened):
            self._listener.model_opened(message.device, message.warning)
        elif isinstance(message, wire.Features):
            known = self._known.get(message.uri)
            if known is not None and message.job >= known.first_job:
                self._listener.scope_scored(message.uri, message)
                await asyncio.sleep(0)  # frames that lie in the buffer are read without a pause otherwise
        elif (
            isinstance(message, wire.Alive | wire.Outline | wire.Done | wire.Failed)
            and message.uri is not None
        ):
            self._receive_of_job(message, message.uri)

    def _receive_of_job(self, message: wire.Alive | wire.Outline | wire.Done | wire.Failed, uri: str) -> None:
        known, newest = self._known.get(uri), self._unfinished.get(uri)
        if isinstance(message, wire.Alive):
            self._working_on, self._within = uri, message.within
            self._watch()
            return
        if isinstance(message, wire.Outline) and known is not None and message.job >= known.first_job:
            known.begun = True
        if known is None or newest is None or newest.job != message.job:
            return  # superseded while it was under way
        if isinstance(message, wire.Outline):
            self._listener.outlined(message.job, uri, message.places)
            return
        self._finished_a_job = True
        known.deaths = 0
        del self._unfinished[uri]
        if not self._unfinished:
            self._wanted.clear()
        if isinstance(message, wire.Done):
            self._listener.job_done(message.job, uri)
        else:
            self._listener.scoring_failed(message.message, uri)

    def _refused(self, sentence: str) -> None:
        """Takes it that no worker can load the model, for a while."""
        self._unfinished.clear()
        self._wanted.clear()
        self._refused_at = asyncio.get_running_loop().time()
        self._listener.scoring_failed(sentence, uri=None)

    def _watch(self) -> None:
        """Sees to it that a worker with work is heard of in time. No timer runs while there is no work."""
        due = self._heard + self._within
        if self._watching is not None and self._watching.when() > due:
            self._watching.cancel()
            self._watching = None
        if self._watching is None and self._process is not None and self._wanted.is_set():
            loop = asyncio.get_running_loop()
            self._watching = loop.call_at(due, self._look, self._process, False)

    def _look(self, process: asyncio.subprocess.Process, again: bool) -> None:
        self._watching = None
        loop = asyncio.get_running_loop()
        if process is not self._process or not self._wanted.is_set():
            return
        if loop.time() < self._heard + self._within:
            self._watch()
        elif not again:  # after a pause of this whole process, what it said may only be waiting to be read
            self._watching = loop.call_later(SECOND_LOOK_SECONDS, self._look, process, True)
        else:
            logger.error("the scoring worker was not heard of for %g s; it is killed", self._within)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
