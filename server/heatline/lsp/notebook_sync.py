"""Notebooks: each code cell is a document of its own, without its magics; Markdown cells are left alone."""

from __future__ import annotations

from lsprotocol import types

from heatline.lsp.language_server import HeatlineServer

SYNC = types.NotebookDocumentSyncOptions(
    notebook_selector=[types.NotebookDocumentFilterWithNotebook(notebook="*")]
)


def register(server: HeatlineServer) -> None:
    cells_of: dict[str, set[str]] = {}

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        cells_of[params.notebook_document.uri] = {cell.uri for cell in params.cell_text_documents}
        for item in params.cell_text_documents:
            server.opened(server.documents.open(item, is_cell=True))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        cells, changed = cells_of.setdefault(params.notebook_document.uri, set()), params.change.cells
        if changed is None:
            return  # only what the notebook says of itself
        if changed.structure is not None:
            for closed in changed.structure.did_close or ():
                cells.discard(closed.uri)
                close(closed.uri)
            for item in changed.structure.did_open or ():
                cells.add(item.uri)
                server.opened(server.documents.open(item, is_cell=True))
        for content in changed.text_content or ():
            document = server.documents.change(content.document, content.changes, server.encoding)
            if document is not None:
                server.edited(document)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        named = {cell.uri for cell in params.cell_text_documents}
        for uri in cells_of.pop(params.notebook_document.uri, set()) | named:
            close(uri)

    def close(uri: str) -> None:
        server.documents.close(uri)
        server.closed(uri)
