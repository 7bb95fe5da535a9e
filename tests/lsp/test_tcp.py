"""``heatline serve --tcp``: the same server over a socket of this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest_asyncio

import heatline
from tests.lsp.expectations import TEXT, URI, expected_diagnostics
from tests.lsp.sessions import SERVE, Session, lines

Listening = tuple[asyncio.subprocess.Process, int]


@pytest_asyncio.fixture
async def server(served_environment: dict[str, str]) -> AsyncIterator[Listening]:
    """A server on a free port: (process, port)."""
    process = await asyncio.create_subprocess_exec(
        *SERVE, "--tcp", "0", stderr=asyncio.subprocess.PIPE, env=served_environment
    )
    assert process.stderr is not None
    announced = (await process.stderr.readline()).decode()
    yield process, int(announced.rsplit(":", 1)[1])
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_a_session_over_tcp(
    server: Listening,
    served_environment: dict[str, str],
    scorer: heatline.Scorer,
) -> None:
    """It publishes what a session over stdio does, and the process ends with the session."""
    process, port = server
    session = Session(served_environment)
    await session.client.start_tcp("127.0.0.1", port)
    await session.initialize()
    session.open(URI, TEXT)
    published = await session.published(lines(3))
    assert list(published.diagnostics) == expected_diagnostics(scorer, TEXT, "utf-16")
    await session.end()
    assert await process.wait() == 0


async def test_the_log_holds_no_code(server: Listening) -> None:
    """Not even when the client breaks the protocol with it."""
    process, port = server
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in (b"{ secret", b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"secret":1}}'):
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    writer.write_eof()
    assert process.stderr is not None
    log = (await process.stderr.read()).decode()
    writer.close()
    assert "JsonRpcInvalidParams" in log
    assert "secret" not in log


async def test_the_server_leaves_when_the_connection_is_lost(
    server: Listening,
) -> None:
    process, port = server
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    assert await process.wait() == 0


async def test_a_port_that_is_taken_is_one_sentence(served_environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *SERVE, "--tcp", str(port), stderr=asyncio.subprocess.PIPE, env=served_environment
        )
        _, printed = await process.communicate()
    expected = f"Port {port} can't be used. Choose another, or 0 for any free one."
    assert (process.returncode, printed.decode().strip()) == (2, expected)
