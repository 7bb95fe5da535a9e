"""Keeps every open document scored: waits for a pause in typing, asks the worker, puts its scopes together.

Everything here happens on the event loop, except what takes longer than a keystroke may wait (building a
``ScoredText``, asking git), which is done in a thread on immutable values.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from heatline.errors import HeatlineError
from heatline.lsp.background import BackgroundTasks
from heatline.lsp.document_place import document_language, path_of
from heatline.lsp.documents import Document
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.unscorable import why_unscorable
from heatline.probe import SpanProbe
from heatline.scoring import wire
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.scored_text import ScoredText
from heatline.settings import Settings

logger = logging.getLogger(__name__)

ChangedLines = Callable[[Path, str], Sequence[tuple[int, int]] | None]
"""The line ranges of a file's text that count as generated; None: all of them."""


class Worker(Protocol):
    """The part of ``WorkerClient`` that a session uses."""

    def score(self, job: wire.Score) -> None: ...

    def cancel(self, uri: str) -> None: ...


def _why_unscorable(document: Document) -> str | None:
    return why_unscorable(document, Settings())


@dataclass
class _Entry:
    """What is under way for one open document; a new version starts from an empty one."""

    document: Document
    job: int | None = None
    timer: asyncio.TimerHandle | None = None
    shown_lines: asyncio.Future[tuple[tuple[int, int], ...] | None] | None = None
    scopes: dict[int, ScopeFeatures] = field(default_factory=dict)  # by start: a scope may come twice
    complete: bool = False
    building: bool = False
    latest: ScoredDocument | None = None
    published_before: bool = False


class ScoringSession:
    """The scored state of all open documents.

    ``publish`` is called on the event loop with every result that should be shown.  The first results of a
    document are shown as they come; after an edit the old ones stay until the new ones are complete, so that
    nothing flickers while one types.  ``skip`` is called instead, with the reason, for a document that is
    left alone.
    """

    def __init__(
        self,
        worker: Worker,
        publish: Callable[[ScoredDocument], None],
        skip: Callable[[Document, str], None],
        changed_lines: ChangedLines,
        debounce_seconds: float,
        why_unscorable: Callable[[Document], str | None] = _why_unscorable,
    ) -> None:
        self._worker = worker
        self._publish = publish
        self._skip = skip
        self._changed_lines = changed_lines
        self.debounce_seconds = debounce_seconds
        self._why_unscorable = why_unscorable
        self._probe: SpanProbe | None = None
        self._entries: dict[str, _Entry] = {}
        self._jobs = itertools.count(1)
        self._builds = BackgroundTasks()

    def opened(self, document: Document) -> None:
        """Asks for a document's scores at once."""
        self._forget(document.uri)
        self._entries[document.uri] = _Entry(document)
        self._ask(document.uri)

    def edited(self, document: Document) -> None:
        """Asks for the new version's scores once no edit has come for the debounce time."""
        before = self._forget(document.uri)
        entry = _Entry(document, published_before=before is not None and before.published_before)
        self._entries[document.uri] = entry
        entry.timer = asyncio.get_running_loop().call_later(self.debounce_seconds, self._ask, document.uri)

    def closed(self, uri: str) -> None:
        """Forgets a document and stops work on it."""
        self._forget(uri)

    def latest(self, uri: str) -> ScoredDocument | None:
        """What is known of the newest version, perhaps in part; None while nothing is.

        Never an older version: its offsets would be wrong.
        """
        entry = self._entries.get(uri)
        return entry.latest if entry is not None else None

    def all_latest(self) -> Iterator[ScoredDocument]:
        """``latest`` of every document that has one."""
        return iter([entry.latest for entry in self._entries.values() if entry.latest is not None])

    def probe_loaded(self, probe: SpanProbe) -> None:
        """Takes the probe that the worker's features go with; comes before any scope."""
        self._probe = probe

    def scope_scored(self, job: int, uri: str, features: ScopeFeatures) -> None:
        entry = self._entries.get(uri)
        if entry is not None and entry.job == job:
            entry.scopes[features.start] = features
            self._build_soon(entry)

    def job_done(self, job: int, uri: str) -> None:
        entry = self._entries.get(uri)
        if entry is not None and entry.job == job:
            entry.complete = True
            self._build_soon(entry)

    def _forget(self, uri: str) -> _Entry | None:
        entry = self._entries.pop(uri, None)
        if entry is not None:
            if entry.timer is not None:
                entry.timer.cancel()
            if entry.shown_lines is not None:
                entry.shown_lines.cancel()
            self._worker.cancel(uri)
        return entry

    def _ask(self, uri: str) -> None:
        entry = self._entries[uri]
        document = entry.document
        reason = self._why_unscorable(document)
        if reason is not None:
            self._skip(document, reason)
            return
        entry.job = next(self._jobs)
        # git answers while the model works
        entry.shown_lines = asyncio.ensure_future(asyncio.to_thread(self._shown_lines, document))
        self._worker.score(
            wire.Score(
                job=entry.job,
                uri=uri,
                version=document.version,
                language=document_language(document),
                priority_offset=document.last_edit,
                text=document.scorable_text,
            )
        )

    def _build_soon(self, entry: _Entry) -> None:
        """Starts a build unless one is under way, which then sees what has come meanwhile."""
        if self._probe is not None and not entry.building:
            entry.building = True
            self._builds.start(self._build(entry, self._probe))

    async def _build(self, entry: _Entry, probe: SpanProbe) -> None:
        document = entry.document
        assert entry.shown_lines is not None, "a document is asked for before it is built"
        shown_lines = await entry.shown_lines
        built = (-1, False)
        while built != (len(entry.scopes), entry.complete):
            built = (len(entry.scopes), entry.complete)
            scopes = sorted(entry.scopes.values(), key=lambda scope: scope.start)
            scored = await asyncio.to_thread(_scored_text, document, scopes, probe)
            if self._entries.get(document.uri) is not entry:
                return  # edited or closed meanwhile
            entry.latest = ScoredDocument(document, scored, built[1], shown_lines)
            if entry.complete == built[1] and (built[1] or not entry.published_before):
                self._publish(entry.latest)
        entry.building = False
        entry.published_before = entry.published_before or entry.complete

    def _shown_lines(self, document: Document) -> tuple[tuple[int, int], ...] | None:
        path = path_of(document.uri)
        try:
            ranges = None if path is None else self._changed_lines(path, document.text)
        except (HeatlineError, OSError) as error:
            logger.warning("what changed in a file is not known, so all of it counts: %s", error)
            return None
        return None if ranges is None else tuple(ranges)


def _scored_text(document: Document, scopes: Sequence[ScopeFeatures], probe: SpanProbe) -> ScoredText:
    scored = ScoredText(document.scorable_text, document_language(document), scopes, probe)
    # These are made when first asked for: here, rather than on the event loop.
    _ = scored.lines, scored.tokens, scored.scopes, document.lines
    return scored
