"""Scores the changed files that aren't open, one after the other, while nothing else waits for the model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from heatline.lsp.changed_files import changed_files
from heatline.lsp.committed_texts import head_stamp
from heatline.lsp.diagnostics import line_diagnostics
from heatline.lsp.document_place import document_language, language_id_of
from heatline.lsp.documents import Document
from heatline.lsp.flagging import flagged_lines
from heatline.lsp.generated_regions import Regions
from heatline.lsp.risky_line import risky_lines
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.shown_document import Notes, ShownDocument
from heatline.noise.directives import ignored_lines
from heatline.settings import Scope

if TYPE_CHECKING:
    from heatline.lsp.language_server import HeatlineServer


@dataclass(frozen=True)
class ScannedFile:
    """What a scan keeps of a file: ``stamp`` differs once the result no longer holds."""

    uri: str
    stamp: object
    diagnostics: tuple[types.Diagnostic, ...]
    risky: tuple[dict[str, Any], ...]


class WorkspaceScan:
    """The changed files of the workspace folders and their results, kept until a file or a setting changes."""

    def __init__(self, server: HeatlineServer) -> None:
        self._server = server
        self._known: dict[Path, ScannedFile] = {}
        self._turn = asyncio.Lock()

    async def files(self) -> list[Path]:
        """The changed files that aren't open, in order of their folders."""
        listed: dict[Path, None] = {}
        for _, folder in self._server.configuration.folders:
            found = await asyncio.to_thread(changed_files, folder)
            listed.update(dict.fromkeys(path for path in found if not self._is_open(path)))
        return list(listed)

    async def results(self, files: list[Path]) -> AsyncIterator[ScannedFile]:
        """The results of ``files`` that can be scored; one scan at a time, the others find its results kept."""
        for path in files:
            async with self._turn:
                found = await self._result(path)
            if found is not None:
                yield found

    async def _result(self, path: Path) -> ScannedFile | None:
        stamp = await asyncio.to_thread(self._stamp, path)
        known = self._known.get(path)
        if stamp is None or self._is_open(path):
            self._known.pop(path, None)
            return None
        if known is not None and known.stamp == stamp:
            return known
        shown = await self._shown(path)
        if shown is None:
            found = ScannedFile(path.as_uri(), stamp, (), ())
        else:
            encoding = self._server.encoding
            found = ScannedFile(
                path.as_uri(),
                stamp,
                tuple(line_diagnostics(shown, encoding)),
                tuple(risky_lines(shown, encoding)),
            )
        self._known[path] = found
        return found

    async def _shown(self, path: Path) -> ShownDocument | None:
        server = self._server
        text = await asyncio.to_thread(_read, path)
        if text is None:
            return None
        document = Document(path.as_uri(), language_id_of(path.as_uri(), "", text), 0, text)
        if server.why_unscorable(document) is not None:
            return None
        settings = server.configuration.of(document.uri).settings
        scope: Scope = "file" if settings.scope == "file" else "changes"  # nobody saw what was inserted
        notes = await asyncio.to_thread(self._notes, path, document, Regions(document, path, scope, (), ()))
        if notes.generated == () or notes.ignored.whole_file:
            return None
        language = document_language(document)
        scored = await server.link.score_file(document.uri, document.scorable_text, language)
        if scored is None:
            return None
        whole = ScoredDocument(document, scored, True, notes.generated)
        policy = server.policy(settings)
        return ShownDocument(
            whole, flagged_lines(whole, policy, notes.is_quiet), notes, policy, settings, True
        )

    def _notes(self, path: Path, document: Document, regions: Regions) -> Notes:
        return Notes(
            regions.lines(self._server.committed),
            ignored_lines(document.scorable_text, document_language(document)),
            self._server.reviewed.among(path.parent, document.text),
        )

    def _stamp(self, path: Path) -> object:
        try:
            found = path.stat()
        except OSError:
            return None
        server = self._server
        return (
            *(found.st_mtime_ns, found.st_size, head_stamp(path.parent), server.scaling, server.marks),
            *(server.configuration.of(path.as_uri()), server.link.settings),
        )

    def _is_open(self, path: Path) -> bool:
        return self._server.documents.get(path.as_uri()) is not None


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
