"""The worker's own loop, with an engine that does as it is told."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
import pytest

from heatline.errors import BundleError, InputError, SupervisorError
from heatline.scoring import wire
from heatline.scoring.engine import Cancelled
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.worker import JobQueue, run

LOAD = wire.Load(None, None, None)


def score(job: int, uri: str = "file:///a.py", text: str = "x = 1\n") -> wire.Score:
    return wire.Score(job, uri, version=1, language="python", priority_offset=0, text=text)


class ScriptedEngine:
    """One scope per line; a line that says how to fail does so."""

    def close(self) -> None: ...

    def scope_features(
        self,
        text: str,
        language: str,
        *,
        priority_offset: int | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[ScopeFeatures]:
        for number, line in enumerate(text.splitlines()):
            if line == "wait until cancelled":
                while not (cancelled and cancelled()):
                    pass
                raise Cancelled
            if line == "refuse":
                raise InputError("This file is too long.")
            if line == "no model":
                raise BundleError("The bundle was altered.")
            if line == "crash":
                raise RuntimeError(text)
            spans = np.zeros((0, 2), dtype=np.int32)
            yield ScopeFeatures(number, number, line, "run", spans, np.zeros((0, 2), dtype=np.float32))


def sent(content: bytes) -> list[wire.Message]:
    source = io.BytesIO(content)
    messages = []
    while prefix := source.read(wire.PREFIX_BYTES):
        head, body = wire.frame_lengths(prefix)
        messages.append(wire.decode(source.read(head), source.read(body)))
    return messages


class RunningWorker:
    """``run`` in a thread, fed and read through pipes as the real one is."""

    def __init__(self) -> None:
        read_end, write_end = os.pipe()
        self.requests: BinaryIO = os.fdopen(write_end, "wb", buffering=0)
        out_read, out_write = os.pipe()
        self._answers: BinaryIO = os.fdopen(out_read, "rb")
        source, sink = os.fdopen(read_end, "rb"), os.fdopen(out_write, "wb")
        self._thread = threading.Thread(target=self._run, args=(source, sink))
        self._thread.start()

    @staticmethod
    def _run(source: BinaryIO, sink: BinaryIO) -> None:
        with sink:
            run(source, sink, lambda _: (ScriptedEngine(), "probe"))

    def send(self, *messages: wire.Message) -> None:
        for message in messages:
            self.requests.write(wire.encode(message))

    def receive(self) -> wire.Message:
        head, body = wire.frame_lengths(self._answers.read(wire.PREFIX_BYTES))
        return wire.decode(self._answers.read(head), self._answers.read(body))

    def end(self) -> None:
        self.requests.close()
        self._thread.join()
        self._answers.close()


@pytest.fixture
def worker() -> Iterator[RunningWorker]:
    running = RunningWorker()
    running.send(LOAD)
    assert running.receive() == wire.Loaded("probe")
    yield running
    running.end()


def test_scopes_are_sent_one_by_one_and_then_done(worker: RunningWorker) -> None:
    worker.send(score(1, text="a\nb\n"))
    first, second, last = worker.receive(), worker.receive(), worker.receive()
    assert isinstance(first, wire.Scope)
    assert isinstance(second, wire.Scope)
    assert [first.features.name, second.features.name] == ["a", "b"]
    assert last == wire.Done(1, "file:///a.py")


def test_a_newer_job_of_the_document_ends_the_older(worker: RunningWorker) -> None:
    worker.send(score(1, text="wait until cancelled"), score(2, text=""))
    assert worker.receive() == wire.Done(2, "file:///a.py")


def test_a_cancelled_job_ends(worker: RunningWorker) -> None:
    worker.send(
        score(1, text="wait until cancelled"), wire.Cancel("file:///a.py"), score(2, "file:///b.py", "")
    )
    assert worker.receive() == wire.Done(2, "file:///b.py")


def test_a_job_that_gave_way_to_another_document_is_done_later(worker: RunningWorker) -> None:
    worker.send(score(1, text=""), score(2, "file:///b.py", ""))
    assert {worker.receive(), worker.receive()} == {
        wire.Done(1, "file:///a.py"),
        wire.Done(2, "file:///b.py"),
    }


def test_closing_its_stdin_ends_a_worker_at_work(worker: RunningWorker) -> None:
    """The fixture's ``end`` joins it."""
    worker.send(score(1, text="a\nwait until cancelled"))
    assert isinstance(worker.receive(), wire.Scope)


def test_a_text_the_engine_refuses_fails_with_its_sentence(worker: RunningWorker) -> None:
    worker.send(score(1, text="refuse"))
    assert worker.receive() == wire.Failed("This file is too long.", 1, "file:///a.py")


def test_a_crash_fails_one_job_and_logs_no_code(
    worker: RunningWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker.send(score(1, text="crash\nsecret"), score(2, "file:///b.py", ""))
    answers = [worker.receive(), worker.receive()]
    assert [type(answer) for answer in answers] in ([wire.Failed, wire.Done], [wire.Done, wire.Failed])
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_a_model_that_cannot_be_loaded_is_said_and_ends_the_worker() -> None:
    def load(_: wire.Load) -> tuple[ScriptedEngine, str]:
        raise SupervisorError("There is no supervisor.")

    sink = io.BytesIO()
    run(io.BytesIO(wire.encode(LOAD)), sink, load)
    assert sent(sink.getvalue()) == [wire.Failed("There is no supervisor.")]


def test_a_model_that_cannot_be_opened_is_said_without_a_document(worker: RunningWorker) -> None:
    worker.send(score(1, text="no model"))
    assert worker.receive() == wire.Failed("The bundle was altered.")


def test_the_newest_job_is_first_out() -> None:
    queue = JobQueue()
    queue.put(score(1))
    queue.put(score(2, "file:///b.py"))
    newest = queue.newest()
    assert newest is not None
    assert newest.job == 2


def test_a_finished_job_does_not_take_a_newer_one_with_it() -> None:
    queue = JobQueue()
    old, new = score(1), score(2)
    queue.put(old)
    queue.put(new)
    queue.finish(old)
    assert queue.is_newest(new)
