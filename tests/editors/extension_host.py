"""Runs a TypeScript module inside the extension host of a VS Code window."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.editors.chromium_window import PATIENCE_S, CodeServer
from tests.editors.extension_package import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPTIONS = ("--vscode-option", "enable-smoke-test-driver")
"""What a server needs for it."""

MANIFEST = {
    "name": "carrier",
    "publisher": "heatline-tests",
    "version": "0.0.1",
    "engines": {"vscode": "^1.91.0"},
}


class HostRun:
    """A window in whose extension host VS Code calls the module's ``run``."""

    def __init__(self, server: CodeServer, module: Path, workspace: Path, file: str | None = None) -> None:
        carrier = _carrier(module, server.folder / "carrier")
        self._ended: list[int] = []
        self.page: Page = server.page()
        self.page.expose_function("codeAutomationExit", lambda code: self._ended.append(code))
        self.page.expose_function("codeAutomationLog", lambda *_: None)
        opened = [] if file is None else [["openFile", server.remote(workspace / file)]]
        options = [
            ["extensionDevelopmentPath", server.remote(carrier)],
            ["extensionTestsPath", server.remote(carrier / "module.js")],
        ]
        self.page.goto(server.address(workspace, [*opened, *options]))

    def wait(self, seconds: float = 2 * PATIENCE_S) -> None:
        """Until the module's ``run`` has ended, well or not, or the time is over."""
        for _ in range(int(seconds * 10)):
            if self._ended:
                return
            self.page.wait_for_timeout(100)


def _carrier(module: Path, folder: Path) -> Path:
    """An extension that does nothing: VS Code runs a module only for one that is under development."""
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps(MANIFEST), "utf-8")
    bundle = [str(ROOT / "node_modules/.bin/esbuild"), str(module), "--bundle", "--platform=node"]
    output = ["--format=cjs", "--target=node20", "--external:vscode", f"--outfile={folder / 'module.js'}"]
    subprocess.run([*bundle, *output], check=True, capture_output=True, timeout=PATIENCE_S)
    return folder
