"""What is asked of the workspace as a whole: changed files, open or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.playing import Editor, span
from tests.lsp.playing_clients import EMACS, VSCODE
from tests.lsp.test_committed_texts import git


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


async def test_without_an_answer_no_progress_is_shown(editor: Editor, repository: Path) -> None:
    editor.answer["window/workDoneProgress/create"] = lambda params: None
    await editor.start({**EMACS, "window": {"workDoneProgress": False}}, {"scope": "changes"}, [repository])
    await editor.request("heatline/riskyLines", {})
    assert editor.waiting("$/progress") == []
