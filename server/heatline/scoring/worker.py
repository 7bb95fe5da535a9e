"""The process that owns the model: ``python -m heatline.scoring.worker``, frames on stdin and stdout.

It can die, hang or be killed without the language server losing anything.  The newest job wins: an older one
stops at the next chunk of tokens, and goes on later unless its document was scored anew or closed.  The
process leaves when its stdin closes, so that it never outlives the server.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from heatline.errors import HeatlineError, ProbeError, SupervisorError
from heatline.scoring import wire
from heatline.scoring.cancellation import Cancelled
from heatline.scoring.engine import KeyedScope, distance, nearest_first
from heatline.scoring.features import ScopeFeatures

logger = logging.getLogger(__name__)


ALIVE_EVERY_SECONDS = 1.0

SAVE_AFTER_SECONDS = 2.0
"""After so long without work what was scored under edit is written to the cache."""


class FeatureEngine(Protocol):
    """The part of ``heatline.scoring.engine.Engine`` that a worker uses."""

    @property
    def is_open(self) -> bool: ...

    @property
    def opened_on(self) -> tuple[str, str] | None: ...

    def outline(
        self, text: str, language: str, document: str | None = None, above: str = ""
    ) -> list[KeyedScope]: ...

    def features(
        self,
        text: str,
        keyed: KeyedScope,
        *,
        edited_in: str | None = None,
        others: Collection[bytes] = (),
        cancelled: Callable[[], bool] = ...,
    ) -> ScopeFeatures: ...

    def save(self, wanted: Collection[bytes]) -> None: ...

    def forget(self, document: str) -> None: ...

    def close(self) -> None: ...


class JobQueue:
    """Jobs that wait, one per document, the newest first out, those in the background last. Used by two threads."""

    def __init__(self) -> None:
        self._waiting: dict[str, wire.Score] = {}  # in order of arrival
        self._changed = threading.Condition()
        self._closed = False

    def put(self, job: wire.Score) -> None:
        """Adds a job in place of an older one of its document."""
        with self._changed:
            self._waiting.pop(job.uri, None)
            self._waiting[job.uri] = job
            self._changed.notify()

    def cancel(self, uri: str) -> None:
        with self._changed:
            self._waiting.pop(uri, None)

    def close(self) -> None:
        """Ends ``newest``, now and for ever."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def newest(self) -> wire.Score | None:
        """Waits for a job; the newest, which stays in the queue until ``finish``, or None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return None if self._closed else self._first()

    def stays_empty(self, seconds: float) -> bool:
        """Waits; whether nothing came."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._waiting or self._closed, seconds)

    def is_newest(self, job: wire.Score) -> bool:
        """Whether ``job`` is still what should be worked on."""
        with self._changed:
            return not self._closed and self._first() is job

    def finish(self, job: wire.Score) -> None:
        """Takes a job out, unless a newer one of its document has taken its place."""
        with self._changed:
            if self._waiting.get(job.uri) is job:
                del self._waiting[job.uri]

    def _first(self) -> wire.Score | None:
        for job in reversed(self._waiting.values()):
            if not job.background:
                return job
        return next(iter(self._waiting.values()), None)


def run(
    source: BinaryIO,
    sink: BinaryIO,
    load: Callable[[wire.Load], tuple[FeatureEngine, str]],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Works until ``source`` ends. ``load`` returns the engine and the path of its probe.

    Raises WireError when the first frame is not a ``Load``.
    """

    def send(message: wire.Message) -> None:
        sink.write(wire.encode(message))
        sink.flush()

    first = _read(source)
    if first is None:
        return  # it was started early, and nobody wanted it
    if not isinstance(first, wire.Load):
        raise wire.WireError("the first frame must be Load")
    queue = JobQueue()
    threading.Thread(target=_receive, args=(source, queue), daemon=True).start()
    try:
        engine, probe = load(first)
    except HeatlineError as error:
        send(wire.Failed(str(error)))
        return
    bench = Bench(engine, queue, send, clock)
    try:
        send(wire.Loaded(probe))
        while (job := queue.newest()) is not None:
            bench.work(job)
            if queue.stays_empty(SAVE_AFTER_SECONDS):
                bench.save()
    except (SupervisorError, ProbeError) as error:  # the model is opened when it is first needed
        send(wire.Failed(str(error)))
    finally:
        bench.save()
        engine.close()


class Bench:
    """Does one job at a time, and knows which scopes the server holds."""

    def __init__(
        self,
        engine: FeatureEngine,
        queue: JobQueue,
        send: Callable[[wire.Message], None],
        clock: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._queue = queue
        self._send = send
        self._clock = clock
        self._held: dict[str, set[bytes]] = {}  # by document, the keys whose features the server has
        self._begun: dict[str, int] = {}  # by document, the job last begun
        self._heard = 0.0
        self._told_device = False

    def work(self, job: wire.Score) -> None:
        """Does a job, unless a newer one comes; says so when it fails."""
        try:
            self._score(job)
        except Cancelled:
            return  # still in the queue if only its turn is over
        except (BrokenPipeError, SupervisorError, ProbeError):
            raise  # nothing can be scored
        except HeatlineError as error:
            self._send(wire.Failed(str(error), job.job, job.uri))
        except Exception as error:
            # Without the error's own text, which may quote the code that was scored.
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("scoring failed with %s\n%s", type(error).__name__, frames)
            message = "Heatline could not score this file; the server's log has the details."
            self._send(wire.Failed(message, job.job, job.uri))
        self._queue.finish(job)

    def save(self) -> None:
        """Writes to the cache what the documents hold."""
        self._engine.save(set().union(*self._held.values()))

    def _score(self, job: wire.Score) -> None:
        self._alive(job, wire.PATIENCE_SECONDS)
        if job.fresh and self._begun.get(job.uri) != job.job:  # not when it gave way and goes on
            self._held[job.uri] = set()
            self._engine.forget(job.uri)
        self._begun[job.uri] = job.job
        held = self._held.setdefault(job.uri, set())
        document = None if job.background else job.uri
        scopes = self._engine.outline(job.text, job.language, document, job.above)
        keys = {keyed.key for keyed in scopes}
        self._send(wire.Outline(job.job, job.uri, tuple(map(_place, scopes))))
        for keyed in nearest_first(scopes, job.priority_offset):
            if keyed.key in held:
                continue
            if not self._go_on(job):
                raise Cancelled
            if not self._engine.is_open:
                self._alive(job, wire.LOADING_SECONDS)
            edited = distance(keyed.scope, job.priority_offset) == 0
            scored = self._engine.features(
                job.text,
                keyed,
                edited_in=job.uri if edited else None,
                others=keys,
                cancelled=lambda: not self._go_on(job),
            )
            self._tell_device()
            spans = scored.token_spans - np.int32(scored.start)
            self._send(wire.Features(job.job, job.uri, keyed.key, spans, scored.features))
            held.add(keyed.key)
        held &= keys  # the server forgets the others when it reads the next frame
        if job.background:
            del self._held[job.uri], self._begun[job.uri]
        self._send(wire.Done(job.job, job.uri))

    def _tell_device(self) -> None:
        opened = self._engine.opened_on
        if opened is not None and not self._told_device:
            self._told_device = True
            self._send(wire.Opened(*opened))

    def _go_on(self, job: wire.Score) -> bool:
        """Whether the job is still wanted; also says now and then that it is being worked on."""
        if not self._queue.is_newest(job):
            return False
        if self._clock() - self._heard >= ALIVE_EVERY_SECONDS:
            self._alive(job, wire.PATIENCE_SECONDS)
        return True

    def _alive(self, job: wire.Score, within: float) -> None:
        self._heard = self._clock()
        self._send(wire.Alive(job.job, job.uri, within))


def _place(keyed: KeyedScope) -> wire.Place:
    scope = keyed.scope
    return wire.Place(scope.start, scope.end, scope.name, scope.kind, keyed.key)


def _receive(source: BinaryIO, queue: JobQueue) -> None:
    try:
        while (message := _read(source)) is not None:
            if isinstance(message, wire.Score):
                queue.put(message)
            elif isinstance(message, wire.Cancel):
                queue.cancel(message.uri)
    except wire.WireError:
        logger.error("the server sent something that is not a frame; leaving")
    finally:
        queue.close()


def _read(source: BinaryIO) -> wire.Message | None:
    prefix = source.read(wire.PREFIX_BYTES)
    if len(prefix) < wire.PREFIX_BYTES:
        return None
    head, body = wire.frame_lengths(prefix)
    content = source.read(head + body)
    if len(content) < head + body:
        return None
    return wire.decode(content[:head], content[head:])


def load_engine(request: wire.Load) -> tuple[FeatureEngine, str]:
    """The engine of the asked-for supervisor and probe, and the probe's path. Raises HeatlineError."""
    import heatline

    scorer = heatline.load(
        request.supervisor,
        request.probe,
        request.threads,
        device=request.device,
        cache=request.cache_bytes,
        memory=request.memory,
    )
    return scorer.engine, str(heatline.resolve(request.supervisor, request.probe).probe)


def main() -> None:
    """The process: frames on stdin and stdout; everything else that is printed goes to stderr, the log."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the server's business
    with contextlib.suppress(OSError):  # Linux, short of memory: rather this process than the editor
        Path("/proc/self/oom_score_adj").write_text("500")
    logging.basicConfig(stream=sys.stderr, format="heatline worker: %(levelname)s %(message)s")
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # While the server still starts and has nothing to say.
    importlib.import_module("heatline.scorer")
    with contextlib.suppress(BrokenPipeError):
        run(sys.stdin.buffer, frames, load_engine)


if __name__ == "__main__":
    main()
