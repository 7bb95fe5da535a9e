"""The command ``heatline.fetchSupervisor``: downloads a supervisor of the catalog, when a person asks for it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from heatline.lsp.language_server import HeatlineServer
from heatline.lsp.progress import ProgressBar, progress_bar
from heatline.supervisor.catalog import CATALOG, DEFAULT_SUPERVISOR

FETCH = "heatline.fetchSupervisor"

# A process of its own: building takes memory that a server should not keep, and it can be stopped.
PULL_COMMAND = (sys.executable, "-P", "-m", "heatline", "supervisor", "pull")

LOOK_SECONDS = 0.5
"""Between two looks whether the person gave it up."""


def register(server: HeatlineServer, command: Sequence[str] = PULL_COMMAND) -> None:
    @server.command(FETCH)
    async def fetch(*arguments: Any) -> dict[str, Any]:
        name = arguments[0] if arguments else server.link.settings.supervisor or DEFAULT_SUPERVISOR
        if not isinstance(name, str) or name not in CATALOG:
            raise JsonRpcInvalidParams(f"{FETCH} needs one of {', '.join(CATALOG)}.")
        title = f"Heatline: fetching {name}"
        async with progress_bar(server.protocol, title, cancellable=True) as bar:
            problem = await _pull([*command, name], bar)
        if problem is None:
            server.restart()
        else:
            server.window_show_message(types.ShowMessageParams(types.MessageType.Error, problem))
        return {"supervisor": name, "fetched": problem is None}


async def _pull(command: Sequence[str], bar: ProgressBar) -> str | None:
    """Runs the program; what went wrong, in its own last line, or None."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    said = asyncio.ensure_future(process.communicate())
    try:
        while not (await asyncio.wait([said], timeout=LOOK_SECONDS))[0]:
            if bar.cancelled:
                return "The supervisor was not fetched, as you gave it up."
        lines = said.result()[1].decode("utf-8", "replace").strip().splitlines()
        if process.returncode == 0:
            return None
        return lines[-1] if lines else "The supervisor could not be fetched. Run `heatline doctor`."
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await said
