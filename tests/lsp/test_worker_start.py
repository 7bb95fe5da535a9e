"""A worker is started before it is wanted, given away once, and never left behind."""

from __future__ import annotations

import sys
from asyncio.subprocess import Process
from functools import partial

import pytest

from heatline.scoring.worker_start import EarlyWorker, start_worker

WAITING = (sys.executable, "-c", "import sys; sys.stdin.read()")
LEAVING = (sys.executable, "-c", "pass")


class Starts:
    """Starts processes and keeps them."""

    def __init__(self, *command: str) -> None:
        self.processes: list[Process] = []
        self._command = command

    async def __call__(self) -> Process:
        self.processes.append(await start_worker(self._command))
        return self.processes[-1]

    async def end(self) -> None:
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()


async def test_the_first_to_want_a_worker_gets_the_one_that_is_there_and_the_next_another() -> None:
    """A restart must not be given the process of the link before it."""
    starts = Starts(*WAITING)
    early = EarlyWorker(starts)
    await early.begin()
    assert len(starts.processes) == 1
    first, second = await early(), await early()
    await early.close()
    assert [first, second] == starts.processes
    assert [each.returncode for each in starts.processes] == [None, None], "what was taken is somebody else's"
    await starts.end()


async def test_a_worker_that_nobody_wanted_is_ended() -> None:
    """The server leaves no process behind."""
    starts = Starts(*WAITING)
    early = EarlyWorker(starts)
    await early.begin()
    await early.close()
    assert [each.returncode for each in starts.processes] == [0]


async def test_a_worker_that_is_not_wanted_for_long_leaves() -> None:
    """An editor without documents doesn't keep one in memory; a document that is opened later gets another."""
    starts = Starts(*WAITING)
    early = EarlyWorker(starts, unwanted_seconds=0.0)
    await early.begin()
    assert await starts.processes[0].wait() == 0
    later = await early()
    assert later is starts.processes[1]
    await starts.end()


async def test_a_worker_that_died_early_is_not_given_away() -> None:
    """Whoever wants one gets one that lives, or at least a new try."""
    starts = Starts(*LEAVING)
    early = EarlyWorker(starts)
    await early.begin()
    await starts.processes[0].wait()
    assert await early() is starts.processes[1]
    await starts.end()


async def test_a_worker_that_can_t_be_started_early_ends_nothing() -> None:
    """The server starts all the same: who wants a worker is told what is wrong."""
    early = EarlyWorker(partial(start_worker, ("/nonexistent/worker",)))
    await early.begin()
    with pytest.raises(FileNotFoundError):
        await early()
    await early.close()
