"""The processes of a session, found in /proc."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.lsp.sessions import PATIENCE_SECONDS

SERVER_IN_PROC = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="finds the worker process in /proc, which is not here"
)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


async def worker_of(server: int) -> int:
    """A server's worker process, once it is there."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := [pid for pid in children(server) if is_worker(pid)]):
            await asyncio.sleep(0.01)
    return found[0]


def is_worker(pid: int) -> bool:
    try:
        return b"heatline.scoring.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
