"""What a person does and looks at in a VS Code window, and the file that they have open."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import heatline
from tests.editors.chromium_window import PATIENCE_S
from tests.editors.heat_on_screen import SeenLine, seen_heat

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

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


def command(page: Page, title: str) -> None:
    """Runs a command by its title in the command palette."""
    page.keyboard.press("F1")
    page.locator(".quick-input-widget:not(.hidden) input").first.wait_for()
    page.keyboard.type(title)
    row = page.locator(".quick-input-list .monaco-list-row", has_text=title).first
    row.wait_for()
    row.click()
    page.locator(".quick-input-widget").first.wait_for(state="hidden")


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


def tidy(page: Page) -> None:
    """Takes back what a test has left: panels, side bars, edits; the file is in front."""
    keys(page, "Escape", "Escape")
    command(page, "View: Hide Panel")
    command(page, "View: Show Explorer")
    keys(page, "Control+1")
    command(page, "File: Revert File")
