"""``HeatlineServer``: one editor's session, and the state that its features share."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import traceback
from collections.abc import Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInternalError, PyglsError
from pygls.lsp.server import LanguageServer

from heatline.errors import SettingsError
from heatline.lsp import heat
from heatline.lsp.background import BackgroundTasks
from heatline.lsp.client_requests import ALL_REFRESHES, Refreshes, ask
from heatline.lsp.committed_texts import CommittedTexts
from heatline.lsp.configuration import Configuration
from heatline.lsp.display import Display, Surroundings
from heatline.lsp.document_place import path_of
from heatline.lsp.documents import Document, DocumentStore
from heatline.lsp.feedback import Feedback
from heatline.lsp.flagging import Policy
from heatline.lsp.generated_regions import GeneratedRegions, Regions
from heatline.lsp.head_watch import HeadWatch
from heatline.lsp.ignore_comments import IgnoreComments
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.progress import show_until
from heatline.lsp.protocol import HeatlineProtocol
from heatline.lsp.published_diagnostics import PublishedDiagnostics
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.scoring_link import MakeWorker, ScoringLink, worker_process
from heatline.lsp.shown_document import Notes, ShownDocument
from heatline.lsp.status import CAPABILITY as STATUS_CAPABILITY
from heatline.lsp.status import StatusReporter
from heatline.lsp.unscorable import below, why_unscorable
from heatline.lsp.workspace_scaling import shown_scaling
from heatline.noise.globs import PathFilter
from heatline.noise.reviewed_marks import ReviewedMarks
from heatline.probe import SpanProbe
from heatline.scoring.free_memory import give_back
from heatline.settings import Scaling, Settings

logger = logging.getLogger(__name__)

_FREE_SECONDS = 1.0
"""After a document was closed its memory goes back to the system: by then nothing holds its scores any more."""


class HeatlineServer(LanguageServer):
    """Documents go in; what is shown of them goes out. Also listens to the scoring link."""

    encoding: PositionEncoding
    link: ScoringLink

    def __init__(
        self,
        make_worker: MakeWorker = worker_process,
        notebooks: types.NotebookDocumentSyncOptions | None = None,
    ) -> None:
        super().__init__(
            "heatline",
            _version(),
            notebook_document_sync=notebooks,
            protocol_cls=HeatlineProtocol,
        )
        self.regions = GeneratedRegions()
        self.committed = CommittedTexts()
        self.ignores = IgnoreComments()
        self.reviewed = ReviewedMarks()
        self.feedback = Feedback()
        self.documents = DocumentStore(self.regions.edited)
        self.configuration = Configuration(partial(self.say, kind=types.MessageType.Warning))
        self.display = Display(self._surroundings, self._show)
        self.scaling: Scaling = "scaled"
        self.published = PublishedDiagnostics(self)
        self.refreshes = Refreshes(self.protocol)
        self.status = StatusReporter(self)
        self.tasks = BackgroundTasks()
        self.head = HeadWatch(self._document_folders, self.shown_again)
        self.marks = 0
        """How often marks were changed: what is kept of files was made with the marks of its time."""
        self._begun = False
        self._make_worker = make_worker
        self._said: set[str] = set()
        self._unsaid: list[tuple[str, types.MessageType]] | None = []
        self._skipped: set[str] = set()
        self._changed_at: dict[str, float] = {}
        self._loading: asyncio.Event | None = None

    # What the client sets

    def begin(self, params: types.InitializeParams, encoding: PositionEncoding) -> None:
        """Takes what the client asked for in ``initialize``; comes before any document."""
        self._begun = True
        self.encoding = encoding
        self.protocol.trace = params.trace or types.TraceValue.Off
        folders = [folder.uri for folder in params.workspace_folders or []]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        self.configuration.begin(params.initialization_options, folders)
        self.scaling = shown_scaling(self.configuration.machine)
        self.link = self._new_link()
        self._set_log_level()

    def settings_changed(self) -> None:
        """Takes changed settings over: the scoring process is started anew only where it has to be."""
        self.configuration.reread()
        before, now = self.link.settings, self.configuration.machine
        self._set_log_level()
        if before.scaling != now.scaling:
            self.scaling = shown_scaling(now)
        if _restarts(before, now):
            self.restart()
            return
        self.link.settings = now
        self.link.session.debounce_seconds = now.debounce_ms / 1000
        for document in self.documents:  # one may be left alone now that wasn't, or the other way round
            if (self.why_unscorable(document) is None) == (document.uri in self._skipped):
                self.score_anew(document)
        self.shown_again()

    def restart(self) -> None:
        """Starts the scoring process anew, with today's settings, and scores every open document again."""
        self.tasks.start(self.link.close())
        self._loading_ended()
        self.link = self._new_link()
        self._said.clear()
        self.status.cleared()
        for document in self.documents:
            self.score_anew(document)

    async def end(self) -> None:
        """Comes before the process leaves; once more does no harm."""
        self.head.stop()
        if self._begun:
            await self.link.close()
        self.reviewed.close()
        self.feedback.close()

    # What happens to documents

    def opened(self, document: Document) -> None:
        self.regions.opened(document.uri)
        self.score_anew(document)
        self.head.look()

    def edited(self, document: Document) -> None:
        self._changed_at[document.uri] = time.monotonic()
        self._skipped.discard(document.uri)
        quiet = self.configuration.of(document.uri).settings.quiet_ms / 1000
        self.display.edited(document, quiet)
        self.display.prepare(document)
        self.link.edited(document)
        self.status.changed()

    def closed(self, uri: str) -> None:
        self._changed_at.pop(uri, None)
        self._skipped.discard(uri)
        self.link.closed(uri)
        self.regions.closed(uri)
        self.ignores.forget(uri)
        self.display.closed(uri)
        self.published.cleared(uri)
        self.status.changed()
        asyncio.get_running_loop().call_later(_FREE_SECONDS, give_back)

    def score_anew(self, document: Document) -> None:
        """Scores a document, or scores it once more, as it is."""
        self._changed_at[document.uri] = time.monotonic()
        self._skipped.discard(document.uri)
        self.display.opened(document)
        self.display.prepare(document)
        self._loading_begun()
        self.link.opened(document)
        self.status.changed()

    # What is shown

    def shown_again(self, uri: str | None = None) -> None:
        """Shows a document, or all, once more: something besides its text has changed."""
        self.display.again(uri)
        self.refreshes.want(ALL_REFRESHES)
        self.status.changed()

    def _show(self, shown: ShownDocument) -> None:
        self.published.show(shown)
        if heat.wants_heat(self.client_capabilities):
            self.tasks.start(self._send_heat(shown.scored, self.scaling))
        self.status.changed()
        if not shown.scored.complete:
            return
        if self.configuration.machine.feedback and self.link.probe is not None:
            self.tasks.start(self._remember(shown, self.link.probe))
        self.refreshes.pay(shown.uri)
        if (since := self._changed_at.pop(shown.uri, None)) is not None:
            self.log_trace_of(f"scored a document in {(time.monotonic() - since) * 1000:.0f} ms")

    async def _remember(self, shown: ShownDocument, probe: SpanProbe) -> None:
        if (news := await asyncio.to_thread(self.feedback.observe, shown, probe)) is not None:
            self.say(news, kind=types.MessageType.Info)

    async def _send_heat(self, document: ScoredDocument, scaling: Scaling) -> None:
        params = await asyncio.to_thread(heat.heat_params, document, scaling, self.encoding)
        self.protocol.notify(heat.METHOD, params)

    def _surroundings(self, document: Document) -> Surroundings | None:
        probe = self.link.probe
        if probe is None:
            return None
        settings = self.configuration.of(document.uri).settings
        return Surroundings(
            settings,
            self.policy(settings),
            partial(self._notes, document, self.regions.of(document, path_of(document.uri), settings.scope)),
        )

    def policy(self, settings: Settings) -> Policy:
        """What is flagged under these settings; comes after the probe was loaded."""
        assert self.link.probe is not None, "nothing is scored without a probe"
        return Policy(self.scaling, settings.threshold, self.link.probe.threshold, settings.review_budget)

    def _notes(self, document: Document, regions: Regions) -> Notes:
        """Runs in a thread."""
        return Notes(
            regions.lines(self.committed),
            self.ignores.of(document),
            self.reviewed.among(self.workspace_of(document.uri), document.text),
        )

    def mark(self, uri: str, text: str, lines: Sequence[int], *, reviewed: bool) -> None:
        """Marks lines of a document's text as reviewed, or takes the marks back."""
        change = self.reviewed.mark if reviewed else self.reviewed.unmark
        change(self.workspace_of(uri), text, lines)
        self.marks += 1
        self.shown_again(uri)

    def workspace_of(self, uri: str) -> Path:
        """The folder whose marks and reports a document belongs to."""
        path = path_of(uri)
        return path.parent if path is not None else self.configuration.of(uri).base

    # What the scoring link reports

    def probe_loaded(self) -> None:
        self._loading_ended()
        if self.link.scaled is not None and self.link.scaled.problem is not None:
            self.say(self.link.scaled.problem, kind=types.MessageType.Info)
        self.status.changed()

    def model_opened(self) -> None:
        """Says in the editor's log, once, when the model runs on another device than was asked for."""
        warning = self.link.device_warning
        if warning and warning not in self._said:
            self._said.add(warning)
            self.window_log_message(types.LogMessageParams(types.MessageType.Warning, warning))
        self.status.changed()

    def scored(self, document: ScoredDocument) -> None:
        self.display.scored(document)

    def skipped(self, document: Document, reason: str) -> None:
        """Leaves a document without anything shown, and says why in the editor's log, once."""
        self._skipped.add(document.uri)
        self.display.failed(document.uri)
        self.published.cleared(document.uri)
        name = document.uri.rsplit("/", 1)[-1]
        message = f"Heatline does not score {name}: it {reason}."
        if message not in self._said:
            self._said.add(message)
            self.window_log_message(types.LogMessageParams(types.MessageType.Info, message))

    def scoring_failed(self, message: str, uri: str | None) -> None:
        # What was shown belongs to an older text and would never be brought up to date.
        self.display.failed(uri)
        for document in self.documents:
            if uri is None or document.uri == uri:
                self.published.cleared(document.uri)
        if uri is None:
            self._loading_ended()
            self.status.failed(message)
        self.say(message, types.MessageType.Error)

    def why_unscorable(self, document: Document) -> str | None:
        """Why a document is left alone, as the end of a sentence; None when it is scored."""
        found = self.configuration.of(document.uri)
        try:
            paths = PathFilter(found.settings.include, found.settings.exclude)
        except SettingsError as error:
            self.say(str(error), types.MessageType.Warning)
            paths = PathFilter()
        relative = below(path_of(document.uri), found.base)
        return why_unscorable(document, found.settings, paths, relative)

    # What people and clients are told

    def say(self, message: str, kind: types.MessageType) -> None:
        """Shows a sentence to the person, once however often it happens; not before ``initialized``."""
        if message in self._said:
            return
        self._said.add(message)
        logger.log(logging.ERROR if kind == types.MessageType.Error else logging.WARNING, "%s", message)
        if self._unsaid is not None:
            self._unsaid.append((message, kind))
        else:
            self.window_show_message(types.ShowMessageParams(kind, message))

    def tell(self, message: str) -> None:
        """Answers a person where the client doesn't: those that declare a status show results themselves."""
        if not heat.declares(self.client_capabilities, STATUS_CAPABILITY):
            self.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))

    def initialized(self) -> None:
        """Shows what was wrong before a client may be shown anything."""
        unsaid, self._unsaid = self._unsaid or [], None
        for message, kind in unsaid:
            self.window_show_message(types.ShowMessageParams(kind, message))

    def log_trace_of(self, message: str) -> None:
        """``$/logTrace``: what was done, never with code in it."""
        if self.protocol.trace != types.TraceValue.Off:
            self.log_trace(types.LogTraceParams(message))

    async def show_place(self, uri: str, selection: types.Range | None, *, external: bool = False) -> None:
        """``window/showDocument``, for clients that support it."""
        window = self.client_capabilities.window
        if window is not None and window.show_document is not None and window.show_document.support:
            params = types.ShowDocumentParams(
                uri=uri, external=external, take_focus=not external, selection=selection
            )
            await ask(self.protocol, types.WINDOW_SHOW_DOCUMENT, params)

    def report_server_error(
        self, error: Exception, source: type[PyglsError] | type[JsonRpcException]
    ) -> None:
        """Logs where an error came from, without its text, which may quote the user's code."""
        if source is FeatureRequestError and not isinstance(error, JsonRpcInternalError):
            return  # the client's own mistake, and its response says which
        kind, _, trace = sys.exc_info()
        frames = "".join(traceback.format_tb(error.__traceback__ or trace))
        logger.error("%s: %s\n%s", source.__name__, (kind or type(error)).__name__, frames)

    def _loading_begun(self) -> None:
        """Shows that the model is being loaded, from the first document on."""
        if self.link.probe is None and self._loading is None:
            self._loading = asyncio.Event()
            self.tasks.start(show_until(self.protocol, "Heatline: loading the model", self._loading))

    def _loading_ended(self) -> None:
        if self._loading is not None:
            self._loading.set()
            self._loading = None

    def _new_link(self) -> ScoringLink:
        folders = self.configuration.folders
        folder = folders[0][1] if folders else None
        return ScoringLink(self.configuration.machine, self, self.why_unscorable, self._make_worker, folder)

    def _document_folders(self) -> set[Path]:
        return {path.parent for each in self.documents if (path := path_of(each.uri)) is not None}

    def _set_log_level(self) -> None:
        logging.getLogger("heatline").setLevel(self.configuration.machine.log_level.upper())


def _restarts(before: Settings, now: Settings) -> bool:
    """Whether settings differ that the scoring process was started with."""

    def started_with(settings: Settings) -> tuple[Any, ...]:
        return (
            *(settings.supervisor, settings.probe, settings.threads, settings.device),
            *(settings.memory_mb, settings.cache_size_mb, settings.base_rate),
            settings.scaling == "workspace",
        )

    return started_with(before) != started_with(now)


def _version() -> str:
    try:
        return version("heatline")
    except PackageNotFoundError:  # run from a source tree
        return "0"
