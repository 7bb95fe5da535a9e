"""What a person does and looks at in a VS Code window, and the file that they have open."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import heatline
from tests.editors.chromium_window import PATIENCE_S
from tests.editors.heat_on_screen import SeenLine, seen_heat

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

OPENED_MS = 8000.0
"""After this long a list or a hover is opened once more."""

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


def flagged(scored: heatline.ScoredText) -> list[int]:
    """Numbers of the lines that are diagnostics, from 0."""
    return [line.line for line in scored.lines if line.risk >= TINY_THRESHOLD]


def until(page: Page, condition: Callable[[], bool], what: Callable[[], object] = lambda: "") -> None:
    """Waits until ``condition`` holds, and says ``what`` was there instead when it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what()
        page.wait_for_timeout(50)


def shows(page: Page, expected: list[list[int]], theme: str = "dark") -> None:
    """Waits until exactly the expected heat is on the screen, by background and by underline."""

    def agrees(lines: list[SeenLine]) -> bool:
        return len(lines) >= len(expected) - 1 and all(
            list(line.by_background) == wanted and list(line.by_underline) == wanted
            for line, wanted in zip(lines, expected, strict=False)
        )

    def differences() -> list[tuple[SeenLine, list[int]]]:
        return [
            (line, wanted)
            for line, wanted in zip(seen_heat(page, theme), expected, strict=False)
            if list(line.by_background) != wanted or list(line.by_underline) != wanted
        ]

    until(page, lambda: agrees(seen_heat(page, theme)), differences)


PALETTE_GONE = """() => {
  const widget = document.querySelector('.quick-input-widget');
  if (!widget || getComputedStyle(widget).display === 'none') return true;
  const typed = widget.querySelector('input')?.value ?? '';
  return !widget.classList.contains('quick-input-widget-closing') && !typed.startsWith('>');
}"""
"""The palette is hidden, or shows what the command asks for."""


def opens(page: Page, wanted: Locator, by: Callable[[], object]) -> None:
    """Does what opens the thing wanted; again when it doesn't come.

    A list or a hover that was opened while something else came in closes by itself, or isn't made anew.
    """
    from playwright.sync_api import TimeoutError as NotThere

    deadline = time.monotonic() + PATIENCE_S
    while True:
        by()
        try:
            wanted.wait_for(timeout=OPENED_MS)
            return
        except NotThere:
            assert time.monotonic() < deadline, f"nothing opens {wanted}"
            page.keyboard.press("Escape")
            page.mouse.move(5, 5)


def command(page: Page, title: str) -> None:
    """Runs a command by its title in the command palette."""
    from playwright.sync_api import TimeoutError as NotListed

    row = page.locator(".quick-input-list .monaco-list-row", has_text=title).first
    deadline = time.monotonic() + PATIENCE_S
    while True:
        opens(page, page.locator(".quick-input-widget:not(.hidden) input").first, lambda: keys(page, "F1"))
        page.keyboard.insert_text(title)
        try:
            row.click(timeout=OPENED_MS)
            break
        except NotListed:
            # The list is not made anew when a command becomes available while it is open.
            assert time.monotonic() < deadline, f"the palette has no {title!r}"
            page.keyboard.press("Escape")
    page.wait_for_function(PALETTE_GONE)


def click_line(page: Page, text: str) -> None:
    """Puts the caret into the line that holds ``text``."""
    page.locator(".view-line", has_text=text).first.click(position={"x": 90, "y": 8})


def keys(page: Page, *presses: str) -> None:
    for press in presses:
        page.keyboard.press(press)


def problems(page: Page) -> Locator:
    """Heatline's rows of the panel Problems, which is opened."""
    keys(page, "Control+Shift+M")
    return page.locator(".markers-panel .monaco-list-row", has_text="risk ")


def change_settings(workspace: Path, changed: dict[str, Any]) -> None:
    """Lets the folder's settings be these alone; VS Code sees it at once, unlike a change of the person's."""
    folder = workspace / ".vscode"
    folder.mkdir(exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(changed), "utf-8")


def has_problems(page: Page, count: int) -> None:
    """Waits until the status bar counts so many problems, all of them infos."""
    counts = page.locator("[id='status.problems']")
    until(page, lambda: counts.inner_text().split() == ["0", "0", str(count)], counts.inner_text)


def keep_picture(page: Page, name: str) -> None:
    """Takes a picture where HEATLINE_SCREENSHOTS names a folder for them."""
    folder = os.environ.get("HEATLINE_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def tidy(page: Page) -> None:
    """Takes back what a test has left: panel, side bar, edits; the file is in front."""
    keys(page, "Escape", "Escape")
    panel = page.locator(".part.panel")
    if panel.is_visible():
        keys(page, "Control+j")
        panel.wait_for(state="hidden")
    keys(page, "Control+1")
    if page.locator(".tab.active.dirty").count():
        command(page, "File: Revert File")
        page.locator(".tab.active.dirty").wait_for(state="detached")
