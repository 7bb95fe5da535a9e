"""How an editor reaches the server: stdin and stdout, or one TCP connection on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable

from pygls.io_ import run_async

from heatline.lsp.language_server import HeatlineServer

LOOPBACK = "127.0.0.1"


def log_to_stderr() -> None:
    """Sends the log to stderr, where editors look for it, and keeps code out of it.

    pygls logs the bodies of messages, and code is private: all of its records are dropped.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(levelname)s %(message)s"
    )
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


def serve_stdio(server: HeatlineServer) -> None:
    """Serves until the client says exit or closes the pipe. What else prints to stdout goes to stderr."""
    sys.stdout.flush()
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server.start_io(stdout=frames)


def serve_tcp(server: HeatlineServer, port: int, listening: Callable[[int], None]) -> None:
    """Serves the first client that connects to ``port`` (0: any free one) of the loopback interface.

    ``listening`` is told the port. Raises OSError when the port is taken.
    """
    asyncio.run(_serve_tcp(server, port, listening))


async def _serve_tcp(server: HeatlineServer, port: int, listening: Callable[[int], None]) -> None:
    left = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.close()  # one editor, one server
        server.protocol.set_writer(writer)
        with contextlib.suppress(ConnectionError):
            await run_async(
                stop_event=threading.Event(),
                reader=reader,
                protocol=server.protocol,
                logger=logging.getLogger("pygls"),
                error_handler=server.report_server_error,
            )
        left.set()

    listener = await asyncio.start_server(connected, LOOPBACK, port)
    listening(listener.sockets[0].getsockname()[1])
    await left.wait()
