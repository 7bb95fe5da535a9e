"""The worker's own loop, with an engine that does as it is told."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import threading
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO

import numpy as np
import pytest

from heatline.errors import BundleError, InputError, SupervisorError
from heatline.scoring import wire
from heatline.scoring.cancellation import Cancelled, never
from heatline.scoring.engine import KeyedScope
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.scopes import Scope
from heatline.scoring.worker import JobQueue, run

LOAD = wire.Load(None, None, None)


def score(job: int, uri: str = "file:///a.py", text: str = "x = 1\n") -> wire.Score:
    return wire.Score(job, uri, version=1, language="python", priority_offset=0, text=text)


def key_of(line: str) -> bytes:
    return hashlib.sha256(line.encode()).digest()


class ScriptedEngine:
    """One scope per line; a line that says how to fail does so."""

    is_open = True
    opened_on: tuple[str, str] | None = None

    def __init__(self) -> None:
        self.saved: list[set[bytes]] = []
        self.edited: list[str | None] = []

    def close(self) -> None: ...

    def forget(self, document: str) -> None: ...

    def save(self, wanted: Collection[bytes]) -> None:
        self.saved.append(set(wanted))

    def outline(
        self, text: str, language: str, document: str | None = None, above: str = ""
    ) -> list[KeyedScope]:
        return [
            KeyedScope(Scope(number, number, line, "run"), key_of(line))
            for number, line in enumerate(text.splitlines())
        ]

    def features(
        self,
        text: str,
        keyed: KeyedScope,
        *,
        edited_in: str | None = None,
        others: Collection[bytes] = (),
        cancelled: Callable[[], bool] = never,
    ) -> ScopeFeatures:
        scope, line = keyed.scope, keyed.scope.name
        if line == "wait until cancelled":
            while not cancelled():
                pass
            raise Cancelled
        if line == "refuse":
            raise InputError("This file is too long.")
        if line == "no model":
            raise BundleError("The bundle was altered.")
        if line == "crash":
            raise RuntimeError(text)
        self.edited.append(edited_in)
        spans = np.zeros((0, 2), dtype=np.int32)
        return ScopeFeatures(scope.start, scope.end, line, "run", spans, np.zeros((0, 2), dtype=np.float32))


def sent(content: bytes) -> list[wire.Message]:
    source = io.BytesIO(content)
    messages = []
    while prefix := source.read(wire.PREFIX_BYTES):
        head, body = wire.frame_lengths(prefix)
        messages.append(wire.decode(source.read(head), source.read(body)))
    return messages


def talk(*messages: wire.Message, engine: ScriptedEngine, clock: Callable[[], float]) -> list[wire.Message]:
    """What a worker answers until it has done the last job, when its stdin ends."""
    read_end, write_end = os.pipe()

    class Sink(io.BytesIO):
        def write(self, content: Any) -> int:
            if b'"Done"' in content:
                os.close(write_end)
            return super().write(content)

    os.write(write_end, b"".join(map(wire.encode, messages)))
    sink = Sink()
    with os.fdopen(read_end, "rb") as source:
        run(source, sink, lambda _: (engine, "probe"), clock)
    return sent(sink.getvalue())


class RunningWorker:
    """``run`` in a thread, fed and read through pipes as the real one is."""

    def __init__(self) -> None:
        self.engine = ScriptedEngine()
        read_end, write_end = os.pipe()
        self.requests: BinaryIO = os.fdopen(write_end, "wb", buffering=0)
        out_read, out_write = os.pipe()
        self._answers: BinaryIO = os.fdopen(out_read, "rb")
        source, sink = os.fdopen(read_end, "rb"), os.fdopen(out_write, "wb")
        self._thread = threading.Thread(target=self._run, args=(source, sink))
        self._thread.start()

    def _run(self, source: BinaryIO, sink: BinaryIO) -> None:
        with sink:
            run(source, sink, lambda _: (self.engine, "probe"))

    def send(self, *messages: wire.Message) -> None:
        for message in messages:
            self.requests.write(wire.encode(message))

    def receive_any(self) -> wire.Message:
        head, body = wire.frame_lengths(self._answers.read(wire.PREFIX_BYTES))
        return wire.decode(self._answers.read(head), self._answers.read(body))

    def receive(self) -> wire.Message:
        """The next message, signs of life and outlines left out."""
        while isinstance(message := self.receive_any(), wire.Alive | wire.Outline):
            pass
        return message

    def finish(self, job: int) -> list[bytes]:
        """The keys of the features sent until a job is done."""
        keys = []
        while (message := self.receive()) != wire.Done(job, "file:///a.py"):
            assert isinstance(message, wire.Features)
            keys.append(message.key)
        return keys

    def end(self) -> None:
        if self.requests.closed:
            return
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
    assert isinstance(first, wire.Features)
    assert isinstance(second, wire.Features)
    assert [first.key, second.key] == [key_of("a"), key_of("b")]
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
    assert isinstance(worker.receive(), wire.Features)


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


def test_a_worker_that_is_told_nothing_leaves_without_a_word() -> None:
    """It was started before anybody had opened a document, and nobody did."""
    sink = io.BytesIO()
    run(io.BytesIO(), sink, lambda _: pytest.fail("nothing is loaded"))
    assert sink.getvalue() == b""


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


def known(job: int, text: str) -> wire.Score:
    """A job of a document of which the server holds what it was sent."""
    return dataclasses.replace(score(job, text=text), fresh=False)


def test_the_outline_comes_before_the_features(worker: RunningWorker) -> None:
    worker.send(score(1, text="a\nb"))
    assert worker.receive_any() == wire.Alive(1, "file:///a.py", wire.PATIENCE_SECONDS)
    places = (wire.Place(0, 0, "a", "run", key_of("a")), wire.Place(1, 1, "b", "run", key_of("b")))
    assert worker.receive_any() == wire.Outline(1, "file:///a.py", places)


def test_only_what_the_server_does_not_hold_is_sent(worker: RunningWorker) -> None:
    worker.send(score(1, text="a\nb\nb"))
    assert worker.finish(1) == [key_of("a"), key_of("b")]
    worker.send(known(2, "b\nc\na"))
    assert worker.finish(2) == [key_of("c")]


def test_what_a_finished_job_does_not_name_is_sent_again_when_it_comes_back(worker: RunningWorker) -> None:
    for job, text in ((1, "a\nb"), (2, "a")):
        worker.send(score(job, text=text) if job == 1 else known(job, text))
        worker.finish(job)
    worker.send(known(3, "a\nb"))
    assert worker.finish(3) == [key_of("b")]


def test_a_fresh_job_is_sent_everything(worker: RunningWorker) -> None:
    for job in (1, 2):
        worker.send(score(job, text="a"))
        assert worker.finish(job) == [key_of("a")]


def test_only_the_scope_under_edit_keeps_its_prefix(worker: RunningWorker) -> None:
    worker.send(score(1, text="a\nb"))  # its priority offset is 0, where the scope "a" stands
    worker.finish(1)
    assert worker.engine.edited == ["file:///a.py", None]


def test_what_the_documents_hold_is_saved_at_the_end(worker: RunningWorker) -> None:
    worker.send(score(1, text="a"))
    worker.finish(1)
    worker.end()
    assert worker.engine.saved[-1] == {key_of("a")}


def test_a_worker_says_that_it_is_alive() -> None:
    """After every chunk, but not more often than once a second."""
    clock = iter(range(0, 1000, 1))

    class Slow(ScriptedEngine):
        def features(self, text: str, keyed: KeyedScope, **options: Any) -> ScopeFeatures:
            for _ in range(3):
                assert not options["cancelled"]()
            return super().features(text, keyed, **options)

    answers = talk(LOAD, score(1, text="a"), engine=Slow(), clock=lambda: float(next(clock)))
    assert sum(isinstance(answer, wire.Alive) for answer in answers) >= 3


def test_jobs_in_the_background_wait_for_the_others() -> None:
    queue = JobQueue()
    queue.put(dataclasses.replace(score(1, "file:///x.py#file"), background=True))
    queue.put(dataclasses.replace(score(2, "file:///y.py#file"), background=True))
    queue.put(score(3))
    order = []
    for _ in range(3):
        job = queue.newest()
        assert job is not None
        order.append(job.job)
        queue.finish(job)
    assert order == [3, 1, 2]


def test_what_the_model_runs_on_is_said_once_before_the_first_features() -> None:
    engine = ScriptedEngine()
    engine.opened_on = ("cpu", "The card is broken.")
    answers = talk(LOAD, score(1, text="one\ntwo"), engine=engine, clock=lambda: 0.0)
    opened = [answer for answer in answers if isinstance(answer, wire.Opened)]
    features = [answer for answer in answers if isinstance(answer, wire.Features)]
    assert opened == [wire.Opened("cpu", "The card is broken.")]
    assert (len(features), answers.index(opened[0]) < answers.index(features[0])) == (2, True)
