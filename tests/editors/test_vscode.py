"""The extension in a real VS Code, as a person sees it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import heatline
from tests.editors.chromium_window import PATIENCE_S, CodeServer
from tests.editors.heat_on_screen import SeenLine, expected_heat, seen_heat
from tests.editors.vscode_version import vscode_version

if TYPE_CHECKING:
    from playwright.sync_api import Page

editor = vscode_version
pytestmark = pytest.mark.editor
TINY_THRESHOLD = 0.3  # of the probe in tests/tiny.py

SAMPLE = '''\
"""Deliveries, cheapest first."""


def cheapest(routes, weight):
    best = None
    for route in routes:
        if route.limit > weight:
            price = route.base + weight * route.rate
            if best is None or price < best[0]:
                best = (price, route)
    return best


def label(route):  # 😋 shown to people
    name = "🚚 " + route.name.strip()
    return name if route.open else f"({name})"
'''


@pytest.fixture(scope="module")
def scored(scorer: heatline.Scorer) -> heatline.ScoredText:
    return scorer.score(SAMPLE, "python")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder of a test's own: what it writes, no other test reads."""
    folder = tmp_path / "deliveries"
    folder.mkdir()
    (folder / "sample.py").write_text(SAMPLE, "utf-8")
    return folder


@pytest.fixture
def window(code_server: CodeServer, workspace: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window that shows the sample; a picture of it is kept when HEATLINE_SCREENSHOTS names a folder."""
    page = code_server.open(workspace, "sample.py")
    yield page
    folder = os.environ.get("HEATLINE_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{request.node.name}.png")
    page.context.close()


def until(page: Page, condition: Callable[[], bool], what: Callable[[], object] = lambda: "") -> None:
    """Waits until ``condition`` holds, and says ``what`` was there instead when it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what()
        page.wait_for_timeout(50)


def shows(page: Page, expected: list[list[int]]) -> None:
    """Waits until exactly the expected heat is on the screen, by background and by underline."""

    def agrees(lines: list[SeenLine]) -> bool:
        return len(lines) >= len(expected) - 1 and all(
            list(line.by_background) == wanted and list(line.by_underline) == wanted
            for line, wanted in zip(lines, expected, strict=False)
        )

    until(page, lambda: agrees(seen_heat(page)), lambda: (seen_heat(page), expected))


def command(page: Page, title: str) -> None:
    page.keyboard.press("F1")
    page.locator(".quick-input-widget input").first.wait_for()
    page.keyboard.type(title)
    page.locator(".quick-input-list .monaco-list-row", has_text=title).first.wait_for()
    page.keyboard.press("Enter")


def click_line(page: Page, text: str) -> None:
    page.locator(".view-line", has_text=text).first.click(position={"x": 90, "y": 8})


def flagged(scored: heatline.ScoredText) -> list[int]:
    """Numbers of the lines that are diagnostics, from 0."""
    return [line.line for line in scored.lines if line.risk >= TINY_THRESHOLD]


def test_heat_has_the_expected_colours_on_the_expected_tokens(
    window: Page, scored: heatline.ScoredText
) -> None:
    """Each character's background and underline are those of its token's bucket, emoji included."""
    expected = expected_heat(SAMPLE, scored)
    assert len({bucket for line in expected for bucket in line}) >= 3, "the sample shows too little"
    shows(window, expected)


def test_the_hover_tells_the_risk_of_the_line(window: Page, scored: heatline.ScoredText) -> None:
    shows(window, expected_heat(SAMPLE, scored))
    click_line(window, "for route in routes")
    window.keyboard.press("Control+K")
    window.keyboard.press("Control+I")
    hover = window.locator(".monaco-hover:not(.hidden) .hover-contents", has_text="line 6")
    hover.first.wait_for()
    line = next(line for line in scored.lines if line.line == 5)
    assert (
        f"line 6: risk {line.risk * 100:.0f} %, unscaled {line.unscaled_risk * 100:.0f} %"
        in hover.first.inner_text()
    )


def test_the_toggle_changes_numbers_and_colours(window: Page, scored: heatline.ScoredText) -> None:
    scaled, unscaled = (expected_heat(SAMPLE, scored, unscaled=flag) for flag in (False, True))
    assert scaled != unscaled
    shows(window, scaled)
    command(window, "Heatline: Toggle Scaled and Unscaled Risk")
    shows(window, unscaled)
    window.keyboard.press("Control+Shift+M")
    rows = window.locator(".markers-panel .monaco-list-row", has_text="unscaled risk")
    rows.first.wait_for()


def test_heat_can_be_hidden_and_shown(window: Page, scored: heatline.ScoredText) -> None:
    expected = expected_heat(SAMPLE, scored)
    shows(window, expected)
    command(window, "Heatline: Show or Hide Heat")
    shows(window, [[0] * len(line) for line in expected])
    command(window, "Heatline: Show or Hide Heat")
    shows(window, expected)


def test_flagged_lines_are_problems(window: Page, scored: heatline.ScoredText) -> None:
    shows(window, expected_heat(SAMPLE, scored))
    window.keyboard.press("Control+Shift+M")
    rows = window.locator(".markers-panel .monaco-list-row", has_text="risk ")
    until(
        window,
        lambda: rows.count() == len(flagged(scored)),
        lambda: (rows.all_inner_texts(), flagged(scored)),
    )


def test_marking_as_reviewed_takes_the_problem_away(window: Page, scored: heatline.ScoredText) -> None:
    shows(window, expected_heat(SAMPLE, scored))
    chosen = SAMPLE.splitlines()[flagged(scored)[0]].strip()
    click_line(window, chosen)
    window.keyboard.press("Control+.")
    window.locator(".action-widget .monaco-list-row", has_text="Mark as reviewed").first.click()
    window.keyboard.press("Control+Shift+M")
    rows = window.locator(".markers-panel .monaco-list-row", has_text="risk ")
    until(window, lambda: rows.count() == len(flagged(scored)) - 1, rows.all_inner_texts)


def test_next_risky_line_goes_to_it(window: Page, scored: heatline.ScoredText) -> None:
    shows(window, expected_heat(SAMPLE, scored))
    click_line(window, "Deliveries")
    first = next(line for line in flagged(scored) if line > 0)
    window.keyboard.press("Control+Alt+h")
    window.keyboard.press("n")
    position = window.locator("#status\\.editor\\.selection")
    until(window, lambda: f"Ln {first + 1}," in position.inner_text(), position.inner_text)


def test_the_status_item_names_the_supervisor_and_the_worst_line(
    window: Page, scored: heatline.ScoredText
) -> None:
    shows(window, expected_heat(SAMPLE, scored))
    worst = max(scored.lines, key=lambda line: line.risk)
    window.locator("[id='status.languageStatus']").first.hover()
    status = window.locator(".hover-language-status", has_text="tiny, scaled").first
    status.wait_for()
    until(window, lambda: f"worst line {worst.line + 1}: risk" in status.inner_text(), status.inner_text)


def test_the_view_lists_risky_lines_the_riskiest_first(window: Page, scored: heatline.ScoredText) -> None:
    shows(window, expected_heat(SAMPLE, scored))
    command(window, "View: Show Heatline")
    rows = window.locator("[id='workbench.view.extension.heatline'] .monaco-list-row")
    until(window, lambda: rows.count() == len(flagged(scored)) + 1, rows.all_inner_texts)
    labels = [row.get_attribute("aria-label") or "" for row in rows.all()]
    assert "sample.py" in labels[0]
    numbers = [int(found[1]) for label in labels[1:] if (found := re.search(r"line (\d+), risk", label))]
    risks = {line.line + 1: line.risk for line in scored.lines}
    assert sorted(numbers) == [line + 1 for line in flagged(scored)]
    assert [risks[n] for n in numbers] == sorted((risks[n] for n in numbers), reverse=True)


def test_heat_stays_on_its_tokens_while_an_emoji_is_typed(
    window: Page, scored: heatline.ScoredText, scorer: heatline.Scorer
) -> None:
    """Right after the edit what was drawn has moved with the text; then the new text's own heat comes."""
    shows(window, expected_heat(SAMPLE, scored))
    window.locator(".view-line", has_text="name =").first.click()
    window.keyboard.press("End")
    window.keyboard.insert_text(" + '😋'")
    edited = SAMPLE.replace("route.name.strip()", "route.name.strip() + '😋'")
    shows(window, expected_heat(edited, scorer.score(edited, "python")))


def test_a_killed_scoring_process_comes_back(
    window: Page, scored: heatline.ScoredText, scorer: heatline.Scorer, code_server: CodeServer
) -> None:
    shows(window, expected_heat(SAMPLE, scored))
    killed = code_server.processes_running("heatline.scoring.worker")
    assert killed
    for process in killed:
        os.kill(process, signal.SIGKILL)
    window.locator(".view-line", has_text="return best").first.click()
    window.keyboard.press("End")
    window.keyboard.insert_text("[1]")
    edited = SAMPLE.replace("return best\n", "return best[1]\n")
    shows(window, expected_heat(edited, scorer.score(edited, "python")))


def test_code_lenses_tell_the_risk_of_functions(
    extension: Path, served_environment: dict[str, str], workspace: Path, tmp_path: Path
) -> None:
    settings = {"heatline.features.codeLens": True}
    with CodeServer(tmp_path / "vscode", served_environment, extension, settings) as server:
        page = server.open(workspace, "sample.py")
        lens = page.locator(".codelens-decoration", has_text=re.compile(r"risk \d+ %"))
        lens.first.wait_for()
