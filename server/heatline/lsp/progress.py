"""Work-done progress, for clients that show it: begun by the server, or by a token that came with a request."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol

from heatline.lsp.client_requests import NO_ANSWER, ask


class ProgressBar:
    """One bar; without a token it shows nothing and is never cancelled."""

    def __init__(self, protocol: LanguageServerProtocol, token: types.ProgressToken | None) -> None:
        self._protocol = protocol
        self._token = token

    @property
    def cancelled(self) -> bool:
        """Whether the person gave it up."""
        future = None if self._token is None else self._protocol.progress.tokens.get(self._token)
        return future is not None and future.cancelled()

    def report(self, message: str, percentage: int | None = None) -> None:
        if self._token is not None:
            self._protocol.progress.report(
                self._token, types.WorkDoneProgressReport(message=message, percentage=percentage)
            )


@asynccontextmanager
async def progress_bar(
    protocol: LanguageServerProtocol,
    title: str,
    *,
    token: types.ProgressToken | None = None,
    cancellable: bool = False,
    percentage: bool = False,
) -> AsyncIterator[ProgressBar]:
    """A bar for as long as the block runs. ``token`` is the client's; None: it is asked for one, if it has any."""
    if token is None and _shows_progress(protocol.client_capabilities):
        token = str(uuid.uuid4())
        params = types.WorkDoneProgressCreateParams(token)
        if await ask(protocol, types.WINDOW_WORK_DONE_PROGRESS_CREATE, params) is NO_ANSWER:
            token = None
    if token is not None:
        begin = types.WorkDoneProgressBegin(
            title=title, cancellable=cancellable, percentage=0 if percentage else None
        )
        protocol.progress.begin(token, begin)
    try:
        yield ProgressBar(protocol, token)
    finally:
        if token is not None:
            protocol.progress.end(token, types.WorkDoneProgressEnd())
            protocol.progress.tokens.pop(token, None)


async def show_until(protocol: LanguageServerProtocol, title: str, done: asyncio.Event) -> None:
    """A bar without a measure until something is done."""
    async with progress_bar(protocol, title):
        await done.wait()


def _shows_progress(capabilities: types.ClientCapabilities) -> bool:
    return capabilities.window is not None and capabilities.window.work_done_progress is True
