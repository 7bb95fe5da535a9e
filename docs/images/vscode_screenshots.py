"""Takes the pictures of VS Code in docs/images: ``python -m docs.images.vscode_screenshots`` in the project's folder.

Needs the editors (``make editors``), the editors extra and the default supervisor.  What the shipped probe says of the
sample is shown as it is: nothing is arranged.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.editors.chromium_window import CodeServer
from tests.editors.extension_package import packaged_extension

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"
SAMPLE = "intervals.py"
THEMES = {"dark": "Default Dark Modern", "light": "Default Light Modern"}
SETTINGS = {
    "editor.fontSize": 14,
    "heatline.heat.granularity": "both",
    "heatline.features.codeLens": True,
    "workbench.activityBar.location": "default",
    "breadcrumbs.enabled": False,
}
SIZE = {"width": 1000, "height": 560}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = folder / "bin"
        programs.mkdir()
        command = programs / "heatline"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m heatline "$@"\n', "utf-8")
        command.chmod(0o755)
        environment = dict(os.environ) | {"PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}
        # Found where this person keeps them, though the editor has another home.
        environment.setdefault("XDG_DATA_HOME", str(Path.home() / ".local/share"))
        extension = packaged_extension(folder)
        workspace = folder / "examples"
        workspace.mkdir()
        shutil.copy(ROOT / "examples" / SAMPLE, workspace)
        for theme, title in THEMES.items():
            place = folder / theme
            place.mkdir()
            settings = SETTINGS | {"workbench.colorTheme": title}
            with CodeServer(place, environment, extension, settings) as server:
                pictures(server, workspace, theme)


def pictures(server: CodeServer, workspace: Path, theme: str) -> None:
    page = server.open(workspace, SAMPLE, viewport=SIZE)
    page.locator('.view-overlays .cdr[class*="TextEditorDecorationType"]').first.wait_for()
    page.locator(".codelens-decoration", has_text="risk").first.wait_for()
    page.keyboard.press("Control+b")
    page.wait_for_timeout(1500)  # for what is still being scored or moving
    page.screenshot(path=IMAGES / f"vscode-heat-{theme}.png")
    page.keyboard.press("Control+Alt+h")
    page.keyboard.press("n")
    page.wait_for_timeout(1000)
    page.keyboard.press("Control+K")
    page.keyboard.press("Control+I")
    page.locator(".monaco-hover:not(.hidden) .hover-contents", has_text="unscaled").first.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / f"vscode-hover-{theme}.png")
    page.keyboard.press("Escape")
    page.locator(".activitybar .action-label[aria-label*='Heatline']").first.click()
    page.locator("[id='workbench.view.extension.heatline'] .monaco-list-row").nth(1).wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / f"vscode-tree-{theme}.png")
    page.context.close()


if __name__ == "__main__":
    main()
