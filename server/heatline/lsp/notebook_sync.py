"""Notebooks: each code cell is a document of its own, without its magics; Markdown cells are left alone.

A cell is read with the imports of the cells above it, as a function is with those of its file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from lsprotocol import types

from heatline.lsp.document_place import document_language
from heatline.lsp.language_server import HeatlineServer
from heatline.scoring.scopes import import_lines

SYNC = types.NotebookDocumentSyncOptions(
    notebook_selector=[types.NotebookDocumentFilterWithNotebook(notebook="*")]
)

IMPORT_SECONDS = 1.0
"""After so long without an edit of a cell the cells below it are told of its imports: each is then scored anew."""


@dataclass
class _Notebook:
    cells: list[str]
    imports: dict[str, tuple[int, str, str]] = field(
        default_factory=dict
    )  # by cell: version, language, lines
    later: asyncio.TimerHandle | None = None


class Notebooks:
    """The open notebooks: which cells they have, in which order, and what each knows of those above it."""

    def __init__(self, server: HeatlineServer) -> None:
        self._server = server
        self._notebooks: dict[str, _Notebook] = {}

    def opened(self, params: types.DidOpenNotebookDocumentParams) -> None:
        notebook = _Notebook([cell.document for cell in params.notebook_document.cells])
        self._notebooks[params.notebook_document.uri] = notebook
        self._open_cells(notebook, params.cell_text_documents)

    def changed(self, params: types.DidChangeNotebookDocumentParams) -> None:
        uri, cells = params.notebook_document.uri, params.change.cells
        notebook = self._notebooks.setdefault(uri, _Notebook([]))
        if cells is None:
            return  # only what the notebook says of itself
        if cells.structure is not None:
            array = cells.structure.array
            new = [cell.document for cell in array.cells or ()]
            notebook.cells[array.start : array.start + array.delete_count] = new
            for closed in cells.structure.did_close or ():
                self._close_cell(closed.uri)
            self._open_cells(notebook, cells.structure.did_open or ())
        for content in cells.text_content or ():
            document = self._server.documents.change(content.document, content.changes, self._server.encoding)
            if document is not None:
                self._server.edited(document)
        if notebook.later is not None:
            notebook.later.cancel()
        tell = partial(self._tell, notebook)
        notebook.later = asyncio.get_running_loop().call_later(IMPORT_SECONDS, tell)

    def closed(self, params: types.DidCloseNotebookDocumentParams) -> None:
        named = {cell.uri for cell in params.cell_text_documents}
        notebook = self._notebooks.pop(params.notebook_document.uri, None)
        if notebook is not None:
            named.update(notebook.cells)
            if notebook.later is not None:
                notebook.later.cancel()
        for uri in named:
            self._close_cell(uri)

    def _open_cells(self, notebook: _Notebook, items: Sequence[types.TextDocumentItem]) -> None:
        for item in items:
            self._server.documents.open(item, is_cell=True)
        above = self._imports_above(notebook)
        for item in items:
            document = self._server.documents.put_below(item.uri, above.get(item.uri, ""))
            document = document or self._server.documents.get(item.uri)
            if document is not None:
                self._server.opened(document)

    def _tell(self, notebook: _Notebook) -> None:
        notebook.later = None
        for uri, lines in self._imports_above(notebook).items():
            document = self._server.documents.put_below(uri, lines)
            if document is not None:
                self._server.score_anew(document)

    def _imports_above(self, notebook: _Notebook) -> dict[str, str]:
        """The import lines above each cell that is open, of cells in its own language."""
        above: dict[str, str] = {}
        known: dict[str, list[str]] = {}
        for uri in notebook.cells:
            document = self._server.documents.get(uri)
            if document is None:
                continue
            language = document_language(document)
            found = notebook.imports.get(uri)
            if found is None or found[:2] != (document.version, language):
                found = document.version, language, import_lines(document.scorable_text, language)
                notebook.imports[uri] = found
            so_far = known.setdefault(language, [])
            above[uri] = "\n".join(so_far)
            if found[2]:
                so_far.append(found[2])
        return above

    def _close_cell(self, uri: str) -> None:
        self._server.documents.close(uri)
        self._server.closed(uri)


def register(server: HeatlineServer) -> None:
    notebooks = Notebooks(server)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        notebooks.opened(params)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        notebooks.changed(params)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        notebooks.closed(params)
