"""The process that owns the model: ``python -m heatline.scoring.worker``, frames on stdin and stdout.

It can die, hang or be killed without the language server losing anything.  The newest job wins: an older one
stops at the next chunk of tokens, and goes on later unless its document was scored anew or closed.  The
process leaves when its stdin closes, so that it never outlives the server.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from heatline.errors import HeatlineError, ProbeError, SupervisorError
from heatline.scoring import wire
from heatline.scoring.features import ScopeFeatures

logger = logging.getLogger(__name__)


class FeatureEngine(Protocol):
    """The part of ``heatline.scoring.engine.Engine`` that a worker uses."""

    def scope_features(
        self,
        text: str,
        language: str,
        *,
        priority_offset: int | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[ScopeFeatures]: ...

    def close(self) -> None: ...


class JobQueue:
    """Jobs that wait, one per document, the newest first out. Used by two threads."""

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
            while not self._waiting and not self._closed:
                self._changed.wait()
            return None if self._closed else next(reversed(self._waiting.values()))

    def is_newest(self, job: wire.Score) -> bool:
        """Whether ``job`` is still what should be worked on."""
        with self._changed:
            return not self._closed and bool(self._waiting) and next(reversed(self._waiting.values())) is job

    def finish(self, job: wire.Score) -> None:
        """Takes a job out, unless a newer one of its document has taken its place."""
        with self._changed:
            if self._waiting.get(job.uri) is job:
                del self._waiting[job.uri]


def run(source: BinaryIO, sink: BinaryIO, load: Callable[[wire.Load], tuple[FeatureEngine, str]]) -> None:
    """Works until ``source`` ends. ``load`` returns the engine and the path of its probe.

    Raises WireError when the first frame is not a ``Load``.
    """

    def send(message: wire.Message) -> None:
        sink.write(wire.encode(message))
        sink.flush()

    first = _read(source)
    if not isinstance(first, wire.Load):
        raise wire.WireError("the first frame must be Load")
    queue = JobQueue()
    threading.Thread(target=_receive, args=(source, queue), daemon=True).start()
    try:
        engine, probe = load(first)
    except HeatlineError as error:
        send(wire.Failed(str(error)))
        return
    try:
        send(wire.Loaded(probe))
        while (job := queue.newest()) is not None:
            _work(job, engine, queue, send)
    except (SupervisorError, ProbeError) as error:  # the model is opened when it is first needed
        send(wire.Failed(str(error)))
    finally:
        engine.close()


def _work(
    job: wire.Score, engine: FeatureEngine, queue: JobQueue, send: Callable[[wire.Message], None]
) -> None:
    from heatline.scoring.engine import Cancelled

    try:
        scopes = engine.scope_features(
            job.text,
            job.language,
            priority_offset=job.priority_offset,
            cancelled=lambda: not queue.is_newest(job),
        )
        for scope in scopes:
            send(wire.Scope(job.job, job.uri, scope))
        send(wire.Done(job.job, job.uri))
    except Cancelled:
        return  # still in the queue if only its turn is over
    except (BrokenPipeError, SupervisorError, ProbeError):
        raise  # nothing can be scored
    except HeatlineError as error:
        send(wire.Failed(str(error), job.job, job.uri))
    except Exception as error:
        # Without the error's own text, which may quote the code that was scored.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("scoring failed with %s\n%s", type(error).__name__, frames)
        message = "Heatline could not score this file; the server's log has the details."
        send(wire.Failed(message, job.job, job.uri))
    queue.finish(job)


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

    scorer = heatline.load(request.supervisor, request.probe, request.threads)
    return scorer.engine, str(heatline.resolve(request.supervisor, request.probe).probe)


def main() -> None:
    """The process: frames on stdin and stdout; everything else that is printed goes to stderr, the log."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the server's business
    logging.basicConfig(stream=sys.stderr, format="heatline worker: %(levelname)s %(message)s")
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with contextlib.suppress(BrokenPipeError):
        run(sys.stdin.buffer, frames, load_engine)


if __name__ == "__main__":
    main()
