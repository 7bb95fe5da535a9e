"""One worker process and what is asked of it: the open documents' scores, and those of files that aren't open."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from heatline.errors import ProbeError
from heatline.lsp.documents import Document
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.scoring_session import NOBODY_EDITS, ScoringSession, Worker
from heatline.lsp.workspace_scaling import ScaledProbe, scaled_probe
from heatline.probe import SpanProbe
from heatline.scoring import wire
from heatline.scoring.scope_confidences import ScopeConfidences
from heatline.scoring.scored_text import PlacedConfidences, ScoredText
from heatline.scoring.worker_client import WorkerClient, WorkerListener
from heatline.scoring.worker_start import StartWorker, start_worker
from heatline.settings import Settings

_FIRST_FILE_JOB = 1 << 40
"""Jobs of files that aren't open count from here: the session's own count from 1."""


class ScoringListener(Protocol):
    """What a link reports, always on the event loop."""

    def probe_loaded(self) -> None: ...

    def model_opened(self) -> None: ...

    def scored(self, document: ScoredDocument) -> None: ...

    def skipped(self, document: Document, reason: str) -> None: ...

    def scoring_failed(self, message: str, uri: str | None) -> None: ...


class LinkWorker(Worker, Protocol):
    """The part of ``WorkerClient`` that a link uses."""

    async def stop(self) -> None: ...


MakeWorker = Callable[[wire.Load, WorkerListener, float], LinkWorker]
"""Of what to load, whom to report to, and the seconds that it may stay without documents."""


def worker_process(
    load: wire.Load, listener: WorkerListener, keep_warm: float, start: StartWorker = start_worker
) -> WorkerClient:
    """The worker that is used outside tests: a process."""
    return WorkerClient(load, listener, start, keep_warm=keep_warm)


@dataclass
class _FileJob:
    done: asyncio.Future[bool]
    places: Sequence[wire.Place] = ()
    features: dict[bytes, wire.Features] = field(default_factory=dict)


class ScoringLink:
    """Starts nothing until a document or file is to be scored. A closed link reports nothing any more."""

    def __init__(
        self,
        settings: Settings,
        listener: ScoringListener,
        why_unscorable: Callable[[Document], str | None],
        make_worker: MakeWorker,
        folder: Path | None = None,
    ) -> None:
        self.settings = settings
        self.probe: SpanProbe | None = None
        self.scaled: ScaledProbe | None = None
        self.device: str | None = None
        """What the model runs on; None until something had to be scored that was not in the cache."""
        self.device_warning = ""
        self._folder = folder
        self.asked = False
        """Whether the worker was given anything, and so is there or will be soon."""
        self._listener = listener
        self._open = True
        self._file_jobs: dict[str, tuple[int, _FileJob]] = {}
        self._numbers = itertools.count(_FIRST_FILE_JOB)
        self.worker = make_worker(_load(settings), self, 60 * settings.keep_warm_minutes)
        self.session = ScoringSession(
            self.worker,
            self._scored,
            listener.skipped,
            settings.debounce_ms / 1000,
            why_unscorable,
        )

    def opened(self, document: Document) -> None:
        self.asked = True
        self.session.opened(document)

    def edited(self, document: Document) -> None:
        self.asked = True
        self.session.edited(document)

    def closed(self, uri: str) -> None:
        self.session.closed(uri)

    async def close(self) -> None:
        """Stops the worker."""
        self._open = False
        for _, job in self._file_jobs.values():
            job.done.cancel()
        await self.worker.stop()

    async def score_file(self, uri: str, text: str, language: str) -> ScoredText | None:
        """The scores of a file that isn't open; None when it can't be scored. Cancelling stops the work."""
        key = f"{uri}#file"  # the same file may be opened meanwhile
        job, number = _FileJob(asyncio.get_running_loop().create_future()), next(self._numbers)
        self._file_jobs[key] = (number, job)
        self.asked = True
        try:
            self.worker.score(wire.Score(number, key, 0, language, NOBODY_EDITS, text, background=True))
            if not await job.done or self.probe is None:
                return None
        finally:
            if self._file_jobs.get(key) == (number, job):
                del self._file_jobs[key]
                self.worker.forget(key)
        return await asyncio.to_thread(_scored_text, text, language, job, self.probe)

    # What the worker's client reports:

    async def worker_loaded(self, probe: str) -> None:
        try:
            loaded = await asyncio.to_thread(SpanProbe.load, Path(probe))
            self.scaled = await asyncio.to_thread(scaled_probe, loaded, self.settings, self._folder)
            self.probe = self.scaled.probe
        except ProbeError as error:  # it was fine when the worker read it, a moment ago
            self.scoring_failed(str(error), uri=None)
            return
        self.session.probe_loaded(self.probe)
        if self._open:
            self._listener.probe_loaded()

    def model_opened(self, device: str, warning: str) -> None:
        self.device, self.device_warning = device, warning
        if self._open:
            self._listener.model_opened()

    def outlined(self, job: int, uri: str, places: Sequence[wire.Place]) -> None:
        if job < _FIRST_FILE_JOB:
            self.session.outlined(job, uri, places)
        elif (known := self._file_jobs.get(uri)) is not None and known[0] == job:
            known[1].places = places

    def scope_scored(self, uri: str, features: wire.Features) -> None:
        if (known := self._file_jobs.get(uri)) is not None:
            known[1].features[features.key] = features
        else:
            self.session.scope_scored(uri, features)

    def job_done(self, job: int, uri: str) -> None:
        if job < _FIRST_FILE_JOB:
            self.session.job_done(job, uri)
        elif (known := self._file_jobs.get(uri)) is not None and known[0] == job:
            _finish(known[1], True)

    def scoring_failed(self, message: str, uri: str | None) -> None:
        for key, (_, job) in list(self._file_jobs.items()):
            if uri is None or uri == key:
                _finish(job, False)
        if self._open and uri not in self._file_jobs:
            self._listener.scoring_failed(message, uri)

    def _scored(self, document: ScoredDocument) -> None:
        if self._open:
            self._listener.scored(document)


def _load(settings: Settings) -> wire.Load:
    memory = settings.memory_mb
    return wire.Load(
        settings.supervisor,
        settings.probe,
        settings.threads,
        device=settings.device,
        memory=None if memory is None else memory << 20,
        cache_bytes=settings.cache_size_mb << 20,
    )


def _finish(job: _FileJob, worked: bool) -> None:
    if not job.done.done():
        job.done.set_result(worked)


def _scored_text(text: str, language: str, job: _FileJob, probe: SpanProbe) -> ScoredText:
    placed, probe = [], probe.in_language(language)
    for place in job.places:
        features = job.features[place.key]
        own = ScopeConfidences(text[place.start : place.end], features.token_spans, features.features, probe)
        placed.append(PlacedConfidences(place.start, place.end, place.name, place.kind, own))
    scored = ScoredText.placed(text, language, placed, probe)
    _ = scored.lines, scored.scopes  # made when first asked for: here, not on the event loop
    return scored
