"""Debian's own Neovim (0.7) without a screen, set up with the very snippet of docs/editors/neovim-0.7.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.editors.snippets import SAMPLE, first_line, run_editor, snippet

NVIM = Path("/usr/bin/nvim")
SCRIPT = Path(__file__).with_name("neovim_old.lua")

# The tests' supervisor has random weights: its risk says nothing, so every line is shown.
SHOW_ALL_LINES = "heatline_options.threshold = 0\nheatline_options.scope = 'file'\n"


def editor() -> str:
    return f"Debian's Neovim: {first_line([str(NVIM), '--version']) or 'not installed'}"


pytestmark = [
    pytest.mark.editor,
    pytest.mark.skipif(not NVIM.exists(), reason="needs Debian's Neovim: tests/editors/install.sh neovim"),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, served_environment: dict[str, str]) -> dict[str, Any]:
    """What ``neovim_old.lua`` saw while it edited the sample, read, hovered and toggled."""
    folder = tmp_path_factory.mktemp("neovim-old")
    init = folder / "init.lua"
    init.write_text(snippet("neovim-0.7.md", "lua") + SHOW_ALL_LINES, "utf-8")
    command = [str(NVIM), "--clean", "--headless", "-n", "-u", str(init), "-c", f"luafile {SCRIPT}"]
    return run_editor(command, folder, served_environment)


def test_diagnostics_cover_the_lines_text_in_neovims_columns(seen: dict[str, Any]) -> None:
    """This Neovim speaks UTF-16 with servers and counts its columns in bytes."""
    ranges = {d["line"]: (d["first"], d["last"]) for d in seen["diagnostics"]}
    expected = {
        number: (len(line) - len(line.lstrip()), len(line.encode("utf-8")))
        for number, line in enumerate(SAMPLE.splitlines())
        if line.strip()
    }
    assert ranges == expected


def test_risky_lines_are_information(seen: dict[str, Any]) -> None:
    assert {d["severity"] for d in seen["diagnostics"]} == {3}


def test_the_hover_window_shows_both_risks(seen: dict[str, Any]) -> None:
    assert re.search(r"line 1: risk .*%, unscaled .*%", seen["hover"])


def test_the_toggle_shows_the_unscaled_numbers(seen: dict[str, Any]) -> None:
    assert len(seen["toggled"]) == len(seen["diagnostics"])
    for d in seen["toggled"]:
        assert d["message"].startswith("unscaled risk ")
