"""A real Vim with ALE and without a screen, set up with the very snippet of docs/editors/vim.md."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.editors.snippets import first_line, run_editor, snippet

ALE = Path("/usr/share/vim-ale")
SCRIPT = Path(__file__).with_name("vim_ale.vim")
VIM = shutil.which("vim.nox")

# What a .vimrc holds besides: ALE itself, found where Debian puts it, and no other linter.
BEFORE = f"""set nocompatible
set runtimepath+={ALE}
filetype plugin on
let g:ale_linters = {{'python': ['heatline']}}
let g:ale_hover_cursor = 0
let g:ale_hover_to_preview = 1
"""
# The tests' supervisor has random weights: its risk says nothing, so every line is shown.
SHOW_ALL_LINES = "let g:heatline_options = {'threshold': 0, 'scope': 'file'}\n"


def editor() -> str:
    return f"Vim with ALE: {first_line(['vim.nox', '--version']) or 'not installed'}"


pytestmark = [
    pytest.mark.editor,
    pytest.mark.skipif(
        VIM is None or not ALE.exists(), reason="needs Vim and ALE: tests/editors/install.sh vim"
    ),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, served_environment: dict[str, str]) -> dict[str, Any]:
    """What ``vim_ale.vim`` saw while it edited the sample, read, hovered and toggled."""
    folder = tmp_path_factory.mktemp("vim")
    vimrc = folder / "vimrc"
    vimrc.write_text(BEFORE + snippet("vim.md", "vim") + SHOW_ALL_LINES, "utf-8")
    command = ["vim.nox", "-N", "-u", str(vimrc), "-es", "--not-a-term"]
    return run_editor([*command, "-c", f"source {SCRIPT}"], folder, served_environment)


def test_risky_lines_are_items_of_ale(seen: dict[str, Any]) -> None:
    """ALE makes warnings (W) of everything that is no error, information included."""
    first = seen["diagnostics"][0]
    assert (first["source"], first["severity"], first["line"]) == ("heatline", "W", 1)
    assert first["message"].startswith("risk ")


def test_the_hover_shows_both_risks(seen: dict[str, Any]) -> None:
    assert re.search(r"line 1: risk .*%, unscaled .*%", seen["hover"])


def test_the_toggle_shows_the_unscaled_numbers(seen: dict[str, Any]) -> None:
    assert len(seen["toggled"]) == len(seen["diagnostics"])
    for item in seen["toggled"]:
        assert item["message"].startswith("unscaled risk ")
