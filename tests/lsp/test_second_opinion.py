"""The command that sends lines to a model: off by default, never in an untrusted workspace, only after "Send"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.playing import Editor
from tests.unit.second_opinion.test_second_opinion import chat_endpoint

URI = "file:///project/a.py"
TEXT = "def f(a):\n    return a\n"
COMMAND = "heatline.secondOpinion"


def options(url: str, **more: Any) -> dict[str, Any]:
    """Everything that has to be set, and a quick server."""
    asked = {"enabled": True, "baseUrl": url, "model": "m"}
    return {"trusted": True, "secondOpinion": asked, "threshold": 0, "debounceMs": 0, "quietMs": 0, **more}


async def scored(editor: Editor, given: dict[str, Any]) -> list[str]:
    """Start, open and score a document; the commands that the server offers."""
    result = await editor.start({}, given)
    editor.open(URI, TEXT)
    await editor.scored(URI)
    return list(result["executeCommandProvider"]["commands"])


def pressing(editor: Editor, title: str | None) -> list[str]:
    """Answer the server's question with a button; what it says is collected."""
    said: list[str] = []

    def answer(params: Any) -> Any:
        said.append(params["message"])
        return None if title is None else {"title": title}

    editor.answer["window/showMessageRequest"] = answer
    return said


async def test_both_opinions_come_after_send(tmp_path: Path) -> None:
    """The question names lines, address and model; the answer has both risks."""
    with chat_endpoint("[0.9, 0.25]") as (url, asked):
        editor = Editor(tmp_path)
        said = pressing(editor, "Send")
        assert COMMAND in await scored(editor, options(url))
        found = await editor.command(COMMAND, URI)
        await editor.end()
    assert [(line["line"], round(line["modelRisk"], 6)) for line in found["lines"]] == [(0, 0.1), (1, 0.75)]
    assert all(0 <= line["risk"] <= 1 for line in found["lines"])
    assert len(asked) == 1
    assert f"Lines 1 to 2 of a.py (23 characters), and nothing else, are sent to {url}" in said[0]


@pytest.mark.parametrize("title", ["Cancel", None])
async def test_nothing_is_sent_without_send(tmp_path: Path, title: str | None) -> None:
    """Cancelled, or closed."""
    with chat_endpoint("[0.9, 0.25]") as (url, asked):
        editor = Editor(tmp_path)
        pressing(editor, title)
        await scored(editor, options(url))
        assert await editor.command(COMMAND, URI) is None
        await editor.end()
        assert not asked


@pytest.mark.parametrize(
    "given",
    [
        {"secondOpinion": {"baseUrl": "http://127.0.0.1:1/v1", "model": "m"}},
        {"trusted": False},
    ],
)
async def test_it_is_not_offered_unless_turned_on_and_trusted(tmp_path: Path, given: dict[str, Any]) -> None:
    """Off by default; and an untrusted workspace can't have it."""
    editor = Editor(tmp_path)
    assert COMMAND not in await scored(editor, options("http://127.0.0.1:1/v1", **given))
    await editor.end()


async def test_an_endpoint_that_fails_is_one_sentence(tmp_path: Path) -> None:
    """No traceback, and no result."""
    with chat_endpoint(404) as (url, _):
        editor = Editor(tmp_path)
        pressing(editor, "Send")
        await scored(editor, options(url))
        assert await editor.command(COMMAND, URI) is None
        messages = [each["message"] for each in editor.waiting("window/showMessage")]
        await editor.end()
    assert any("gave no second opinion: it answered with status 404" in message for message in messages)
