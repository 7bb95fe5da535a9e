"""Sessions as different clients hold them: what they declare, what they send, and what they never answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.playing import Editor, document, span
from tests.lsp.playing_clients import CLIENTS, EMACS, NEOVIM, URI, VSCODE, diagnostics, ranges
from tests.lsp.test_committed_texts import git


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The capabilities of one kind of client."""
    return CLIENTS[request.param]


async def test_diagnostics_reach_every_client_one_way_only(editor: Editor, client: dict[str, Any]) -> None:
    await editor.start(client)
    editor.open(URI, "x = bad\n")
    assert await ranges(editor, client, 1) == [span(0, 0, 0, 7)]
    pushed = editor.waiting("textDocument/publishDiagnostics")
    assert not (pushed and client is VSCODE)


async def test_positions_are_in_the_clients_units(editor: Editor, client: dict[str, Any]) -> None:
    """An emoji is two units of UTF-16, four of UTF-8 and one of UTF-32; a combining mark counts too."""
    await editor.start(client)
    first = client["general"]["positionEncodings"][0]
    line = "e\u0301😋 = bad"
    size = {"utf-8": 3 + 4 + 6, "utf-16": 2 + 2 + 6, "utf-32": 2 + 1 + 6}[first]
    editor.open(URI, f"{line}\n")
    assert await ranges(editor, client, 1) == [span(0, 0, 0, size)]
    editor.edit(URI, 2, "!", 0, size)
    editor.edit(URI, 3, "", 0, size, 0, size + 1)
    assert await ranges(editor, client, 3) == [span(0, 0, 0, size)]


async def test_a_client_that_answers_nothing_holds_nothing_up(editor: Editor, client: dict[str, Any]) -> None:
    await editor.start(client)
    editor.open(URI, "x = bad\n")
    assert len(await diagnostics(editor, client, 1)) == 1
    assert "workspace/configuration" in editor.asked


async def test_what_the_client_answers_to_configuration_holds(editor: Editor, client: dict[str, Any]) -> None:
    editor.answer["workspace/configuration"] = lambda params: [{"threshold": 0.7} for _ in params["items"]]
    await editor.start(client)
    await editor.next("workspace/configuration")
    editor.open(URI, "x = bad\ny = worse\n")
    await editor.scored(URI)
    assert await ranges(editor, client, 1) == [span(1, 0, 1, 9)]


@pytest.mark.parametrize("answer", [None, [], [None], {"x": 1}, [3], "nonsense"])
async def test_an_odd_answer_to_configuration_changes_nothing(editor: Editor, answer: Any) -> None:
    editor.answer["workspace/configuration"] = lambda params: answer
    await editor.start(EMACS)
    editor.open(URI, "x = bad\n")
    assert len(await editor.published(1)) == 1


async def test_configuration_and_files_are_watched_where_they_can_be(editor: Editor) -> None:
    await editor.start(VSCODE)
    registered = (await editor.next("client/registerCapability"))["registrations"]
    assert [each["method"] for each in registered] == [
        "workspace/didChangeConfiguration",
        "workspace/didChangeWatchedFiles",
    ]
    globs = [each["globPattern"] for each in registered[1]["registerOptions"]["watchers"]]
    assert globs == ["**/heatline.toml", "**/pyproject.toml", "**/.git/HEAD", "**/.git/logs/HEAD"]


async def test_a_changed_project_file_holds_at_once(editor: Editor, tmp_path: Path) -> None:
    await editor.start(EMACS, folders=[tmp_path])
    uri = (tmp_path / "a.py").as_uri()
    editor.open(uri, "x = bad\n")
    assert len(await editor.published(1, uri)) == 1
    file = tmp_path / "heatline.toml"
    file.write_text("threshold = 0.7\n")
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": file.as_uri(), "type": 1}]})
    assert await editor.published(1, uri) == []


async def test_excluded_generated_and_prose_documents_are_left_alone_with_a_reason(
    editor: Editor, tmp_path: Path
) -> None:
    await editor.start(EMACS, {"exclude": ["old/"]}, [tmp_path])
    for name, language in (("old/a.py", "python"), ("a_pb2.py", "python"), ("a.md", "markdown")):
        editor.open((tmp_path / name).as_uri(), "x = bad\n", language)
    said = [(await editor.next("window/logMessage"))["message"] for _ in range(3)]
    assert said == [
        "Heatline does not score a.py: it is excluded by “old/”.",
        "Heatline does not score a_pb2.py: it is generated (its name ends in _pb2.py).",
        "Heatline does not score a.md: it is markdown, which is no program.",
    ]


async def test_a_change_of_the_workers_settings_starts_a_new_one(editor: Editor) -> None:
    await editor.start(EMACS)
    editor.open(URI, "x = bad\n")
    await editor.published(1)
    editor.notify(
        "workspace/didChangeConfiguration", {"settings": {"heatline": {"scope": "file", "threads": 1}}}
    )
    await editor.scored(URI)
    assert len(editor.workers) == 2


async def test_a_line_that_is_typed_on_is_flagged_when_it_is_quiet(editor: Editor) -> None:
    await editor.start(EMACS, {"quietMs": 100})
    editor.open(URI, "x = 1\ny = worse\n")
    assert [each["range"] for each in await editor.published(1)] == [span(1, 0, 1, 9)]
    editor.edit(URI, 2, "bad", 0, 4, 0, 5)
    assert [each["range"] for each in await editor.published(2)] == [span(1, 0, 1, 9)]
    assert [each["range"] for each in await editor.published(2)] == [span(0, 0, 0, 7), span(1, 0, 1, 9)]


async def test_a_client_that_pulls_but_cannot_be_refreshed_is_pushed_what_a_toggle_changes(
    editor: Editor,
) -> None:
    """Neovim 0.11 would keep what it pulled last."""
    capabilities = await editor.start(NEOVIM)
    assert "diagnosticProvider" not in capabilities
    editor.open(URI, "x = bad\n")
    (scaled,) = await editor.published(1)
    assert await editor.command("heatline.toggleScaling") == "unscaled"
    (unscaled,) = await editor.published(1)
    assert scaled["message"].startswith("risk")
    assert unscaled["message"].startswith("unscaled risk")


async def test_changed_lines_are_those_since_head(editor: Editor, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    path = tmp_path / "a.py"
    path.write_text("x = bad\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "first")
    await editor.start(EMACS, {"scope": "changes"}, [tmp_path])
    editor.open(path.as_uri(), "x = bad\ny = worse\n")
    assert [each["range"] for each in await editor.published(1, path.as_uri())] == [span(1, 0, 1, 9)]
    path.write_text("x = bad\ny = worse\n")
    git(tmp_path, "commit", "-q", "-a", "-m", "second")
    editor.notify("textDocument/didSave", document(path.as_uri()))
    assert await editor.published(1, path.as_uri()) == []


async def test_loading_the_model_shows_as_progress(editor: Editor) -> None:
    editor.answer["window/workDoneProgress/create"] = lambda params: None
    await editor.start(NEOVIM)
    editor.worker.held = True
    editor.open(URI, "x = bad\n")
    begun = await editor.next("$/progress")
    assert begun["value"] == {"kind": "begin", "title": "Heatline: loading the model", "cancellable": False}
    assert (await editor.next("$/progress"))["value"] == {"kind": "end"}


async def test_traces_name_what_was_done_and_never_hold_code(editor: Editor) -> None:
    await editor.start(EMACS)
    editor.notify("$/setTrace", {"value": "verbose"})
    editor.open(URI, "secret = bad\n")
    traced = await editor.next("$/logTrace")
    assert traced["message"].startswith("scored a document in ")
    assert "secret" not in json.dumps(traced)
