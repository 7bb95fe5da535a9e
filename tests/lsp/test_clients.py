"""Sessions as different clients hold them: what they declare, what they send, and what they never answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.lsp.playing import Editor, document, span
from tests.lsp.test_committed_texts import git

URI = "file:///nowhere/sample.py"
RISKS = {"bad": 0.6, "worse": 0.8}

VSCODE: dict[str, Any] = {
    "workspace": {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceFolders": True,
        "diagnostics": {"refreshSupport": True},
        "codeLens": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
    },
    "textDocument": {"diagnostic": {"dynamicRegistration": True, "relatedDocumentSupport": True}},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "general": {"positionEncodings": ["utf-16"]},
    "notebookDocument": {"synchronization": {}},
    "experimental": {"heatlineHeat": True, "heatlineStatus": True},
}
NEOVIM: dict[str, Any] = {
    "workspace": {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": False},
        "didChangeWatchedFiles": {"dynamicRegistration": False},
    },
    "textDocument": {"diagnostic": {"dynamicRegistration": False}},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
}
EMACS: dict[str, Any] = {
    "workspace": {"configuration": True, "didChangeWatchedFiles": {"dynamicRegistration": True}},
    "textDocument": {"publishDiagnostics": {"versionSupport": True}},
    "general": {"positionEncodings": ["utf-32", "utf-8", "utf-16"]},
}
CLIENTS = {"vscode": VSCODE, "neovim": NEOVIM, "emacs": EMACS}


@pytest_asyncio.fixture
async def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Editor]:
    monkeypatch.setenv("HEATLINE_STATE", str(tmp_path / "state"))
    started = Editor(tmp_path, RISKS)
    yield started
    await started.end()


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The capabilities of one kind of client."""
    return CLIENTS[request.param]


async def diagnostics(editor: Editor, client: dict[str, Any], version: int, uri: str = URI) -> list[Any]:
    """A version's diagnostics, the way this client gets them."""
    if client is VSCODE:
        items: list[Any] = (await editor.request("textDocument/diagnostic", document(uri)))["items"]
        return items
    return await editor.published(version, uri)


async def ranges(editor: Editor, client: dict[str, Any], version: int) -> list[Any]:
    return [each["range"] for each in await diagnostics(editor, client, version)]


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


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A changed file that is committed, a new one, and one without changes."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.py").write_text("x = 1\n")
    (folder / "same.py").write_text("z = bad\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    (folder / "a.py").write_text("x = 1\ny = bad\n")
    (folder / "new.py").write_text("y = worse\n")
    return folder


async def test_workspace_diagnostics_come_file_by_file_and_then_wait(
    editor: Editor, repository: Path
) -> None:
    await editor.start(VSCODE, {"scope": "changes"}, [repository])
    params: dict[str, Any] = {"previousResultIds": [], "partialResultToken": "part"}
    answer = editor.ask("workspace/diagnostic", params)
    reports = [
        (await editor.next("$/progress", lambda p: p["token"] == "part"))["value"]["items"] for _ in "ab"
    ]
    found = {item["uri"].rsplit("/", 1)[-1]: item for items in reports for item in items}
    assert {name: [each["range"] for each in item["items"]] for name, item in found.items()} == {
        "a.py": [span(1, 0, 1, 7)],
        "new.py": [span(0, 0, 0, 9)],
    }
    assert (await editor.response(answer))["result"] == {"items": []}
    known = [{"uri": item["uri"], "value": item["resultId"]} for item in found.values()]
    waiting = editor.ask("workspace/diagnostic", {**params, "previousResultIds": known})
    (repository / "new.py").write_text("y = 1\n")
    changes = [{"uri": (repository / "new.py").as_uri(), "type": 2}]
    editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    update = await editor.next("$/progress", lambda p: p["token"] == "part")
    assert [item["items"] for item in update["value"]["items"]] == [[]]
    assert (await editor.response(waiting))["result"] == {"items": []}


async def test_risky_lines_of_the_workspace_are_those_of_open_and_changed_files(
    editor: Editor, repository: Path
) -> None:
    await editor.start(EMACS, {"scope": "changes"}, [repository])
    opened = (repository / "a.py").as_uri()
    editor.open(opened, "x = 1\ny = bad\n")
    await editor.scored(opened)
    answer = await editor.request("heatline/riskyLines", {})
    assert [(f["uri"], f["version"], [line["text"] for line in f["lines"]]) for f in answer["files"]] == [
        ((repository / "new.py").as_uri(), None, ["y = worse"]),
        (opened, 1, ["y = bad"]),
    ]


async def test_a_scanned_file_is_not_scored_twice(editor: Editor, repository: Path) -> None:
    await editor.start(EMACS, {"scope": "changes"}, [repository])
    first = await editor.request("heatline/riskyLines", {})
    asked = len(editor.worker.jobs)
    assert await editor.request("heatline/riskyLines", {}) == first
    assert len(editor.worker.jobs) == asked == 2


async def test_a_long_scan_shows_its_progress(editor: Editor, repository: Path) -> None:
    editor.answer["window/workDoneProgress/create"] = lambda params: None
    await editor.start(VSCODE, {"scope": "changes"}, [repository])
    await editor.request("heatline/riskyLines", {"workDoneToken": "bar"})
    values = [p["value"] for p in editor.waiting("$/progress") if p["token"] == "bar"]
    assert [value["kind"] for value in values] == ["begin", "report", "report", "end"]
    assert values[0] == {
        "kind": "begin",
        "title": "Heatline: changed files",
        "cancellable": True,
        "percentage": 0,
    }


async def test_loading_the_model_shows_as_progress(editor: Editor) -> None:
    editor.answer["window/workDoneProgress/create"] = lambda params: None
    await editor.start(NEOVIM)
    editor.worker.held = True
    editor.open(URI, "x = bad\n")
    begun = await editor.next("$/progress")
    assert begun["value"] == {"kind": "begin", "title": "Heatline: loading the model", "cancellable": False}
    assert (await editor.next("$/progress"))["value"] == {"kind": "end"}


async def test_without_an_answer_no_progress_is_shown(editor: Editor, repository: Path) -> None:
    editor.answer["window/workDoneProgress/create"] = lambda params: None
    await editor.start({**EMACS, "window": {"workDoneProgress": False}}, {"scope": "changes"}, [repository])
    await editor.request("heatline/riskyLines", {})
    assert editor.waiting("$/progress") == []


async def test_cells_of_a_notebook_are_documents_without_their_magics(editor: Editor) -> None:
    await editor.start(VSCODE)
    cells = [
        ("one", "python", "%pip install bad\nx = bad\n"),
        ("two", "markdown", "# bad\n"),
        ("three", "python", "%%bash\nbad\n"),
    ]
    uris = [f"vscode-notebook-cell:/n.ipynb#{name}" for name, _, _ in cells]
    notebook = {
        "uri": "file:///n.ipynb",
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": [
            {"kind": 1 if language == "markdown" else 2, "document": uri}
            for uri, (_, language, _) in zip(uris, cells, strict=True)
        ],
    }
    documents = [
        {"uri": uri, "languageId": language, "version": 1, "text": text}
        for uri, (_, language, text) in zip(uris, cells, strict=True)
    ]
    editor.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": documents})
    found = [[each["range"] for each in await diagnostics(editor, VSCODE, 1, uri)] for uri in uris]
    assert found == [[span(1, 0, 1, 7)], [], []]
    change = {
        "textContent": [
            {
                "document": {"uri": uris[0], "version": 2},
                "changes": [{"range": span(1, 4, 1, 7), "text": "worse"}],
            }
        ]
    }
    editor.notify(
        "notebookDocument/didChange",
        {"notebookDocument": {"uri": "file:///n.ipynb", "version": 2}, "change": {"cells": change}},
    )
    assert [each["range"] for each in await diagnostics(editor, VSCODE, 2, uris[0])] == [span(1, 0, 1, 9)]
    editor.notify(
        "notebookDocument/didClose",
        {"notebookDocument": {"uri": "file:///n.ipynb"}, "cellTextDocuments": [{"uri": uri} for uri in uris]},
    )
    assert await diagnostics(editor, VSCODE, 2, uris[0]) == []


async def test_traces_name_what_was_done_and_never_hold_code(editor: Editor) -> None:
    await editor.start(EMACS)
    editor.notify("$/setTrace", {"value": "verbose"})
    editor.open(URI, "secret = bad\n")
    traced = await editor.next("$/logTrace")
    assert traced["message"].startswith("scored a document in ")
    assert "secret" not in json.dumps(traced)


# What no client should send


BAD_EDITS: list[tuple[str, tuple[int, ...]]] = [
    ("a", (99, 0)),
    ("a", (0, 999)),
    ("a", (99, 99, 0, 0)),
    ("a", (1, 0, 0, 0)),
    ("\ud83d", (0, 0)),
    ("\r", (0, 1)),
    ("\f\u2028", (0, 2)),
    ("\ufeff", (0, 0)),
    ("\t \t", (0, 0)),
]


@pytest.mark.parametrize(("text", "place"), BAD_EDITS)
async def test_an_edit_out_of_range_or_of_odd_characters_is_survived(
    editor: Editor, client: dict[str, Any], text: str, place: tuple[int, ...]
) -> None:
    """What the document holds then is that of ``tests/property/test_documents.py``'s reference."""
    await editor.start(client)
    editor.open(URI, "a = 1\nb = 2\n")
    editor.edit(URI, 2, text, *place)
    editor.edit(URI, 3, "x = bad\n")
    assert await ranges(editor, client, 3) == [span(0, 0, 0, 7)]


@pytest.mark.parametrize(
    "text", ["a = bad\rb = worse\r", "\ufeffa = bad\n\tb = worse\n", "a = bad\r\nb = worse"]
)
async def test_every_line_end_and_a_byte_order_mark_are_understood(
    editor: Editor, client: dict[str, Any], text: str
) -> None:
    await editor.start(client)
    editor.open(URI, text)
    assert [each["start"]["line"] for each in await ranges(editor, client, 1)] == [0, 1]


@pytest.mark.parametrize("versions", [(3, 2, 1), (2, 2, 2), (0, 0, 5)])
async def test_versions_out_of_order_or_repeated_leave_the_newest_text(
    editor: Editor, client: dict[str, Any], versions: tuple[int, ...]
) -> None:
    await editor.start(client)
    editor.open(URI, "x = 1\n")
    for version, word in zip(versions, ("worse", "1", "bad"), strict=True):
        editor.edit(URI, version, f"yy = {word}\n")
    await editor.scored(URI)
    shown = editor.server.display.latest(URI)
    assert shown is not None
    assert (shown.scored.document.version, [shown.text_of(flag) for flag in shown.flags]) == (
        versions[-1],
        ["yy = bad"],
    )


async def test_a_document_may_be_closed_while_it_is_scored(editor: Editor, client: dict[str, Any]) -> None:
    await editor.start(client)
    editor.worker.held = True
    editor.open(URI, "x = bad\n")
    editor.notify("textDocument/didClose", document(URI))
    editor.worker.held = False
    editor.worker.release()
    editor.open(URI, "y = 1\nx = bad\n")
    assert await ranges(editor, client, 1) == [span(1, 0, 1, 7)]


async def test_a_document_opened_twice_has_the_second_text(editor: Editor, client: dict[str, Any]) -> None:
    await editor.start(client)
    editor.open(URI, "x = bad\n")
    editor.open(URI, "y = 1\nx = bad\n", version=2)
    assert await ranges(editor, client, 2) == [span(1, 0, 1, 7)]


async def test_edits_and_closes_of_what_is_not_open_are_ignored(
    editor: Editor, client: dict[str, Any]
) -> None:
    await editor.start(client)
    editor.edit("file:///never.py", 2, "x", 0, 0)
    editor.notify("textDocument/didClose", document("file:///never.py"))
    editor.open(URI, "x = bad\n")
    assert len(await diagnostics(editor, client, 1)) == 1


async def test_one_line_of_a_megabyte_is_left_alone(editor: Editor, client: dict[str, Any]) -> None:
    await editor.start(client)
    editor.open(URI, "x = '" + "a" * 990_000 + "'\n")
    assert "looks minified" in (await editor.next("window/logMessage"))["message"]
    if client is VSCODE:
        assert await diagnostics(editor, client, 1) == []


async def test_ten_thousand_lines_are_scored(editor: Editor) -> None:
    await editor.start(EMACS)
    editor.open(URI, "x = 1\n" * 9_999 + "y = bad\n")
    assert [each["range"] for each in await editor.published(1)] == [span(9_999, 0, 9_999, 7)]


async def test_an_unknown_language_is_scored(editor: Editor, client: dict[str, Any]) -> None:
    await editor.start(client)
    editor.open("file:///nowhere/a.klingon", "x = bad\n", "klingon")
    assert len(await diagnostics(editor, client, 1, "file:///nowhere/a.klingon")) == 1


async def test_unknown_methods_are_refused_or_ignored(editor: Editor) -> None:
    await editor.start(EMACS)
    assert (await editor.error("heatline/nonsense", {"a": [1]}))["code"] == -32601
    assert (await editor.error("textDocument/nonsense", None))["code"] == -32601
    editor.notify("heatline/nonsense", {"a": 1})
    editor.notify("$/nonsense", None)
    editor.open(URI, "x = bad\n")
    assert len(await editor.published(1)) == 1


@pytest.mark.parametrize("params", [None, [], {"textDocument": 3}, {"textDocument": {"uri": URI}}, "text"])
async def test_malformed_params_are_answered_with_an_error(editor: Editor, params: Any) -> None:
    await editor.start(EMACS)
    assert (await editor.error("textDocument/hover", params))["code"] == -32602
    editor.open(URI, "x = bad\n")
    assert len(await editor.published(1)) == 1


@pytest.mark.parametrize("params", [None, 3, {}, {"textDocument": {"uri": 3}, "ranges": 3}])
async def test_malformed_notifications_are_survived(editor: Editor, params: Any) -> None:
    await editor.start(EMACS)
    editor.notify("heatline/inserted", params)
    editor.open(URI, "x = bad\n")
    assert len(await editor.published(1)) == 1


def test_a_client_that_is_killed_takes_the_server_with_it(served_environment: dict[str, str]) -> None:
    """The end of the input is the end of the server, in the middle of a message too."""
    from tests.lsp.sessions import SERVE

    with subprocess.Popen(
        SERVE,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=served_environment,
    ) as server:
        assert server.stdin is not None
        server.stdin.write(b'Content-Length: 90\r\n\r\n{"jsonrpc": "2.0", ')
        server.stdin.close()
        assert server.wait(120) is not None
