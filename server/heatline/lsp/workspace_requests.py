"""Requests about the workspace as a whole: ``workspace/diagnostic`` and ``heatline/riskyLines``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from lsprotocol import types

from heatline.lsp.diagnostics import line_diagnostics, result_id
from heatline.lsp.language_server import HeatlineServer
from heatline.lsp.progress import progress_bar
from heatline.lsp.risky_line import risky_lines
from heatline.lsp.workspace_scan import ScannedFile, WorkspaceScan

PAUSE_SECONDS = 1.0
"""Between a change and the next look at the workspace, so that typing doesn't list files at every key."""

RISKY_LINES = "heatline/riskyLines"

Item = types.WorkspaceFullDocumentDiagnosticReport | types.WorkspaceUnchangedDocumentDiagnosticReport


def register(server: HeatlineServer, scan: WorkspaceScan) -> None:
    @server.feature(RISKY_LINES)
    async def riskiest(params: Any) -> dict[str, Any]:
        given = params if isinstance(params, dict) else {}
        partial = given.get("partialResultToken")
        files: list[dict[str, Any]] = []

        def add(file: dict[str, Any]) -> None:
            if not file["lines"]:
                return
            if partial is None:
                files.append(file)
            else:
                server.protocol.notify(
                    types.PROGRESS, types.ProgressParams(token=partial, value={"files": [file]})
                )

        for shown in server.display:
            version = shown.scored.document.version
            add({"uri": shown.uri, "version": version, "lines": risky_lines(shown, server.encoding)})
        await _scan(
            server,
            scan,
            lambda found: add({"uri": found.uri, "version": None, "lines": list(found.risky)}),
            given.get("workDoneToken"),
        )
        return {"files": sorted(files, key=lambda file: -max(line["risk"] for line in file["lines"]))}


def register_workspace_diagnostics(server: HeatlineServer, scan: WorkspaceScan) -> None:
    """Called when the setting is on: a client asks for what a server says it has."""

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def diagnostic(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        previous = {each.uri: each.value for each in params.previous_result_ids}
        while True:
            server.published.changed.clear()
            items = await _changed_items(server, scan, previous, params)
            if items or not params.partial_result_token:
                rest = [] if params.partial_result_token else items
                return types.WorkspaceDiagnosticReport(items=rest)
            # Nothing is new: the answer waits, or the client would ask again at once.
            await server.published.changed.wait()
            await asyncio.sleep(PAUSE_SECONDS)


async def _changed_items(
    server: HeatlineServer,
    scan: WorkspaceScan,
    previous: dict[str, str],
    params: types.WorkspaceDiagnosticParams,
) -> list[Item]:
    """The reports that are not what the client has; sent one by one when it gave a token for that."""
    items: list[Item] = []
    seen: set[str] = set()

    def add(uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        seen.add(uri)
        current = result_id(diagnostics)
        if previous.get(uri, result_id([])) == current:
            return
        item = types.WorkspaceFullDocumentDiagnosticReport(
            uri=uri, items=diagnostics, version=version, result_id=current
        )
        items.append(item)
        if params.partial_result_token is not None:
            partial = types.WorkspaceDiagnosticReportPartialResult(items=[item])
            server.protocol.notify(
                types.PROGRESS, types.ProgressParams(token=params.partial_result_token, value=partial)
            )

    for shown in server.display:
        if server.display.latest(shown.uri) is shown and shown.scored.complete:
            version = shown.scored.document.version
            add(shown.uri, version, line_diagnostics(shown, server.encoding))
        else:
            seen.add(shown.uri)
    await _scan(
        server,
        scan,
        lambda found: add(found.uri, None, list(found.diagnostics)),
        params.work_done_token,
    )
    for uri in previous.keys() - seen:
        if server.documents.get(uri) is None:
            add(uri, None, [])
    return items


async def _scan(
    server: HeatlineServer,
    scan: WorkspaceScan,
    add: Callable[[ScannedFile], None],
    token: types.ProgressToken | None,
) -> None:
    """Every changed file's result to ``add``, under a bar that can be cancelled."""
    files = await scan.files()
    if not files:
        return
    server.status.scanning += 1
    server.status.changed()
    try:
        async with progress_bar(
            server.protocol, "Heatline: changed files", token=token, cancellable=True, percentage=True
        ) as bar:
            for number, path in enumerate(files):
                bar.report(f"{number + 1} of {len(files)}", 100 * number // len(files))
                async for found in scan.results([path]):
                    add(found)
                if bar.cancelled:
                    return
    finally:
        server.status.scanning -= 1
        server.status.changed()
