"""Keeps every open document scored: waits for a pause in typing, asks the worker, puts its scopes together.

Everything here happens on the event loop.  The confidences of a scope are computed when its features come and
kept by content, so that after an edit only the scopes that changed cost anything.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from heatline.lsp.document_place import document_language
from heatline.lsp.documents import Document
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.unscorable import why_unscorable
from heatline.probe import SpanProbe
from heatline.scoring import wire
from heatline.scoring.scope_confidences import ScopeConfidences
from heatline.scoring.scored_text import PlacedConfidences, ScoredText
from heatline.settings import Settings

logger = logging.getLogger(__name__)

PARTIAL_SECONDS = 0.2
"""How often the scores of a document that is being scored for the first time are shown as far as they are."""

NOBODY_EDITS = -1
"""The priority offset of a document that was opened and not edited."""


class Worker(Protocol):
    """The part of ``WorkerClient`` that a session uses."""

    def score(self, job: wire.Score) -> None: ...

    def cancel(self, uri: str) -> None: ...

    def forget(self, uri: str) -> None: ...


def _why_unscorable(document: Document) -> str | None:
    return why_unscorable(document, Settings())


@dataclass
class _Entry:
    """One open document: its newest version, what is under way for it, and what is known of its scopes."""

    document: Document
    known: dict[bytes, wire.Features]
    confidences: dict[bytes, ScopeConfidences]
    job: int | None = None
    timer: asyncio.TimerHandle | None = None
    places: tuple[wire.Place, ...] | None = None
    place_of: dict[bytes, wire.Place] = field(default_factory=dict)
    complete: bool = False
    asked_again: bool = False
    latest: ScoredDocument | None = None
    stale: bool = False  # more is known than ``latest`` holds
    partial: asyncio.TimerHandle | None = None
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
        debounce_seconds: float,
        why_unscorable: Callable[[Document], str | None] = _why_unscorable,
    ) -> None:
        self._worker = worker
        self._publish = publish
        self._skip = skip
        self.debounce_seconds = debounce_seconds
        self._why_unscorable = why_unscorable
        self._probe: SpanProbe | None = None
        self._entries: dict[str, _Entry] = {}
        self._jobs = itertools.count(1)

    def opened(self, document: Document) -> None:
        """Asks for a document's scores at once."""
        self.closed(document.uri)
        self._entries[document.uri] = _Entry(document, {}, {})
        self._ask(document.uri)

    def edited(self, document: Document) -> None:
        """Asks for the new version's scores once no edit has come for the debounce time."""
        before = self._entries.get(document.uri)
        if before is None:
            self.opened(document)
            return
        self._stop(before)
        entry = _Entry(document, before.known, before.confidences, published_before=before.published_before)
        self._entries[document.uri] = entry
        if self.debounce_seconds > 0:
            loop = asyncio.get_running_loop()
            entry.timer = loop.call_later(self.debounce_seconds, self._ask, document.uri)
        else:
            self._ask(document.uri)

    def closed(self, uri: str) -> None:
        """Forgets a document and stops work on it."""
        entry = self._entries.pop(uri, None)
        if entry is not None:
            self._stop(entry)
            self._worker.forget(uri)

    def rescore(self, uri: str | None = None) -> None:
        """Asks anew for a document, or for all: their scores were lost, or the worker was started again."""
        for entry in list(self._entries.values()):
            if uri is None or entry.document.uri == uri:
                self.opened(entry.document)

    def latest(self, uri: str) -> ScoredDocument | None:
        """What is known of the newest version, perhaps in part; None while nothing is.

        Never an older version: its offsets would be wrong.
        """
        entry = self._entries.get(uri)
        return None if entry is None else self._latest(entry)

    def all_latest(self) -> Iterator[ScoredDocument]:
        """``latest`` of every document that has one."""
        found = [self._latest(entry) for entry in self._entries.values()]
        return iter([document for document in found if document is not None])

    def probe_loaded(self, probe: SpanProbe) -> None:
        """Takes the probe that the worker's features go with; comes before any scope."""
        if self._probe is not None and self._probe.card != probe.card:
            for entry in self._entries.values():
                entry.known.clear()
                entry.confidences.clear()
        self._probe = probe

    def outlined(self, job: int, uri: str, places: Sequence[wire.Place]) -> None:
        """Takes where the scopes of a job's text are: those that are known need no features."""
        entry = self._entries.get(uri)
        if entry is not None and entry.job == job:
            entry.places = tuple(places)
            entry.place_of = {place.key: place for place in places}
            self._more_is_known(entry)

    def scope_scored(self, uri: str, features: wire.Features) -> None:
        """Takes features, of whichever version."""
        entry = self._entries.get(uri)
        if entry is not None:
            entry.known[features.key] = features
            entry.confidences.pop(features.key, None)
            place = entry.place_of.get(features.key)
            if place is not None and self._probe is not None:
                # one by one as they come: all at once would keep a hover waiting
                _confidences(entry, place, entry.document.scorable_text, self._probe)
            self._more_is_known(entry)

    def job_done(self, job: int, uri: str) -> None:
        entry = self._entries.get(uri)
        if entry is None or entry.job != job or entry.places is None:
            return
        wanted = {place.key for place in entry.places}
        if not wanted <= entry.known.keys():
            self._ask_again(entry)
            return
        for key in [key for key in entry.known if key not in wanted]:
            del entry.known[key]
            entry.confidences.pop(key, None)
        entry.complete = entry.stale = True
        self._publish_latest(entry)

    def _stop(self, entry: _Entry) -> None:
        for timer in (entry.timer, entry.partial):
            if timer is not None:
                timer.cancel()
        entry.partial = None
        self._worker.cancel(entry.document.uri)

    def _ask(self, uri: str) -> None:
        entry = self._entries[uri]
        document = entry.document
        reason = self._why_unscorable(document)
        if reason is not None:
            self._skip(document, reason)
            return
        entry.job = next(self._jobs)
        edited = entry.known or entry.published_before
        self._worker.score(
            wire.Score(
                job=entry.job,
                uri=uri,
                version=document.version,
                language=document_language(document),
                priority_offset=document.last_edit if edited else NOBODY_EDITS,
                text=document.scorable_text,
                above=document.above,
            )
        )

    def _ask_again(self, entry: _Entry) -> None:
        """The worker refers to features that are not here: it is told that nothing is."""
        logger.error("the scoring worker refers to scopes that it never sent")
        if not entry.asked_again:
            entry.asked_again, entry.places = True, None
            self._worker.forget(entry.document.uri)
            self._ask(entry.document.uri)

    def _more_is_known(self, entry: _Entry) -> None:
        entry.stale = True
        if not entry.published_before and entry.partial is None and entry.places is not None:
            loop = asyncio.get_running_loop()
            # the first scores at once, and then not so often that showing them takes longer than scoring
            wait = PARTIAL_SECONDS if entry.latest is not None else 0.0
            entry.partial = loop.call_later(wait, self._publish_partial, entry)

    def _publish_partial(self, entry: _Entry) -> None:
        entry.partial = None
        self._publish_latest(entry)

    def _publish_latest(self, entry: _Entry) -> None:
        latest = self._latest(entry)
        if latest is None:
            return
        if entry.partial is not None:
            entry.partial.cancel()
            entry.partial = None
        entry.published_before = entry.published_before or latest.complete
        self._publish(latest)

    def _latest(self, entry: _Entry) -> ScoredDocument | None:
        if entry.stale and entry.places is not None and self._probe is not None:
            entry.stale = False
            document, text = entry.document, entry.document.scorable_text
            placed = [
                PlacedConfidences(place.start, place.end, place.name, place.kind, confidences)
                for place in entry.places
                if (confidences := _confidences(entry, place, text, self._probe)) is not None
            ]
            if placed or entry.complete:
                scored = ScoredText.placed(text, document_language(document), placed, self._probe)
                entry.latest = ScoredDocument(document, scored, entry.complete)
        return entry.latest


def _confidences(entry: _Entry, place: wire.Place, text: str, probe: SpanProbe) -> ScopeConfidences | None:
    confidences = entry.confidences.get(place.key)
    if confidences is None and (features := entry.known.get(place.key)) is not None:
        own = text[place.start : place.end]
        spoken = probe.in_language(document_language(entry.document))
        confidences = ScopeConfidences(own, features.token_spans, features.features, spoken)
        entry.confidences[place.key] = confidences
    return confidences
