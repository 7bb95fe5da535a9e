"""pygls' protocol without its document state, which Heatline keeps itself; with Heatline's own request."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol, lsp_method

from heatline.lsp import span_confidence

Handler = tuple[Callable[..., Any], tuple[Any, ...], None]


@dataclass
class SpanConfidenceRequest:
    """``heatline/spanConfidence`` as it came: its handler reads ``params``, to refuse bad ones."""

    id: int | str
    method: str
    jsonrpc: str
    params: Any = None


class HeatlineProtocol(LanguageServerProtocol):
    """Leaves text synchronisation to the server's own handlers.

    pygls would keep a second copy of every document and apply each edit to it with lines that are not the
    protocol's, failing on some.
    """

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> Generator[Handler, Any, None]:
        yield from self._hand_over(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Handler, Any, None]:
        yield from self._hand_over(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> Generator[Handler, Any, None]:
        yield from self._hand_over(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        if method == span_confidence.METHOD:
            return SpanConfidenceRequest
        return super().get_message_type(method)

    def _hand_over(self, method: str, params: object) -> Generator[Handler, Any, None]:
        yield self.fm.features[method], (params,), None
