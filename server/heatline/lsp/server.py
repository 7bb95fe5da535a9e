"""``heatline serve``: wires the features to the protocol. What a feature does stands in its own module."""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInternalError, PyglsError
from pygls.lsp.server import LanguageServer

from heatline.errors import ProbeError
from heatline.lsp import heat, span_confidence, toggle_scaling
from heatline.lsp.background import BackgroundTasks
from heatline.lsp.diagnostics import line_diagnostics
from heatline.lsp.documents import Document, DocumentStore
from heatline.lsp.hover import hover_at
from heatline.lsp.options import Options, Scaling, parse_options
from heatline.lsp.position_encoding import ENCODINGS, PositionEncoding
from heatline.lsp.protocol import HeatlineProtocol
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.scoring_session import ScoringSession
from heatline.probe import SpanProbe
from heatline.scoring import wire
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.generated import changed_lines
from heatline.scoring.worker_client import WORKER_COMMAND, WorkerClient

logger = logging.getLogger(__name__)


class HeatlineServer(LanguageServer):
    """One editor's session. Also the worker's listener: it hands results on and shows what went wrong."""

    session: ScoringSession
    worker: WorkerClient
    encoding: PositionEncoding

    def __init__(self, worker_command: Sequence[str] = WORKER_COMMAND) -> None:
        super().__init__("heatline", _version(), protocol_cls=HeatlineProtocol)
        self.documents = DocumentStore()
        self.options = Options()
        self.scaling: Scaling = "scaled"
        self.probe: SpanProbe | None = None
        self._worker_command = worker_command
        self._said: set[str] = set()
        self._heat = BackgroundTasks()

    def begin(self, options: Options, encoding: PositionEncoding) -> None:
        """Takes what the client asked for in ``initialize``; comes before any document."""
        self.options = options
        self.scaling = options.scaling
        self.encoding = encoding
        load = wire.Load(options.supervisor, options.probe, options.threads)
        self.worker = WorkerClient(load, self, self._worker_command)
        self.session = ScoringSession(
            self.worker,
            self.publish,
            self.skip,
            changed_lines if options.scope == "changes" else lambda path, text: None,
            options.debounce_ms / 1000,
        )

    def publish(self, document: ScoredDocument) -> None:
        """Shows a result: diagnostics for every client, heat for those that draw it."""
        if self.probe is None:
            return
        threshold = self.probe.threshold if self.options.threshold is None else self.options.threshold
        diagnostics = line_diagnostics(document, self.scaling, threshold, self.encoding)
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                document.document.uri, diagnostics, version=document.document.version
            )
        )
        if heat.wants_heat(self.client_capabilities):
            self._heat.start(self._send_heat(document, self.scaling))

    async def _send_heat(self, document: ScoredDocument, scaling: Scaling) -> None:
        params = await asyncio.to_thread(heat.heat_params, document, scaling, self.encoding)
        self.protocol.notify(heat.METHOD, params)

    def clear(self, uri: str) -> None:
        """Takes a document's diagnostics away."""
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def skip(self, document: Document, reason: str) -> None:
        """Leaves a document without diagnostics and says why in the editor's log, once."""
        self.clear(document.uri)
        name = document.uri.rsplit("/", 1)[-1]
        message = f"Heatline does not score {name}: it {reason}."
        if message not in self._said:
            self._said.add(message)
            self.window_log_message(types.LogMessageParams(types.MessageType.Info, message))

    def say(self, message: str, kind: types.MessageType) -> None:
        """Shows a sentence to the person, once however often it happens."""
        if message not in self._said:
            self._said.add(message)
            self.window_show_message(types.ShowMessageParams(kind, message))

    async def worker_loaded(self, probe: str) -> None:
        try:
            self.probe = await asyncio.to_thread(SpanProbe.load, Path(probe))
        except ProbeError as error:  # it was fine when the worker read it, a moment ago
            self.scoring_failed(str(error), uri=None)
            return
        self.session.probe_loaded(self.probe)

    def scope_scored(self, job: int, uri: str, features: ScopeFeatures) -> None:
        self.session.scope_scored(job, uri, features)

    def job_done(self, job: int, uri: str) -> None:
        self.session.job_done(job, uri)

    def scoring_failed(self, message: str, uri: str | None) -> None:
        # What was shown belongs to an older text and would never be brought up to date.
        for document in self.documents:
            if uri is None or document.uri == uri:
                self.clear(document.uri)
        self.say(message, types.MessageType.Error)

    def report_server_error(
        self, error: Exception, source: type[PyglsError] | type[JsonRpcException]
    ) -> None:
        """Logs where an error came from, without its text, which may quote the user's code."""
        if source is FeatureRequestError and not isinstance(error, JsonRpcInternalError):
            return  # the client's own mistake, and its response says which
        kind, _, trace = sys.exc_info()
        frames = "".join(traceback.format_tb(error.__traceback__ or trace))
        logger.error("%s: %s\n%s", source.__name__, (kind or type(error)).__name__, frames)


def create_server(worker_command: Sequence[str] = WORKER_COMMAND) -> HeatlineServer:
    """A server with every feature, ready to be given a transport."""
    server = HeatlineServer(worker_command)
    complaints: list[str] = []

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options, messages = parse_options(params.initialization_options)
        complaints.extend(messages)
        # pygls has just chosen, in the client's order of preference; UTF-16 when it names none.
        chosen = types.PositionEncodingKind(server.workspace.position_encoding)
        server.begin(options, ENCODINGS[chosen.value])

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        for message in complaints:
            logger.warning(message)
            server.say(message, types.MessageType.Warning)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.session.opened(server.documents.open(params.text_document))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        document = server.documents.change(params.text_document, params.content_changes, server.encoding)
        if document is not None:
            server.session.edited(document)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.documents.close(uri)
        server.session.closed(uri)
        server.clear(uri)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        document = server.session.latest(params.text_document.uri)
        if document is None:
            return None
        offset = document.document.offset(params.position, server.encoding)
        return hover_at(document, offset, server.scaling, server.encoding)

    @server.feature(span_confidence.METHOD)
    def confidence(params: Any) -> dict[str, Any] | None:
        uri, asked = span_confidence.parse_params(params)
        document = server.session.latest(uri)
        return None if document is None else span_confidence.span_confidence(document, asked, server.encoding)

    @server.command(toggle_scaling.COMMAND)
    def toggle(*arguments: Any) -> Scaling:
        server.scaling = toggle_scaling.other_scaling(server.scaling)
        for document in server.session.all_latest():
            server.publish(document)
        return server.scaling

    @server.feature(types.SHUTDOWN)
    async def shutdown(params: None) -> None:
        await server.worker.stop()

    return server


def _version() -> str:
    try:
        return version("heatline")
    except PackageNotFoundError:  # run from a source tree
        return "0"
