"""Capabilities as three editors declare them, and how diagnostics reach each of them from a played server."""

from __future__ import annotations

from typing import Any

from tests.lsp.playing import Editor, document

URI = "file:///nowhere/sample.py"
RISKS = {"bad": 0.6, "worse": 0.8}

VSCODE: dict[str, Any] = {
    "workspace": {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceFolders": True,
        "diagnostics": {"refreshSupport": True},
        "codeLens": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
    },
    "textDocument": {"diagnostic": {"dynamicRegistration": True, "relatedDocumentSupport": True}},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "general": {"positionEncodings": ["utf-16"]},
    "notebookDocument": {"synchronization": {}},
    "experimental": {"heatlineHeat": True, "heatlineStatus": True},
}
NEOVIM: dict[str, Any] = {
    "workspace": {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": False},
        "didChangeWatchedFiles": {"dynamicRegistration": False},
    },
    "textDocument": {"diagnostic": {"dynamicRegistration": False}},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
}
EMACS: dict[str, Any] = {
    "workspace": {"configuration": True, "didChangeWatchedFiles": {"dynamicRegistration": True}},
    "textDocument": {"publishDiagnostics": {"versionSupport": True}},
    "general": {"positionEncodings": ["utf-32", "utf-8", "utf-16"]},
}
CLIENTS = {"vscode": VSCODE, "neovim": NEOVIM, "emacs": EMACS}


async def diagnostics(editor: Editor, client: dict[str, Any], version: int, uri: str = URI) -> list[Any]:
    """A version's diagnostics, the way this client gets them."""
    if client is VSCODE:
        items: list[Any] = (await editor.request("textDocument/diagnostic", document(uri)))["items"]
        return items
    return await editor.published(version, uri)


async def ranges(editor: Editor, client: dict[str, Any], version: int) -> list[Any]:
    return [each["range"] for each in await diagnostics(editor, client, version)]
