"""The open documents: their text, kept in step with the editor.

Edits are applied here and not by pygls, whose lines are not the protocol's (see ``line_index``).  A
``Document`` never changes: work in the background holds one and can't see a later edit.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lsprotocol import types

from heatline.lsp.document_place import language_id_of
from heatline.lsp.line_index import LineIndex
from heatline.lsp.position_encoding import PositionEncoding, join_surrogates, without_surrogates

logger = logging.getLogger(__name__)

EditListener = Callable[[str, str, int, int, str], None]
"""Told of each edit: URI, the text before it, and that ``[start, end)`` of it became the last argument."""


@dataclass(frozen=True)
class Document:
    """One version of one open document; ``last_edit`` is the offset of its latest change, 0 when opened.

    ``is_cell``: it is a notebook's cell, in which some lines are commands to the notebook and no code; ``above``
    are then the import lines of the cells before it.
    """

    uri: str
    language_id: str
    version: int
    text: str
    last_edit: int = 0
    is_cell: bool = False
    above: str = ""

    @cached_property
    def lines(self) -> LineIndex:
        return LineIndex(self.text)

    @cached_property
    def scorable_text(self) -> str:
        """The text without lone surrogates and magics; offsets into it are offsets into ``text``."""
        text = without_surrogates(self.text)
        return without_magics(text) if self.is_cell else text

    def offset(self, position: types.Position, encoding: PositionEncoding) -> int:
        """The code-point offset of a client's position, clamped into the text."""
        return self.lines.offset(position.line, position.character, encoding)

    def range(self, start: int, end: int, encoding: PositionEncoding) -> types.Range:
        """The client's range for code points ``[start, end)``."""
        return types.Range(
            types.Position(*self.lines.position(start, encoding)),
            types.Position(*self.lines.position(end, encoding)),
        )


class DocumentStore:
    """The documents the editor has open, by URI."""

    def __init__(self, on_edit: EditListener = lambda uri, before, start, end, inserted: None) -> None:
        self._documents: dict[str, Document] = {}
        self._on_edit = on_edit

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._documents.values()))

    def get(self, uri: str) -> Document | None:
        return self._documents.get(uri)

    def open(self, item: types.TextDocumentItem, *, is_cell: bool = False) -> Document:
        """Adds a document. One that is open already is replaced: the editor's text is the right one."""
        text = join_surrogates(item.text)
        language = language_id_of(item.uri, item.language_id, text)  # kept through edits: it doesn't flicker
        document = Document(item.uri, language, item.version, text, is_cell=is_cell)
        self._documents[item.uri] = document
        return document

    def change(
        self,
        identifier: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
        encoding: PositionEncoding,
    ) -> Document | None:
        """Applies changes in order, each to the outcome of the one before; None for a document not open.

        A version that does not grow is a client's mistake; the text has changed all the same, so the edit is
        applied and the version believed.
        """
        document = self._documents.get(identifier.uri)
        if document is None:
            logger.warning("an edit of a document that is not open was ignored")
            return None
        if identifier.version <= document.version:
            logger.warning("a document went from version %d to %d", document.version, identifier.version)
        document = replace(document, version=identifier.version)
        for change in changes:
            start, end, text = _edit(document, change, encoding)
            self._on_edit(document.uri, document.text, start, end, text)
            document = replace(
                document,
                text=join_surrogates(document.text[:start] + text + document.text[end:]),
                last_edit=start,
            )
        self._documents[identifier.uri] = document
        return document

    def put_below(self, uri: str, above: str) -> Document | None:
        """Gives a cell other import lines; None when it has them already, or isn't open."""
        document = self._documents.get(uri)
        if document is None or document.above == above:
            return None
        self._documents[uri] = replace(document, above=above)
        return self._documents[uri]

    def close(self, uri: str) -> None:
        """Forgets a document; one that is not open is no error."""
        self._documents.pop(uri, None)


_MAGIC = re.compile(r"^[ \t]*[%!?].*$", re.M)


def without_magics(text: str) -> str:
    """The text of a notebook's cell with spaces for its magics and shell commands.

    A cell magic (``%%bash``) makes the whole cell something else, unless it only measures Python.
    """
    first = text.lstrip()
    if first.startswith("%%") and not first.startswith(("%%time", "%%timeit", "%%capture", "%%prun")):
        return _blank(text)
    return _MAGIC.sub(lambda magic: _blank(magic.group()), text)


def _blank(text: str) -> str:
    return re.sub(r"[^\r\n]", " ", text)


def _edit(
    document: Document, change: types.TextDocumentContentChangeEvent, encoding: PositionEncoding
) -> tuple[int, int, str]:
    """What becomes what: ``[start, end)`` of the document's text, and the text in its place."""
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return 0, len(document.text), change.text
    # Reversed ranges are swapped, as VS Code's own document model does.
    start, end = sorted(
        (document.offset(change.range.start, encoding), document.offset(change.range.end, encoding))
    )
    return start, end, change.text
