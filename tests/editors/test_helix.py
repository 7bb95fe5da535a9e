"""A real Helix in a terminal that nobody sees, set up with the very snippet of docs/editors/helix.md."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.places import HELIX
from tests.editors.snippets import PATIENCE_S, SAMPLE, first_line, snippet

CONFIG = """[editor]
end-of-line-diagnostics = "hint"
[editor.inline-diagnostics]
cursor-line = "hint"
"""


def editor() -> str:
    return f"Helix: {first_line([str(HELIX), '--version']) or 'not installed'}"


pytestmark = [
    pytest.mark.editor,
    pytest.mark.skipif(
        not HELIX.exists() or shutil.which("tmux") is None,
        reason="needs Helix and tmux: tests/editors/install.sh helix",
    ),
]


class Terminal:
    """A tmux session of its own server."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self._environment = environment | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}

    def start(self, command: list[str]) -> None:
        self._run("new-session", "-d", "-x", "180", "-y", "50", "-s", "helix", *command)

    def keys(self, *keys: str) -> None:
        self._run("send-keys", "-t", "helix", *keys)

    def screen(self) -> str:
        return self._run("capture-pane", "-p", "-t", "helix")

    def wait_for(self, condition: Callable[[str], object]) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while not condition(screen := self.screen()):
            assert time.monotonic() < deadline, screen
            time.sleep(0.05)
        return screen

    def end(self) -> None:
        self._run("kill-server")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        return done.stdout


@pytest.fixture
def terminal(tmp_path: Path, served_environment: dict[str, str]) -> Iterator[Terminal]:
    """Helix with the sample, of which every line is flagged."""
    config = tmp_path / "config/helix"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(CONFIG, "utf-8")
    languages = snippet("helix.md", "toml")
    languages = languages.replace(
        'config = { scope = "changes" }', 'config = { scope = "file", threshold = 0 }'
    )
    # The servers that a person has besides aren't here.
    languages = languages.replace('["pylsp", "heatline"]', '["heatline"]')
    (config / "languages.toml").write_text(languages, "utf-8")
    sample = tmp_path / "sample.py"
    sample.write_text(SAMPLE, "utf-8")
    started = Terminal(
        tmp_path, served_environment | {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    )
    started.start([str(HELIX), "-v", "--log", str(tmp_path / "helix.log"), str(sample)])
    yield started
    started.end()


def diagnostic_shown(screen: str) -> re.Match[str] | None:
    return re.search(r"(?<!unscaled )risk (under |over )?\d+ %: ", screen)


def test_risky_lines_are_diagnostics(terminal: Terminal) -> None:
    terminal.wait_for(diagnostic_shown)


def test_the_hover_shows_both_risks(terminal: Terminal) -> None:
    terminal.wait_for(diagnostic_shown)
    terminal.keys("Space", "k")
    terminal.wait_for(lambda screen: re.search(r"line 1: risk .*%, unscaled .*%", screen))


def test_the_toggle_shows_the_unscaled_numbers(terminal: Terminal) -> None:
    terminal.wait_for(diagnostic_shown)
    terminal.keys(":lsp-workspace-command heatline.toggleScaling", "Enter")
    terminal.wait_for(lambda screen: "unscaled risk " in screen)
