"""How an editor reaches the server: stdin and stdout, or one TCP connection on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pygls.io_ import StdinAsyncReader, StdoutWriter, run_async

from heatline.lsp.language_server import HeatlineServer

if TYPE_CHECKING:
    from pygls.io_ import AsyncReader

LOOPBACK = "127.0.0.1"
_HEADER_BYTES = 1 << 16


def log_to_stderr() -> None:
    """Sends the log to stderr, where editors look for it, and keeps code out of it.

    pygls logs the bodies of messages, and code is private: all of its records are dropped.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(levelname)s %(message)s"
    )
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


async def serve_stdio(server: HeatlineServer) -> None:
    """Serves until the client says exit or closes the pipe. What else prints to stdout goes to stderr.

    Raises SystemExit with the code that the protocol asks for when the client says exit.
    """
    sys.stdout.flush()
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server.protocol.set_writer(StdoutWriter(frames))
    await _serve(server, await _stdin(frames.fileno()))


def serve_tcp(server: HeatlineServer, port: int, listening: Callable[[int], None]) -> None:
    """Serves the first client that connects to ``port`` (0: any free one) of the loopback interface.

    ``listening`` is told the port. Raises OSError when the port is taken, SystemExit as ``serve_stdio``.
    """
    asyncio.run(_serve_tcp(server, port, listening))


async def _serve_tcp(server: HeatlineServer, port: int, listening: Callable[[int], None]) -> None:
    connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    connected = asyncio.get_running_loop().create_future()

    def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connected.done():
            writer.close()
        else:
            connected.set_result((reader, writer))

    listener = await asyncio.start_server(connect, LOOPBACK, port, limit=_HEADER_BYTES)
    listening(listener.sockets[0].getsockname()[1])
    reader, writer = await connected
    listener.close()  # one editor, one server
    server.protocol.set_writer(writer)
    await _serve(server, _Headers(reader))


async def _serve(server: HeatlineServer, reader: AsyncReader) -> None:
    """Handles messages until there are no more; the worker process is gone when it returns."""
    try:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await run_async(
                stop_event=threading.Event(),
                reader=reader,
                protocol=server.protocol,
                logger=logging.getLogger("pygls"),
                error_handler=server.report_server_error,
            )
    finally:
        # Not left to the end of the loop, which cancels everything: asyncio waits for ever for a process that was
        # about to be started (CPython gh-119710).
        await server.end()


async def _stdin(output: int) -> AsyncReader:
    """The standard input, read by the event loop where that can be.

    A thread reads it otherwise, which takes three changes of thread for each message: on Windows, and where
    input and output are one file, as on a terminal, whose other side would become non-blocking too.
    """
    found = os.fstat(sys.stdin.fileno())
    is_stream = stat.S_ISFIFO(found.st_mode) or stat.S_ISSOCK(found.st_mode)
    is_shared = any(os.path.samestat(found, os.fstat(each)) for each in (output, sys.stderr.fileno()))
    if sys.platform == "win32" or not is_stream or is_shared:
        return StdinAsyncReader(sys.stdin.buffer)
    reader = asyncio.StreamReader(limit=_HEADER_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    return _Headers(reader)


class _Headers:
    """A stream in which a line that is too long for a header is one that isn't understood."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readline(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError:
            return b"?"

    def readexactly(self, count: int) -> Awaitable[bytes]:
        return self._reader.readexactly(count)
