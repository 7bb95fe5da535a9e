"""How documents are kept scored: what is asked of the worker, and what is published when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from heatline.lsp.documents import Document
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.scoring_session import ScoringSession
from heatline.scoring import wire
from tests.lsp.handmade import URI, handmade_probe, scope

TEXT = "first = 1\n\nsecond = 2\n"
MIDDLE = 11


class RecordingWorker:
    """Keeps what it is asked, and can be waited for."""

    def __init__(self) -> None:
        self.jobs: asyncio.Queue[wire.Score] = asyncio.Queue()
        self.cancelled: list[str] = []

    def score(self, job: wire.Score) -> None:
        self.jobs.put_nowait(job)

    def cancel(self, uri: str) -> None:
        self.cancelled.append(uri)


class Started:
    """A session with a recording worker; what it publishes waits in a queue."""

    def __init__(self, changed: Sequence[tuple[int, int]] | None = None) -> None:
        self.worker = RecordingWorker()
        self.published: asyncio.Queue[ScoredDocument] = asyncio.Queue()
        self.asked_paths: list[Path] = []
        self.session = ScoringSession(self.worker, self.published.put_nowait, self._skip, self._changed, 0.0)
        self.session.probe_loaded(handmade_probe())
        self._answer = changed
        self.skipped: list[str] = []

    def _skip(self, document: Document, reason: str) -> None:
        self.skipped.append(reason)

    def _changed(self, path: Path, text: str) -> Sequence[tuple[int, int]] | None:
        self.asked_paths.append(path)
        return self._answer

    def deliver(self, job: wire.Score, start: int = 0, end: int = len(TEXT)) -> None:
        self.session.scope_scored(job.job, job.uri, scope(job.text, start, min(end, len(job.text)), {}))

    def finish(self, job: wire.Score) -> None:
        self.session.job_done(job.job, job.uri)

    async def job(self) -> wire.Score:
        return await asyncio.wait_for(self.worker.jobs.get(), 60)

    async def next(self) -> ScoredDocument:
        return await asyncio.wait_for(self.published.get(), 60)

    async def next_complete(self) -> ScoredDocument:
        while not (document := await self.next()).complete:
            pass
        return document


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
    started.session.edited(document(2, last_edit=MIDDLE))
    await started.job()
    assert (await started.job()).priority_offset == MIDDLE


async def test_lines_of_a_new_document_are_published_as_they_come() -> None:
    started = Started()
    started.session.opened(document())
    started.deliver(await started.job(), end=9)
    first = await started.next()
    assert (first.complete, [line.line for line in first.scored.lines]) == (False, [0])


async def test_after_an_edit_nothing_is_published_until_all_is_scored() -> None:
    started = Started()
    started.session.opened(document())
    job = await started.job()
    started.deliver(job)
    started.finish(job)
    await started.next_complete()
    started.session.edited(document(2))
    job = await started.job()
    started.deliver(job, end=9)
    while started.session.latest(URI) is None:
        await asyncio.sleep(0)
    started.deliver(job, start=MIDDLE)
    started.finish(job)
    published = await started.next()
    assert (published.document.version, published.complete) == (2, True)


async def test_results_of_an_older_text_are_dropped() -> None:
    started = Started()
    started.session.opened(document())
    old = await started.job()
    started.session.edited(document(2))
    new = await started.job()
    started.deliver(old, start=MIDDLE)
    started.deliver(new, end=9)
    started.finish(new)
    published = await started.next()
    assert [line.line for line in published.scored.lines] == [0]


async def test_an_edit_cancels_the_work_on_the_older_text() -> None:
    started = Started()
    started.session.opened(document())
    started.session.edited(document(2))
    assert started.worker.cancelled == [URI]


async def test_after_an_edit_the_older_results_are_not_shown_as_the_newest() -> None:
    started = Started()
    started.session.opened(document())
    job = await started.job()
    started.deliver(job)
    started.finish(job)
    await started.next_complete()
    started.session.edited(document(2))
    assert started.session.latest(URI) is None


async def test_a_closed_document_is_forgotten() -> None:
    started = Started()
    started.session.opened(document())
    started.session.closed(URI)
    assert started.worker.cancelled == [URI]
    assert started.session.latest(URI) is None


async def test_a_scope_that_comes_twice_counts_once() -> None:
    started = Started()
    started.session.opened(document())
    job = await started.job()
    started.deliver(job)
    started.deliver(job)
    started.finish(job)
    assert len((await started.next_complete()).scored.scopes) == 1


async def test_the_lines_that_changed_are_those_shown() -> None:
    started = Started(changed=[(2, 3)])
    started.session.opened(document())
    job = await started.job()
    started.deliver(job)
    started.finish(job)
    shown = await started.next_complete()
    assert [line.line for line in shown.lines_shown()] == [2]
    assert started.asked_paths == [Path("/nowhere/sample.py")]


async def test_an_untitled_document_has_no_file_to_compare_with() -> None:
    started = Started(changed=[])
    started.session.opened(Document("untitled:Untitled-1", "python", 1, TEXT))
    job = await started.job()
    started.deliver(job)
    started.finish(job)
    shown = await started.next_complete()
    assert [line.line for line in shown.lines_shown()] == [0, 2]
    assert started.asked_paths == []


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
