"""Three kinds of clients, as they declare themselves, and every position encoding."""

from __future__ import annotations

from lsprotocol import types

CLIENTS = ("pushed", "pulling", "unrefreshed")
ENCODINGS = ("utf-8", "utf-16", "utf-32")


def capabilities_of(client: str) -> types.ClientCapabilities:
    """What a client says in ``initialize``.

    ``pushed`` can do next to nothing, as a small plugin for vim; ``pulling`` is like VS Code; ``unrefreshed`` pulls,
    can't be asked to pull again, draws heat, and never answers what the server asks, as some home-made clients.
    """
    if client == "pushed":
        return types.ClientCapabilities()
    pulls = types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities())
    if client == "unrefreshed":
        return types.ClientCapabilities(
            text_document=pulls,
            workspace=types.WorkspaceClientCapabilities(
                configuration=True,
                did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(
                    dynamic_registration=True
                ),
            ),
            window=types.WindowClientCapabilities(
                work_done_progress=True, show_document=types.ShowDocumentClientCapabilities(support=True)
            ),
            experimental={"heatlineHeat": True},
        )
    return types.ClientCapabilities(
        text_document=pulls,
        workspace=types.WorkspaceClientCapabilities(
            configuration=True,
            workspace_folders=True,
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
            code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
        ),
        window=types.WindowClientCapabilities(
            work_done_progress=True, show_document=types.ShowDocumentClientCapabilities(support=True)
        ),
    )
