"""Who wrote a commit."""

from __future__ import annotations

import pytest

from heatline.errors import SettingsError
from heatline.history.assistants import shipped_assistants
from heatline.history.git_ai_notes import read_note

ANN = "Ann <ann@example.org>"


@pytest.mark.parametrize(
    ("name", "author", "message"),
    [
        ("Claude", ANN, "x\n\nCo-Authored-By: Claude Opus 4.5 <noreply@anthropic.com>"),
        ("Claude", ANN, "x\n\n🤖 Generated with [Claude Code](https://claude.com/claude-code)"),
        ("Copilot", "copilot-swe-agent[bot] <198982749+Copilot@users.noreply.github.com>", "x"),
        ("Copilot", ANN, "x\n\nCo-authored-by: Copilot <223556219+Copilot@users.noreply.github.com>"),
        ("Cursor", "Cursor Agent <cursoragent@cursor.com>", "x"),
        ("Cursor", ANN, "x\n\nMade-with: Cursor"),
        ("Codex", ANN, "x\n\nCo-authored-by: Codex <noreply@openai.com>"),
        ("aider", "Ann (aider) <ann@example.org>", "x"),
        ("aider", ANN, "x\n\nCo-authored-by: aider (gpt-4o) <aider@aider.chat>"),
        ("Devin", "Devin AI <158243242+devin-ai-integration[bot]@users.noreply.github.com>", "x"),
        ("Gemini", ANN, "x\n\nCo-authored-by: gemini-cli <218195315+gemini-cli@users.noreply.github.com>"),
        ("Jules", "google-labs-jules[bot] <161369871+google-labs-jules[bot]@users.noreply.github.com>", "x"),
        ("OpenHands", "openhands <openhands@all-hands.dev>", "x"),
        ("Windsurf", ANN, "x\n\nCo-authored-by: Windsurf <noreply@windsurf.com>"),
        (
            "Amp",
            ANN,
            "x\n\nAmp-Thread-ID: https://ampcode.com/threads/T-1\nCo-authored-by: Amp <amp@ampcode.com>",
        ),
    ],
)
def test_an_assistant_is_known_by_its_signature(name: str, author: str, message: str) -> None:
    assert shipped_assistants().writer(author, author, message) == name


@pytest.mark.parametrize(
    "message",
    [
        "x\n\nCo-authored-by: Claude Monet <monet@example.org>",
        "x\n\nCo-authored-by: dependabot[bot] <support@github.com>",
        "feat: ask claude for help",
        "x\n\nSigned-off-by: Ann <ann@example.org>",
        "feat: cursor keys move the cursor",
    ],
)
def test_people_and_other_bots_are_no_assistants(message: str) -> None:
    assert shipped_assistants().writer(ANN, ANN, message) is None


def test_a_setting_adds_an_assistant() -> None:
    more = shipped_assistants().with_names([r"House bot=housebot@corp\.example"])
    assert more.writer("H <housebot@corp.example>", ANN, "x") == "House bot"


def test_a_bad_expression_is_refused_in_a_sentence() -> None:
    with pytest.raises(SettingsError, match="no regular expression"):
        shipped_assistants().with_names(["(("])


@pytest.mark.parametrize(
    "note", [b"", b"free text", b"a.py\n  s 1\n---\nno json", b'---\n{"other": 1}', b"\xff\xfe"]
)
def test_other_notes_say_nothing(note: bytes) -> None:
    assert read_note(note) is None
