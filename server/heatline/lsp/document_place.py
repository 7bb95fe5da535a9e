"""Where a document is, and what language it is in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pygls.uris import to_fs_path

from heatline.scoring.headers import header_language, is_header
from heatline.scoring.languages import PLAIN, language_of

if TYPE_CHECKING:
    from heatline.lsp.documents import Document


def path_of(uri: str) -> Path | None:
    """The file of a URI; None for a document that is not on disk, such as an untitled one."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def language_id_of(uri: str, named: str, text: str) -> str:
    """What language a document is in when it is opened, by the editor's word for it; a header's text decides.

    Editors call every header one or the other.  One that is empty yet is what the editor says.
    """
    path = path_of(uri)
    if (
        path is None
        or not is_header(path)
        or not text.strip()
        or language_of(named) not in ("c", "cpp", PLAIN)
    ):
        return named
    return header_language(text)


def document_language(document: Document) -> str:
    """What the editor calls it, else what its name says; ``PLAIN`` when neither is known."""
    named = language_of(document.language_id)
    path = path_of(document.uri)
    return language_of(path) if named == PLAIN and path is not None else named
