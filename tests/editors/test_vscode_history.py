"""VS Code in a repository that was calibrated: it says on what a risk rests, and shows how well risks hold."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import heatline
from heatline.history.repository import Repository
from heatline.history.workspace_scaling import WorkspaceScaling, repository_key, write_scaling
from tests.editors.chromium_window import CodeServer
from tests.editors.heat_on_screen import seen_heat
from tests.editors.vscode_version import vscode_version
from tests.editors.vscode_window import (
    SAMPLE,
    change_settings,
    click_line,
    command,
    keep_picture,
    keys,
    opens,
    until,
)
from tests.unit.history.test_calibrating import evidence, kept_scaling

if TYPE_CHECKING:
    from playwright.sync_api import Page

editor = vscode_version
pytestmark = pytest.mark.editor


@pytest.fixture(scope="module")
def scaling(scorer: heatline.Scorer) -> WorkspaceScaling:
    card = scorer.probe.card
    return replace(
        kept_scaling(evidence()),
        probe=scorer.probe.name,
        probe_sha256=card.sha256,
        bundle_hash=scorer.bundle_hash,
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calibrated") / "deliveries"
    folder.mkdir()
    (folder / "sample.py").write_text(SAMPLE, "utf-8")
    change_settings(folder, {"heatline.scaling": "workspace"})
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def window(
    extension: Path,
    served_environment: dict[str, str],
    repository: Path,
    scaling: WorkspaceScaling,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("vscode")
    kept = folder / "state/workspaces" / f"{repository_key(Repository(repository))}.json"
    kept.parent.mkdir(parents=True)
    write_scaling(scaling, kept)
    environment = served_environment | {"HEATLINE_STATE": str(folder / "state")}
    with CodeServer(folder / "home", environment, extension) as server:
        yield server.open(repository, "sample.py")


def test_the_hover_says_what_a_risk_rests_on(window: Page, scaling: WorkspaceScaling) -> None:
    until(window, lambda: any(any(line.by_underline) for line in seen_heat(window)))
    click_line(window, "for route in routes")
    hover = window.locator(".monaco-hover:not(.hidden) .hover-contents", has_text="line 6").first
    opens(window, hover, lambda: keys(window, "Control+K", "Control+I"))
    words = f"of 100 lines like this were fixed within 90 days; from {scaling.lines:,} lines."
    until(window, lambda: words in hover.inner_text(), hover.inner_text)
    keys(window, "Escape")


def test_the_status_item_and_its_menu_say_what_all_risks_rest_on(
    window: Page, scaling: WorkspaceScaling
) -> None:
    status = window.locator(".hover-language-status", has_text="tiny, scaled to this repository").first
    opens(window, status, window.locator("[id='status.languageStatus']").first.hover)
    until(window, lambda: scaling.basis() in status.inner_text(), status.inner_text)
    window.mouse.move(5, 5)
    command(window, "Heatline: Menu")
    window.get_by_placeholder(scaling.basis()).wait_for()
    keys(window, "Escape")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_how_well_risks_hold_is_a_page_beside_the_code(theme: str, window: Page, repository: Path) -> None:
    """It has the editor's theme, and no script of it could run."""
    name = "Default Dark Modern" if theme == "dark" else "Default Light Modern"
    settings = {"heatline.scaling": "workspace", "workbench.colorTheme": name}
    change_settings(repository, settings)
    command(window, "Heatline: Show How Well Risks Hold")
    window.locator(".tab.active", has_text="Heatline: Reliability").wait_for()
    page = window.frame_locator("iframe.webview.ready").frame_locator("#active-frame")
    page.locator("h1", has_text="Reliability in deliveries").wait_for()
    page.locator("figure svg polyline").first.wait_for()
    page.locator(f"html[data-theme={theme}]").wait_for()
    paper = "rgb(13, 17, 23)" if theme == "dark" else "rgb(255, 255, 255)"
    body = page.locator("body")
    until(window, lambda: body.evaluate("e => getComputedStyle(e).backgroundColor") == paper)
    sandbox = window.frame_locator("iframe.webview.ready").locator("#active-frame").get_attribute("sandbox")
    keep_picture(window, f"reliability_{theme}")
    assert "allow-scripts" not in (sandbox or "").split()
    keys(window, "Control+F4")
