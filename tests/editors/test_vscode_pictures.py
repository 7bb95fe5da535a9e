"""VS Code with the default supervisor and the shipped probe: what is on the screen is what the Python API says, and
the pictures of the documentation are taken of it (``make pictures``)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import heatline
from heatline.errors import HeatlineError
from heatline.lsp.wording import percent
from heatline.supervisor.store import SupervisorStore
from tests.editors.chromium_window import CodeServer
from tests.editors.extension_package import ROOT
from tests.editors.heat_on_screen import expected_heat
from tests.editors.vscode_version import vscode_version
from tests.editors.vscode_window import change_settings, command, keys, opens, shows, tidy, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

editor = vscode_version
pytestmark = [pytest.mark.editor, pytest.mark.real]

SUPERVISOR = "smollm2-135m"
OPENED = "intervals.py"
SIZE = {"width": 1040, "height": 640}
MAX_BYTES = 200_000
THEMES = {"dark": "Default Dark Modern", "light": "Default Light Modern"}
SETTINGS = {
    "heatline.scope": "changes",
    "editor.guides.indentation": False,
    "editor.occurrencesHighlight": "off",
    "breadcrumbs.enabled": False,
    "workbench.layoutControl.enabled": False,
}


@pytest.fixture(scope="module")
def real_scorer() -> Iterator[heatline.Scorer]:
    try:
        loaded = heatline.load(SUPERVISOR, cache=False)
    except HeatlineError as error:
        pytest.skip(f"{SUPERVISOR} isn't installed: {error}")
    with loaded:
        yield loaded


@pytest.fixture(scope="module")
def written_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which an assistant has just written the examples: nothing of them is committed."""
    folder = tmp_path_factory.mktemp("repository") / "examples"
    shutil.copytree(ROOT / "examples", folder, ignore=shutil.ignore_patterns("*.md", "__pycache__"))
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "Start"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def real_server(
    extension: Path, real_scorer: heatline.Scorer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CodeServer]:
    folder = tmp_path_factory.mktemp("vscode")
    command = folder / "bin/heatline"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m heatline "$@"\n', "utf-8")
    command.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEATLINE_")} | {
        "PATH": os.pathsep.join([str(command.parent), os.environ["PATH"]]),
        "HEATLINE_SUPERVISORS": str(SupervisorStore().folder),
        "HEATLINE_SUPERVISOR": SUPERVISOR,
        "HEATLINE_CACHE": str(folder / "cache"),
    }
    with CodeServer(folder / "home", environment, extension, SETTINGS) as started:
        yield started


@pytest.fixture(scope="module")
def window(real_server: CodeServer, written_files: Path) -> Page:
    return real_server.open(written_files, OPENED, viewport=SIZE)


@pytest.mark.parametrize("theme", THEMES)
def test_examples_show_the_shipped_probe_s_risks(
    theme: str, window: Page, written_files: Path, real_scorer: heatline.Scorer, tmp_path: Path
) -> None:
    """Heat as computed by the API on every line on the screen; hover and view beside it; the pictures are small."""
    folder = Path(os.environ.get("HEATLINE_SCREENSHOTS") or tmp_path)
    text = (ROOT / "examples" / OPENED).read_text("utf-8")
    scored = real_scorer.score(text, "python")
    change_settings(written_files, {"workbench.colorTheme": THEMES[theme]})
    heat = expected_heat(text, scored)
    rows = text.split("\n")

    keys(window, "Control+Home")
    shows(window, heat[:20], theme)
    worst = max(scored.lines, key=lambda line: line.risk)
    command(window, "Heatline: Go to the Riskiest Line")
    position = window.locator("#status\\.editor\\.selection")
    until(window, lambda: f"Ln {worst.line + 1}," in position.inner_text(), position.inner_text)
    keys(window, "Home")  # the heat of a selected line is hard to see
    command(window, "View: Toggle Primary Side Bar Visibility")
    window.locator(".codelens-decoration", has_text="risk").filter(visible=True).first.wait_for()
    taken = [_picture(window, folder / f"vscode-heat-{theme}.png")]

    hover = window.locator(".monaco-hover:not(.hidden) .hover-contents", has_text="unscaled").first
    opens(window, hover, lambda: keys(window, "Control+K", "Control+I"))
    taken.append(_picture(window, folder / f"vscode-hover-{theme}.png"))

    keys(window, "Escape")
    command(window, "View: Show Heatline")
    view = window.locator("[id='workbench.view.extension.heatline'] .monaco-list-row")
    view.filter(has_text=f"{percent(worst.risk)}  {rows[worst.line].strip()[:20]}").first.wait_for()
    window.locator(".monaco-progress-container.active").first.wait_for(state="hidden")
    until(window, lambda: len(view.all_inner_texts()) >= 5, view.all_inner_texts)
    taken.append(_picture(window, folder / f"vscode-tree-{theme}.png"))

    tidy(window)
    assert all(size < MAX_BYTES for size in taken), taken


def _picture(page: Page, path: Path) -> int:
    """Takes a picture; its size in bytes."""
    page.mouse.move(5, 5)
    return len(page.screenshot(path=path, animations="disabled", caret="hide"))
