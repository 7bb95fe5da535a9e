"""A real Emacs with Eglot and without a screen, set up with the very snippet of docs/editors/emacs.md."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.editors.snippets import SAMPLE, first_line, run_editor, snippet

SCRIPT = Path(__file__).with_name("emacs.el")


def editor() -> str:
    return f"Emacs with Eglot: {first_line(['emacs', '--version']) or 'not installed'}"


pytestmark = [
    pytest.mark.editor,
    pytest.mark.skipif(
        shutil.which("emacs") is None, reason="needs Emacs with Eglot: tests/editors/install.sh emacs"
    ),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, served_environment: dict[str, str]) -> dict[str, Any]:
    """What ``emacs.el`` saw while it edited the sample, read, hovered and toggled."""
    folder = tmp_path_factory.mktemp("emacs")
    init = folder / "snippet.el"
    init.write_text(snippet("emacs.md", "elisp"), "utf-8")
    # Not -Q: Debian's site-start is what finds its Eglot for Emacs 28.
    command = ["emacs", "--batch", "-l", str(SCRIPT)]
    return run_editor(command, folder, served_environment | {"HEATLINE_SNIPPET": str(init)})


def test_risky_lines_are_flymake_notes(seen: dict[str, Any]) -> None:
    first = seen["diagnostics"][0]
    assert (first["line"], first["type"]) == (1, "eglot-note")
    assert "risk " in first["message"]


def test_notes_cover_the_lines_text_in_emacs_encoding(seen: dict[str, Any]) -> None:
    """A character beyond UTF-16's first plane doesn't shift them."""
    found = {note["line"]: note["text"] for note in seen["diagnostics"]}
    expected = {
        number: line.strip() for number, line in enumerate(SAMPLE.splitlines(), start=1) if line.strip()
    }
    assert found == expected


def test_the_hover_shows_both_risks(seen: dict[str, Any]) -> None:
    assert re.search(r"line 1: risk .*%, unscaled .*%", seen["hover"])


def test_the_toggle_shows_the_unscaled_numbers(seen: dict[str, Any]) -> None:
    for note in seen["toggled"]:
        assert "unscaled risk " in note["message"]
