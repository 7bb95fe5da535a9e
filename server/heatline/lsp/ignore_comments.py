"""The ignore comments of the open documents, read again after an edit for the price of the edit."""

from __future__ import annotations

import threading
from functools import partial

from heatline.lsp.document_place import document_language
from heatline.lsp.documents import Document
from heatline.noise.directives import IgnoredLines, ignored_lines
from heatline.scoring.parsing import DocumentParser


class IgnoreComments:
    """Which lines the comments of each open document ignore. May be used from several threads."""

    def __init__(self) -> None:
        self._parser = DocumentParser()  # of documents that hold such a comment; the others are not parsed
        self._lock = threading.Lock()

    def of(self, document: Document) -> IgnoredLines:
        """What the comments of one version name."""
        with self._lock:
            parse = partial(self._parser.parse, document.uri)
            return ignored_lines(document.scorable_text, document_language(document), parse)

    def forget(self, uri: str) -> None:
        """Drops what is kept of a document."""
        with self._lock:
            self._parser.forget(uri)
