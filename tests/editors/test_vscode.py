"""The extension in a real VS Code, as a person sees it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import heatline
from heatline.lsp.wording import percent
from tests.editors.chromium_window import CodeServer
from tests.editors.conftest import FAILED
from tests.editors.heat_on_screen import SeenLine, expected_heat, seen_heat
from tests.editors.vscode_version import vscode_version
from tests.editors.vscode_window import (
    SAMPLE,
    change_settings,
    click_line,
    command,
    flagged,
    has_problems,
    keep_picture,
    keys,
    opens,
    problems,
    shows,
    tidy,
    until,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

editor = vscode_version
pytestmark = pytest.mark.editor

MAX_WINDOWS = 3
"""After so many failures the rest is not tried: each would take its whole time."""


@pytest.fixture(scope="module")
def scored(scorer: heatline.Scorer) -> heatline.ScoredText:
    return scorer.score(SAMPLE, "python")


class Windows:
    """One window for all tests, since opening one takes longer than most of them; a failed test's is given up."""

    def __init__(self, server: CodeServer, workspace: Path) -> None:
        self._server = server
        self.workspace = workspace
        self._page: Page | None = None
        self._given_up = 0

    def page(self) -> Page:
        if self._page is None:
            assert self._given_up < MAX_WINDOWS, (
                "too many windows have failed: what they failed of stands above"
            )
            (self.workspace / "sample.py").write_text(SAMPLE, "utf-8")
            self._page = self._server.open(self.workspace, "sample.py")
        return self._page

    def give_up(self) -> None:
        self._given_up += 1
        if self._page is not None:
            self._page.context.close()
            self._page = None


@pytest.fixture(scope="module")
def windows(code_server: CodeServer, tmp_path_factory: pytest.TempPathFactory) -> Windows:
    return Windows(code_server, tmp_path_factory.mktemp("deliveries"))


@pytest.fixture
def window(windows: Windows, scored: heatline.ScoredText, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window that shows the sample with all its heat, and no edits, panels or marks of another test.

    A picture of how a test leaves it is kept when HEATLINE_SCREENSHOTS names a folder.
    """
    try:
        page = windows.page()
        shows(page, expected_heat(SAMPLE, scored))
    except BaseException:
        windows.give_up()
        raise
    yield page
    keep_picture(page, request.node.name)
    if request.node.stash.get(FAILED, False):
        windows.give_up()
    else:
        tidy(page)


def test_heat_has_the_expected_colours_on_the_expected_tokens(
    window: Page, scored: heatline.ScoredText
) -> None:
    """Each character's background and underline are those of its token's bucket, emoji included."""
    expected = expected_heat(SAMPLE, scored)
    assert len({bucket for line in expected for bucket in line}) >= 3, "the sample shows too little"
    shows(window, expected)


def test_a_light_theme_has_its_own_colours(
    window: Page, scored: heatline.ScoredText, windows: Windows
) -> None:
    change_settings(windows.workspace, {"workbench.colorTheme": "Default Light Modern"})
    try:
        shows(window, expected_heat(SAMPLE, scored), "light")
    finally:
        change_settings(windows.workspace, {})
    shows(window, expected_heat(SAMPLE, scored))


def test_the_hover_tells_the_risk_of_the_line(window: Page, scored: heatline.ScoredText) -> None:
    click_line(window, "for route in routes")
    hover = window.locator(".monaco-hover:not(.hidden) .hover-contents", has_text="line 6").first
    opens(window, hover, lambda: keys(window, "Control+K", "Control+I"))
    line = next(line for line in scored.lines if line.line == 5)
    words = f"line 6: risk {percent(line.risk)}, unscaled {percent(line.unscaled_risk)}"
    until(window, lambda: words in hover.inner_text(), hover.inner_text)


def test_the_toggle_changes_numbers_and_colours(window: Page, scored: heatline.ScoredText) -> None:
    scaled, unscaled = (expected_heat(SAMPLE, scored, unscaled=flag) for flag in (False, True))
    assert scaled != unscaled
    rows = problems(window)
    command(window, "Heatline: Toggle Scaled and Unscaled Risk")
    shows(window, unscaled)
    rows.filter(has_text="unscaled risk").first.wait_for()
    command(window, "Heatline: Toggle Scaled and Unscaled Risk")
    shows(window, scaled)
    rows.filter(has_text="unscaled risk").first.wait_for(state="hidden")


def test_heat_can_be_hidden_and_shown(window: Page, scored: heatline.ScoredText) -> None:
    expected = expected_heat(SAMPLE, scored)
    command(window, "Heatline: Show or Hide Heat")
    shows(window, [[0] * len(line) for line in expected])
    command(window, "Heatline: Show or Hide Heat")
    shows(window, expected)


def test_the_granularity_of_heat_is_a_setting(
    window: Page, scored: heatline.ScoredText, windows: Windows
) -> None:
    """Lines are tinted instead of tokens as soon as the setting says so."""

    def tinted(lines: list[SeenLine]) -> bool:
        worst = max(scored.lines, key=lambda line: line.risk).line
        return (
            not any(any(line.by_underline) for line in lines)
            and all(len(set(line.by_background)) <= 1 for line in lines)
            and bool(lines)
            and any(lines[worst].by_background)
        )

    change_settings(windows.workspace, {"heatline.heat.granularity": "line"})
    try:
        until(window, lambda: tinted(seen_heat(window)), lambda: seen_heat(window))
    finally:
        change_settings(windows.workspace, {})
    shows(window, expected_heat(SAMPLE, scored))


def test_flagged_lines_are_problems(window: Page, scored: heatline.ScoredText) -> None:
    rows = problems(window)
    for line in flagged(scored)[:3]:  # a list on the screen holds only the rows that are in sight
        rows.filter(has_text=f"[Ln {line + 1},").first.wait_for()
    has_problems(window, len(flagged(scored)))


def test_marking_as_reviewed_takes_the_problem_away(window: Page, scored: heatline.ScoredText) -> None:
    chosen = SAMPLE.splitlines()[flagged(scored)[0]].strip()
    has_problems(window, len(flagged(scored)))
    click_line(window, chosen)
    fix = window.locator(".action-widget .monaco-list-row", has_text="Mark as reviewed").first
    opens(window, fix, lambda: keys(window, "Control+."))
    fix.click()
    has_problems(window, len(flagged(scored)) - 1)
    command(window, "Heatline: Take Back the Mark as Reviewed")
    has_problems(window, len(flagged(scored)))


def test_next_risky_line_goes_to_it(window: Page, scored: heatline.ScoredText) -> None:
    click_line(window, "Deliveries")
    first = next(line for line in flagged(scored) if line > 0)
    keys(window, "Control+Alt+h", "n")
    position = window.locator("#status\\.editor\\.selection")
    until(window, lambda: f"Ln {first + 1}," in position.inner_text(), position.inner_text)


def test_the_status_item_names_the_supervisor_and_the_worst_line(
    window: Page, scored: heatline.ScoredText
) -> None:
    worst = max(scored.lines, key=lambda line: line.risk)
    status = window.locator(".hover-language-status", has_text="tiny, scaled").first
    opens(window, status, window.locator("[id='status.languageStatus']").first.hover)
    until(window, lambda: f"worst line {worst.line + 1}: risk" in status.inner_text(), status.inner_text)


def test_the_menu_offers_what_can_be_done(window: Page) -> None:
    command(window, "Heatline: Menu")
    rows = window.locator(".quick-input-list .monaco-list-row")
    wanted = ["Toggle scaled", "hide heat", "report", "supervisor", "probe", "Restart", "log", "Settings"]
    for words in wanted:
        rows.filter(has_text=words).first.wait_for()


def test_the_report_is_a_page_beside_the_code_where_the_browser_can_t_open_it(window: Page) -> None:
    """Its own script runs, which its policy names, and fills its table; nothing else could."""
    command(window, "Heatline: Open the Report")
    page = window.frame_locator("iframe.webview.ready").frame_locator("#active-frame")
    page.locator("html[data-theme=dark] h1", has_text="Heatline report").wait_for()
    page.locator("#controls").wait_for()
    page.locator("summary", has_text="sample.py").first.wait_for()
    command(window, "View: Close Editor")
    window.locator(".tab", has_text="Heatline: Report").wait_for(state="detached")


def test_the_view_lists_risky_lines_the_riskiest_first(window: Page, scored: heatline.ScoredText) -> None:
    command(window, "View: Show Heatline")
    rows = window.locator("[id='workbench.view.extension.heatline'] .monaco-list-row")
    until(window, lambda: rows.count() == len(flagged(scored)) + 1, rows.all_inner_texts)
    labels = [row.get_attribute("aria-label") or "" for row in rows.all()]
    assert "sample.py" in labels[0]
    numbers = [int(found[1]) for label in labels[1:] if (found := re.search(r"line (\d+), risk", label))]
    risks = {line.line + 1: line.risk for line in scored.lines}
    assert sorted(numbers) == [line + 1 for line in flagged(scored)]
    assert [risks[n] for n in numbers] == sorted((risks[n] for n in numbers), reverse=True)
    rows.nth(1).click()
    position = window.locator("#status\\.editor\\.selection")
    until(window, lambda: f"Ln {numbers[0]}," in position.inner_text(), position.inner_text)


def test_code_lenses_tell_the_risk_of_functions(window: Page, scored: heatline.ScoredText) -> None:
    lenses = window.locator(".codelens-decoration")
    wanted = [
        f"risk {percent(scope.risk)}"
        for scope in scored.scopes
        if scope.kind == "function" and any(scope.first_line <= n <= scope.last_line for n in flagged(scored))
    ]
    assert wanted
    for words in wanted:
        lenses.filter(has_text=words).first.wait_for()


def test_heat_stays_on_its_tokens_while_an_emoji_is_typed(
    window: Page, scored: heatline.ScoredText, scorer: heatline.Scorer, code_server: CodeServer
) -> None:
    """While nothing new is scored what was drawn moves with the text; then the new text's own heat comes."""
    expected = expected_heat(SAMPLE, scored)
    line, typed = SAMPLE.splitlines().index('    name = "🚚 " + route.name.strip()'), "'😋' + "
    at = len('    name = "🚚 " + '.encode("utf-16-le")) // 2
    (worker,) = code_server.processes_running("heatline.scoring.worker")
    click_line(window, "name =")
    keys(window, "End", *["ArrowLeft"] * len("route.name.strip()"))
    os.kill(worker, signal.SIGSTOP)
    try:
        window.keyboard.insert_text(typed)
        expected[line][at:at] = [0] * (len(typed) + 1)
        shows(window, expected)
    finally:
        os.kill(worker, signal.SIGCONT)
    edited = SAMPLE.replace("route.name.strip()", typed + "route.name.strip()")
    shows(window, expected_heat(edited, scorer.score(edited, "python")))


def test_a_killed_scoring_process_comes_back(
    window: Page, scorer: heatline.Scorer, code_server: CodeServer
) -> None:
    killed = code_server.processes_running("heatline.scoring.worker")
    assert killed
    for process in killed:
        os.kill(process, signal.SIGKILL)
    click_line(window, "return best")
    keys(window, "End")
    window.keyboard.insert_text("[1]")
    edited = SAMPLE.replace("return best\n", "return best[1]\n")
    shows(window, expected_heat(edited, scorer.score(edited, "python")))


def test_a_killed_server_is_started_again(
    window: Page, scored: heatline.ScoredText, code_server: CodeServer
) -> None:
    """Meanwhile no heat is shown, since nobody keeps it up to date."""
    (killed,) = code_server.processes_running("main() serve")
    os.kill(killed, signal.SIGKILL)
    until(window, lambda: killed not in code_server.processes_running("main() serve"))
    shows(window, expected_heat(SAMPLE, scored))
    command(window, "Heatline: Go to Next Risky Line")  # commands of a running server are offered again
