"""Requests to the client, of which some never answer: nothing ever waits for one without a limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from heatline.lsp.background import BackgroundTasks

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
REFRESH_SECONDS = 0.1
"""Refreshes asked for within this time are one."""


NO_ANSWER = object()
"""What ``ask`` gives when the client refused or was silent: null is an answer."""


async def ask(protocol: LanguageServerProtocol, method: str, params: Any) -> Any:
    """The client's answer; NO_ANSWER when it refuses, or takes longer than ``ANSWER_SECONDS``."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await protocol.send_request_async(method, params)
    except TimeoutError:
        logger.info("the client did not answer %s", method)
    except JsonRpcException as error:
        logger.info("the client refused %s (%s)", method, error.code)
    return NO_ANSWER


class Refreshes:
    """Asks the client to pull again what has changed, as far as it can be asked."""

    def __init__(self, protocol: LanguageServerProtocol) -> None:
        self._protocol = protocol
        self._wanted: set[str] = set()
        self._owed: dict[str, set[str]] = {}
        self._running = False
        self._tasks = BackgroundTasks()

    def supported(self, method: str) -> bool:
        """Whether the client declared that it takes this refresh request."""
        workspace = self._protocol.client_capabilities.workspace
        option = getattr(workspace, _CAPABILITIES[method], None) if workspace is not None else None
        return bool(option is not None and option.refresh_support)

    def owe(self, uri: str, method: str) -> None:
        """Remembers that a request about a document was answered before its scores were complete."""
        self._owed.setdefault(uri, set()).add(method)

    def pay(self, uri: str) -> None:
        """A document's scores are complete: what was answered too early is pulled again."""
        self.want(self._owed.pop(uri, set()))

    def want(self, methods: Iterable[str]) -> None:
        """Sends the supported ones soon, each once however often it is wanted until then."""
        self._wanted.update(method for method in methods if self.supported(method))
        if self._wanted and not self._running:
            self._running = True
            self._tasks.start(self._send())

    async def _send(self) -> None:
        try:
            while self._wanted:
                await asyncio.sleep(REFRESH_SECONDS)
                wanted, self._wanted = self._wanted, set()
                await asyncio.gather(*(ask(self._protocol, method, None) for method in sorted(wanted)))
        finally:
            self._running = False


_CAPABILITIES = {
    types.WORKSPACE_DIAGNOSTIC_REFRESH: "diagnostics",
    types.WORKSPACE_CODE_LENS_REFRESH: "code_lens",
    types.WORKSPACE_INLAY_HINT_REFRESH: "inlay_hint",
    types.WORKSPACE_SEMANTIC_TOKENS_REFRESH: "semantic_tokens",
}
ALL_REFRESHES = tuple(_CAPABILITIES)
