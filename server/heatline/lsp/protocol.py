"""What of pygls' own protocol handling Heatline replaces."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method

Handler = tuple[Callable[..., Any], tuple[Any, ...], None]

OWN_PREFIX = "heatline/"


@dataclass
class OwnRequest:
    """A ``heatline/…`` request as it came: its handler reads ``params``, to refuse bad ones."""

    id: int | str
    method: str
    jsonrpc: str
    params: Any = None


@dataclass
class OwnNotification:
    """A ``heatline/…`` notification as it came."""

    method: str
    jsonrpc: str
    params: Any = None


@dataclass
class _Answered:
    """Stands for a message that was answered while it was read; pygls passes over what is not JSON-RPC 2.0."""

    jsonrpc: str = ""


class HeatlineProtocol(LanguageServerProtocol):
    """Leaves text and notebook synchronisation to the server's own handlers.

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

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(
        self, params: types.DidOpenNotebookDocumentParams
    ) -> Generator[Handler, Any, None]:
        yield from self._hand_over(types.NOTEBOOK_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(
        self, params: types.DidChangeNotebookDocumentParams
    ) -> Generator[Handler, Any, None]:
        yield from self._hand_over(types.NOTEBOOK_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(
        self, params: types.DidCloseNotebookDocumentParams
    ) -> Generator[Handler, Any, None]:
        yield from self._hand_over(types.NOTEBOOK_DOCUMENT_DID_CLOSE, params)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The typed message of a JSON object.

        A request that can't be made sense of is answered with an error: pygls would drop it, and its client
        would wait for ever.
        """
        method = data.get("method") if "jsonrpc" in data else None
        if isinstance(method, str) and method.startswith(OWN_PREFIX):
            if "id" in data:
                return OwnRequest(data["id"], method, data["jsonrpc"], data.get("params"))
            return OwnNotification(method, data["jsonrpc"], data.get("params"))
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and isinstance(data.get("id"), int | str):
                refusal = JsonRpcInvalidParams(f"The parameters of {data['method']} are malformed.")
                self._send_response(data["id"], error=refusal.to_response_error())
                return _Answered()
            raise error

    def _hand_over(self, method: str, params: object) -> Generator[Handler, Any, None]:
        yield self.fm.features[method], (params,), None
