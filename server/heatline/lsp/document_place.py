"""Where a document is, and what language it is in."""

from __future__ import annotations

from pathlib import Path

from pygls.uris import to_fs_path

from heatline.lsp.documents import Document
from heatline.scoring.languages import PLAIN, language_of


def path_of(uri: str) -> Path | None:
    """The file of a URI; None for a document that is not on disk, such as an untitled one."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def document_language(document: Document) -> str:
    """What the editor calls it, else what its name says; ``PLAIN`` when neither is known."""
    named = language_of(document.language_id)
    path = path_of(document.uri)
    return language_of(path) if named == PLAIN and path is not None else named
