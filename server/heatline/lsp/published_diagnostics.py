"""How diagnostics reach the client: pushed, or pulled by those that can be asked to pull again. Never both.

What is shown changes without an edit too (a toggle, a mark, a commit).  A client that pulls and can't be refreshed,
as Neovim 0.11, would keep what it pulled last; so it is not offered to pull, and everything is pushed to it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from heatline.lsp.diagnostics import line_diagnostics, result_id
from heatline.lsp.display import SupersededError
from heatline.lsp.shown_document import ShownDocument

if TYPE_CHECKING:
    from heatline.lsp.language_server import HeatlineServer

Report = types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport


class ServerCancelledError(JsonRpcException):
    """Raised when a pulled document was edited before its answer was there: the client should pull again."""

    CODE = types.LSPErrorCodes.ServerCancelled
    MESSAGE = "The document was edited; pull again."

    def __init__(self) -> None:
        super().__init__(self.MESSAGE, self.CODE, {"retriggerRequest": True})


def pulls_diagnostics(capabilities: types.ClientCapabilities) -> bool:
    """Whether a client pulls diagnostics, and pulls again when it is asked to."""
    text, workspace = capabilities.text_document, capabilities.workspace
    if text is None or text.diagnostic is None or workspace is None or workspace.diagnostics is None:
        return False
    return bool(workspace.diagnostics.refresh_support)


class PublishedDiagnostics:
    """What the client has of each open document's diagnostics."""

    def __init__(self, server: HeatlineServer) -> None:
        self._server = server
        self._pushed: dict[str, tuple[int, str]] = {}
        self._pulled: dict[str, tuple[int, str]] = {}
        self.changed = asyncio.Event()
        """Set whenever a document's diagnostics may differ from those that a pulling client has."""

    @property
    def pulls(self) -> bool:
        """Whether this client pulls."""
        return pulls_diagnostics(self._server.client_capabilities)

    def show(self, shown: ShownDocument) -> None:
        """Pushes what is new; asks a pulling client to pull what differs from its last answer."""
        self.changed.set()
        if self.pulls:
            last = self._pulled.get(shown.uri)
            if last is not None and last[0] == shown.scored.document.version:
                current = result_id(line_diagnostics(shown, self._server.encoding))
                if current != last[1]:
                    self._server.refreshes.want([types.WORKSPACE_DIAGNOSTIC_REFRESH])
            return
        diagnostics = line_diagnostics(shown, self._server.encoding)
        version = shown.scored.document.version
        content = version, result_id(diagnostics)
        if self._pushed.get(shown.uri) != content:
            self._pushed[shown.uri] = content
            self._server.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(shown.uri, diagnostics, version=version)
            )

    def cleared(self, uri: str) -> None:
        """Takes a document's diagnostics away."""
        self.changed.set()
        self._pulled.pop(uri, None)
        self._pushed.pop(uri, None)
        if not self.pulls:
            self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    async def pull(self, uri: str, previous: str | None) -> Report:
        """A document's report once its newest version is scored. Raises ServerCancelledError."""
        try:
            shown = await self._server.display.finished(uri)
        except SupersededError as error:
            raise ServerCancelledError from error
        diagnostics = [] if shown is None else line_diagnostics(shown, self._server.encoding)
        current = result_id(diagnostics)
        if shown is not None:
            self._pulled[uri] = shown.scored.document.version, current
        if current == previous:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=current)
        return types.RelatedFullDocumentDiagnosticReport(items=diagnostics, result_id=current)
