"""``textDocument/didOpen``, ``didChange``, ``didSave`` and ``didClose``; ``heatline/inserted``."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from heatline.lsp.arguments import range_of
from heatline.lsp.language_server import HeatlineServer

INSERTED = "heatline/inserted"


def register(server: HeatlineServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.opened(server.documents.open(params.text_document))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        document = server.documents.change(params.text_document, params.content_changes, server.encoding)
        if document is not None:
            server.edited(document)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.head.look()  # a save is often followed by a commit, and a client may watch no files

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.documents.close(params.text_document.uri)
        server.closed(params.text_document.uri)

    @server.feature(INSERTED)
    def inserted(params: Any) -> None:
        uri, version, ranges = inserted_params(params)
        document = server.documents.get(uri)
        if document is None or document.version != version:
            return
        spans = [
            (document.offset(each.start, server.encoding), document.offset(each.end, server.encoding))
            for each in ranges
        ]
        server.regions.insert(uri, spans)
        server.shown_again(uri)


def inserted_params(params: Any) -> tuple[str, int, list[types.Range]]:
    """URI, version and ranges of ``heatline/inserted``. Raises JsonRpcInvalidParams."""
    try:
        document, ranges = params["textDocument"], params["ranges"]
        return str(document["uri"]), int(document["version"]), [range_of(each) for each in ranges]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JsonRpcInvalidParams(f"{INSERTED} needs {{textDocument: {{uri, version}}, ranges}}.") from error
