"""Documents that are left alone, each with its reason: by the same rules as ``heatline check`` has."""

from __future__ import annotations

from pathlib import Path, PurePath

from heatline.lsp.document_place import document_language
from heatline.lsp.documents import Document
from heatline.noise.globs import PathFilter
from heatline.noise.skipped import skipped_by_name, skipped_by_text
from heatline.scoring.languages import PLAIN
from heatline.settings import Settings

PROSE_AND_DATA = frozenset(
    {
        *("markdown", "restructuredtext", "asciidoc", "latex", "tex", "bibtex", "plaintext", "text", "typst"),
        *("json", "jsonc", "json5", "jsonl", "yaml", "toml", "ini", "properties", "xml", "csv", "tsv", "svg"),
        *("log", "diff", "git-commit", "gitcommit", "git-rebase", "gitrebase", "ignore", "gitignore"),
        *("pip-requirements", "dotenv", "search-result", "scminput", "code-text-binary", "help"),
    }
)
"""What editors call documents that are no programs; there is nothing in them that the probes know."""


def why_unscorable(
    document: Document, settings: Settings, paths: PathFilter | None = None, relative: PurePath | None = None
) -> str | None:
    """Why a document is left alone, as the end of a sentence about its file; None when it is scored.

    ``relative`` is its path below the folder that ``paths`` was written for; None when it is on no disk.
    """
    if settings.languages is not None:
        if document.language_id not in settings.languages:
            return f"is not in one of the languages of heatline.languages (it is {document.language_id})"
    elif document.language_id in PROSE_AND_DATA and document_language(document) == PLAIN:
        return f"is {document.language_id}, which is no program"
    if relative is not None:
        if paths is not None and (reason := paths.reason(relative)) is not None:
            return reason
        if settings.skip_generated and (reason := skipped_by_name(relative)) is not None:
            return reason
    limit = settings.max_file_size_kb * 1000
    text = document.text
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        return f"is larger than {_size(settings.max_file_size_kb)}"
    return skipped_by_text(text) if settings.skip_generated else None


def below(path: Path | None, base: Path) -> PurePath | None:
    """``path`` relative to ``base``; its name alone when it lies elsewhere."""
    if path is None:
        return None
    return path.relative_to(base) if path.is_relative_to(base) else PurePath(path.name)


def _size(kilobytes: int) -> str:
    return f"{kilobytes / 1000:g} MB" if kilobytes >= 1000 else f"{kilobytes} kB"
