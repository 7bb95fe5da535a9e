"""``heatline serve``: wires the features to the protocol. What a feature does stands in its own module."""

from __future__ import annotations

from lsprotocol import types

from heatline.lsp import (
    commands,
    configuration_events,
    fetch_supervisor,
    notebook_sync,
    second_opinion,
    snapshot_requests,
    text_sync,
    workspace_requests,
)
from heatline.lsp.language_server import HeatlineServer
from heatline.lsp.position_encoding import ENCODINGS
from heatline.lsp.published_diagnostics import pulls_diagnostics
from heatline.lsp.scoring_link import MakeWorker, worker_process
from heatline.lsp.workspace_scan import WorkspaceScan


def create_server(make_worker: MakeWorker = worker_process) -> HeatlineServer:
    """A server with every feature, ready to be given a transport."""
    server = HeatlineServer(make_worker, notebook_sync.SYNC)
    scan = WorkspaceScan(server)

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        # pygls has just chosen, in the client's order of preference; UTF-16 when it names none.
        chosen = types.PositionEncodingKind(server.workspace.position_encoding)
        server.begin(params, ENCODINGS[chosen.value])
        features = server.configuration.machine.features
        if features.semantic_tokens:
            snapshot_requests.register_semantic_tokens(server)
        if second_opinion.is_offered(server):
            second_opinion.register(server)
        if not pulls_diagnostics(params.capabilities):
            return
        snapshot_requests.register_pull_diagnostics(server)
        if features.workspace_diagnostics:
            workspace_requests.register_workspace_diagnostics(server, scan)

    @server.feature(types.SHUTDOWN)
    async def shutdown(params: None) -> None:
        await server.end()

    text_sync.register(server)
    notebook_sync.register(server)
    snapshot_requests.register(server)
    workspace_requests.register(server, scan)
    commands.register(server)
    fetch_supervisor.register(server)
    configuration_events.register(server)
    return server
