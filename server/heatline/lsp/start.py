"""``heatline serve`` on stdin and stdout, as soon as it can be: an editor, and a person, wait for it.

The worker process is started before anything else is imported, so that it is ready when the server is.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from functools import partial

from heatline.scoring.worker_start import EarlyWorker


def serve_editor() -> None:
    """Serves until the client says exit or closes the pipe.

    Raises SystemExit with the code that the protocol asks for when the client says exit.
    """
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())


async def _serve() -> None:
    worker = EarlyWorker()
    await worker.begin()
    try:
        # What is imported stays: looking through all of it for garbage while it grows is wasted time.
        gc.disable()
        from heatline.lsp.scoring_link import worker_process
        from heatline.lsp.server import create_server
        from heatline.lsp.transport import log_to_stderr, serve_stdio

        gc.freeze()
        gc.enable()
        log_to_stderr()
        await serve_stdio(create_server(partial(worker_process, start=worker)))
    finally:
        await worker.close()
