"""How documents are kept scored: what is asked of the worker, and what is published when."""

from __future__ import annotations

import asyncio
import hashlib

import numpy as np
import pytest

from heatline.lsp.documents import Document
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.scoring_session import NOBODY_EDITS, ScoringSession
from heatline.scoring import wire
from tests.lsp.handmade import URI, handmade_probe, scope

TEXT = "first = 1\n\nsecond = 2\n"
MIDDLE = 11


class RecordingWorker:
    """Keeps what it is asked, and can be waited for."""

    def __init__(self) -> None:
        self.jobs: asyncio.Queue[wire.Score] = asyncio.Queue()
        self.cancelled: list[str] = []
        self.forgotten: list[str] = []

    def score(self, job: wire.Score) -> None:
        self.jobs.put_nowait(job)

    def cancel(self, uri: str) -> None:
        self.cancelled.append(uri)

    def forget(self, uri: str) -> None:
        self.forgotten.append(uri)


class Started:
    """A session with a recording worker; what it publishes waits in a queue.

    Two scopes are in every text, cut where ``MIDDLE`` is; a key is the scope's text.
    """

    def __init__(self) -> None:
        self.worker = RecordingWorker()
        self.published: asyncio.Queue[ScoredDocument] = asyncio.Queue()
        self.session = ScoringSession(self.worker, self.published.put_nowait, self._skip, 0.0)
        self.session.probe_loaded(handmade_probe())
        self.skipped: list[str] = []

    def _skip(self, document: Document, reason: str) -> None:
        self.skipped.append(reason)

    def outline(self, job: wire.Score) -> list[wire.Place]:
        """Says where the scopes are; returns it."""
        ends = ((0, MIDDLE), (MIDDLE, len(job.text)))
        places = [wire.Place(a, b, "f", "function", key_of(job.text[a:b])) for a, b in ends if a < b]
        self.session.outlined(job.job, job.uri, places)
        return places

    def deliver(self, job: wire.Score, place: wire.Place) -> None:
        made = scope(job.text, place.start, place.end, {})
        spans = made.token_spans - np.int32(place.start)
        self.session.scope_scored(job.uri, wire.Features(job.job, job.uri, place.key, spans, made.features))

    def finish(self, job: wire.Score) -> None:
        self.session.job_done(job.job, job.uri)

    def do(self, job: wire.Score) -> None:
        """All of a job."""
        for place in self.outline(job):
            self.deliver(job, place)
        self.finish(job)

    async def job(self) -> wire.Score:
        return await asyncio.wait_for(self.worker.jobs.get(), 60)

    async def next(self) -> ScoredDocument:
        return await asyncio.wait_for(self.published.get(), 60)

    async def next_complete(self) -> ScoredDocument:
        while not (document := await self.next()).complete:
            pass
        return document


def key_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def document(version: int = 1, text: str = TEXT, last_edit: int = 0) -> Document:
    return Document(URI, "python", version, text, last_edit)


async def test_an_opened_document_is_asked_for_at_once() -> None:
    started = Started()
    started.session.opened(document())
    job = started.worker.jobs.get_nowait()
    assert (job.uri, job.version, job.language, job.text) == (URI, 1, "python", TEXT)


async def test_the_worker_begins_where_the_edit_was() -> None:
    started = Started()
    started.session.opened(document())
    opened = await started.job()
    started.do(opened)
    started.session.edited(document(2, last_edit=MIDDLE))
    assert (opened.priority_offset, (await started.job()).priority_offset) == (NOBODY_EDITS, MIDDLE)


async def test_lines_of_a_new_document_are_published_as_they_come() -> None:
    started = Started()
    started.session.opened(document())
    job = await started.job()
    places = started.outline(job)
    started.deliver(job, places[0])
    first = await started.next()
    assert (first.complete, [line.line for line in first.scored.lines]) == (False, [0])


async def test_after_an_edit_nothing_is_published_until_all_is_scored() -> None:
    started = Started()
    started.session.opened(document())
    started.do(await started.job())
    await started.next_complete()
    started.session.edited(document(2, "other = 1\n\nthird = 33\n"))
    job = await started.job()
    places = started.outline(job)
    started.deliver(job, places[0])
    latest = started.session.latest(URI)
    assert latest is not None
    assert [line.line for line in latest.scored.lines] == [0]
    started.deliver(job, places[1])
    started.finish(job)
    published = await started.next()
    assert (published.document.version, published.complete) == (2, True)


async def test_a_scope_that_is_unchanged_needs_no_features() -> None:
    """It is referred to by its key, wherever it stands now, and keeps its confidences."""
    started = Started()
    started.session.opened(document())
    started.do(await started.job())
    before = await started.next_complete()
    started.session.edited(document(2, "longer = 1\n\n" + TEXT[MIDDLE:]))
    job = await started.job()
    changed, kept = (
        wire.Place(a, b, "f", "function", key_of(job.text[a:b])) for a, b in ((0, 12), (12, len(job.text)))
    )
    started.session.outlined(job.job, job.uri, [changed, kept])
    started.deliver(job, changed)
    started.finish(job)
    after = await started.next_complete()
    assert after.scored.lines[1].confidence == before.scored.lines[1].confidence
    assert (before.scored.lines[1].start, after.scored.lines[1].start) == (MIDDLE, MIDDLE + 1)


async def test_features_of_a_superseded_job_count_if_their_scope_is_still_there() -> None:
    """The worker doesn't send them again."""
    started = Started()
    started.session.opened(document())
    old = await started.job()
    first, second = started.outline(old)
    started.session.edited(document(2))
    new = await started.job()
    started.deliver(old, first)
    started.outline(new)
    started.deliver(new, second)
    started.finish(new)
    published = await started.next_complete()
    assert [line.line for line in published.scored.lines] == [0, 2]


async def test_a_worker_that_refers_to_what_it_never_sent_is_asked_again_for_all() -> None:
    started = Started()
    started.session.opened(document())
    job = await started.job()
    started.outline(job)
    started.finish(job)
    again = await started.job()
    assert (again.text, started.worker.forgotten) == (TEXT, [URI])
    started.do(again)
    assert (await started.next_complete()).scored.scopes


async def test_rescoring_asks_for_everything_anew() -> None:
    started = Started()
    started.session.opened(document())
    started.do(await started.job())
    started.session.rescore()
    assert (await started.job()).text == TEXT
    assert started.worker.forgotten == [URI]


async def test_an_edit_cancels_the_work_on_the_older_text() -> None:
    started = Started()
    started.session.opened(document())
    started.session.edited(document(2))
    assert started.worker.cancelled == [URI]


async def test_after_an_edit_the_older_results_are_not_shown_as_the_newest() -> None:
    started = Started()
    started.session.opened(document())
    started.do(await started.job())
    await started.next_complete()
    started.session.edited(document(2))
    assert started.session.latest(URI) is None


async def test_a_closed_document_is_forgotten() -> None:
    started = Started()
    started.session.opened(document())
    started.session.closed(URI)
    assert started.worker.forgotten == [URI]
    assert started.session.latest(URI) is None


async def test_what_the_name_says_decides_when_the_editor_knows_no_language() -> None:
    started = Started()
    started.session.opened(Document("file:///a/b.go", "plaintext", 1, TEXT))
    assert (await started.job()).language == "go"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\n" * 200_000, "is larger than 1 MB"),
        ("x" * 20_000, "looks minified (line 1 has 20,000 characters)"),
    ],
)
async def test_a_huge_or_minified_document_is_left_alone(text: str, reason: str) -> None:
    started = Started()
    started.session.opened(document(text=text))
    assert started.skipped == [reason]
    assert started.worker.jobs.empty()
