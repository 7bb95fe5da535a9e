"""The server's side of the worker: what a worker does wrong costs a pause, or one sentence."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from heatline.scoring import wire
from heatline.scoring.worker_client import WorkerClient
from heatline.scoring.worker_start import start_worker

FAKE_WORKER = str(Path(__file__).with_name("fake_worker.py"))
URI = "file:///a.py"
PATIENCE_SECONDS = 60.0


class Recorder:
    """A listener that keeps what it is told, in order."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[tuple[str, object]] = asyncio.Queue()

    async def next(self) -> tuple[str, object]:
        return await asyncio.wait_for(self._events.get(), PATIENCE_SECONDS)

    async def worker_loaded(self, probe: str) -> None:
        self._events.put_nowait(("loaded", probe))

    def model_opened(self, device: str, warning: str) -> None:
        self._events.put_nowait(("opened", (device, warning)))

    def outlined(self, job: int, uri: str, places: Sequence[wire.Place]) -> None:
        self._events.put_nowait(("outline", (job, places[0].name)))

    def scope_scored(self, uri: str, features: wire.Features) -> None:
        self._events.put_nowait(("scope", features.job))

    def job_done(self, job: int, uri: str) -> None:
        self._events.put_nowait(("done", job))

    def scoring_failed(self, message: str, uri: str | None) -> None:
        self._events.put_nowait(("failed", (message, uri)))


Start = Callable[..., tuple[WorkerClient, Recorder]]


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    clients = []

    def started(*arguments: str, **options: float) -> tuple[WorkerClient, Recorder]:
        recorder = Recorder()
        command = (sys.executable, FAKE_WORKER, *arguments)
        start = partial(start_worker, command)
        client = WorkerClient(wire.Load(None, None, None), recorder, start, (0.0, 0.0), **options)
        clients.append(client)
        return client, recorder

    yield started
    for client in clients:
        await client.stop()


def score(job: int, uri: str = URI) -> wire.Score:
    return wire.Score(job, uri, version=job, language="python", priority_offset=0, text="x = 1\n")


async def test_a_job_is_loaded_for_scored_and_done(start: Start) -> None:
    client, recorder = start("good")
    client.score(score(1))
    events = [await recorder.next() for _ in range(4)]
    assert events == [("loaded", "probe.safetensors"), ("outline", (1, "fresh")), ("scope", 1), ("done", 1)]


@pytest.mark.parametrize("mode", ["die-once", "hang-once"])
async def test_a_job_that_was_lost_with_its_worker_is_sent_to_the_next(
    start: Start, tmp_path: Path, mode: str
) -> None:
    """Whether the worker died, or was not heard of for longer than it said it would be silent."""
    client, recorder = start(mode, str(tmp_path / "died"))
    client.score(score(1))
    events = [await recorder.next() for _ in range(5)]
    assert events[1:] == [
        ("loaded", "probe.safetensors"),
        ("outline", (1, "fresh")),
        ("scope", 1),
        ("done", 1),
    ]


async def test_a_worker_is_told_what_the_server_holds(start: Start) -> None:
    """Nothing for a document that was just opened, or opened again; what was sent for one that goes on."""
    client, recorder = start("good")
    seen = []
    for number in range(1, 4):
        client.score(score(number))
        while (event := await recorder.next())[0] != "done":
            if event[0] == "outline":
                seen.append(event[1])
        if number == 2:
            client.forget(URI)
    assert seen == [(1, "fresh"), (2, "known"), (3, "fresh")]


async def test_an_idle_worker_leaves_when_no_document_is_left(start: Start) -> None:
    """The next job starts another."""
    client, recorder = start("good", keep_warm=0.0)
    client.score(score(1))
    while (await recorder.next())[0] != "done":
        pass
    first = client.process_id
    client.forget(URI)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while client.process_id is not None:
            await asyncio.sleep(0)
    client.score(score(2))
    assert await recorder.next() == ("loaded", "probe.safetensors")
    assert client.process_id != first


async def test_a_document_that_workers_die_on_is_left_alone(start: Start) -> None:
    """The others are scored all the same, however often a worker has died on that one."""
    client, recorder = start("die-on-b")
    bad = "file:///b.py"
    failed = None
    number = 0
    client.score(score(100, bad))
    while failed is None:
        number += 1
        client.score(score(number))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                kind, what = await recorder.next()
                if kind == "failed":
                    failed = what
                if kind in ("failed", "done"):
                    break
    assert failed[1] == bad
    client.score(score(101, bad))
    client.score(score(50))
    while (event := await recorder.next())[0] != "done":
        assert event[0] != "failed"
    assert event == ("done", 50)


@pytest.mark.parametrize("mode", ["die", "garbage"])
async def test_the_third_quick_death_ends_it_with_one_sentence(start: Start, mode: str) -> None:
    client, recorder = start(mode)
    client.score(score(1))
    events = [await recorder.next() for _ in range(4)]
    assert [kind for kind, _ in events] == ["loaded", "loaded", "loaded", "failed"]


async def test_a_worker_that_cannot_load_says_why(start: Start) -> None:
    client, recorder = start("refuse")
    client.score(score(1))
    assert await recorder.next() == ("failed", ("No supervisor.", None))


async def test_a_file_that_cannot_be_scored_leaves_the_others_alone(start: Start) -> None:
    client, recorder = start("fail")
    client.score(score(1))
    client.score(score(2, "file:///b.py"))
    events = [await recorder.next() for _ in range(3)]
    assert events[1:] == [
        ("failed", ("Can't score this file.", URI)),
        ("failed", ("Can't score this file.", "file:///b.py")),
    ]


async def test_a_program_that_does_not_exist_ends_it_with_one_sentence() -> None:
    recorder = Recorder()
    start = partial(start_worker, ("/nonexistent/worker",))
    client = WorkerClient(wire.Load(None, None, None), recorder, start, back_off=())
    client.score(score(1))
    kind, _ = await recorder.next()
    assert kind == "failed"


async def test_a_superseded_jobs_results_are_dropped_but_for_its_features(start: Start) -> None:
    client, recorder = start("good")
    client.score(score(1))
    client.score(score(2))
    events = [await recorder.next() for _ in range(4)]
    assert events[1:] in (
        [("scope", 1), ("outline", (2, "fresh")), ("scope", 2)],
        [("outline", (2, "fresh")), ("scope", 2), ("done", 2)],
    )


async def test_a_client_may_be_stopped_while_its_worker_is_being_started(start: Start) -> None:
    """Cut short, asyncio's start of a process may wait for ever."""
    client, _ = start("good")
    client.score(score(1))
    while client.process_id is None and not starting(client):
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await client.stop()
    assert client.process_id is None


def starting(client: WorkerClient) -> bool:
    """Whether the task that starts the process is under way."""
    return any("create_subprocess_exec" in str(task.get_coro()) for task in asyncio.all_tasks())
