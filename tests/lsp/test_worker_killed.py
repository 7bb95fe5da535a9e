"""A real server whose worker is killed again and again: nothing is lost but time."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

from lsprotocol import types

import heatline
from tests.lsp.expectations import URI, expected_diagnostics
from tests.lsp.processes import SERVER_IN_PROC, children, worker_of
from tests.lsp.sessions import Session

KILLS = 20
TEXT = "def f(x):\n    return x + 1\n\n\nTOTAL = f(3)\n"

pytestmark = SERVER_IN_PROC


def server() -> int:
    """The server that a test started last."""
    found = [pid for pid in children(os.getpid()) if b"--stdio" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return max(found)


async def edit(session: Session, version: int, text: str, chance: random.Random) -> str:
    """Inserts a word somewhere; the text after it. The text is ASCII: every encoding counts alike."""
    at = chance.randrange(len(text) + 1)
    word = chance.choice([" ", "y", "(", "\n", "# note\n", "z = 1\n", "\ndef g(a):\n    return a\n"])
    line, character = text.count("\n", 0, at), at - (text.rfind("\n", 0, at) + 1)
    place = types.Position(line, character)
    session.edit(
        URI, version, types.TextDocumentContentChangePartial(range=types.Range(place, place), text=word)
    )
    return text[:at] + word + text[at:]


async def test_twenty_kills_in_an_edit_session_lose_nothing(
    session: Session, scorer: heatline.Scorer
) -> None:
    """Every kill is followed by an edit, half of them preceded by one: at work, idle, or still starting."""
    await session.initialize()
    chance, text, version = random.Random(0), TEXT, 1
    session.open(URI, text)
    await session.published(lambda params: params.version == 1)
    serving = server()
    for number in range(KILLS):
        if number % 2:
            version += 1
            text = await edit(session, version, text, chance)
        os.kill(await worker_of(serving), signal.SIGKILL)
        version += 1
        text = await edit(session, version, text, chance)
        expected = expected_diagnostics(scorer, text, "utf-16")
        wanted = version
        published = await session.published(lambda params, wanted=wanted: params.version == wanted)
        assert sorted_by_place(expected) == sorted_by_place(published.diagnostics)


async def test_a_stopped_worker_is_not_waited_for_by_a_hover(session: Session) -> None:
    """What is scored is answered from the server's memory, whatever the worker does."""
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lambda params: params.version == 1)
    worker = await worker_of(server())
    os.kill(worker, signal.SIGSTOP)
    try:
        assert await session.hover(URI, 1, 6) is not None
    finally:
        os.kill(worker, signal.SIGCONT)


async def test_an_idle_worker_takes_no_processor_time(session: Session) -> None:
    """Measured in clock ticks of 10 ms while hovers are answered."""
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lambda params: params.version == 1)
    worker = await worker_of(server())
    while (before := ticks(worker)) != ticks(worker) or not sleeping(worker):
        await asyncio.sleep(0.01)
    for _ in range(50):
        await session.hover(URI, 1, 6)
    assert ticks(worker) - before <= 1


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def sleeping(pid: int) -> bool:
    return all(
        (task / "stat").read_text().rsplit(")", 1)[1].split()[0] == "S"
        for task in Path(f"/proc/{pid}/task").iterdir()
    )


def sorted_by_place(diagnostics: list[types.Diagnostic] | tuple[types.Diagnostic, ...]) -> list[str]:
    return sorted(map(str, diagnostics))
