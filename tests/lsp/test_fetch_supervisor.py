"""The command that fetches a supervisor, with a program of the test's own in place of the real one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from heatline.lsp import fetch_supervisor
from tests.lsp.playing import Editor


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what the program does instead of downloading."""

    def does(code: str) -> None:
        register = fetch_supervisor.register
        command = (sys.executable, "-S", "-c", code)
        monkeypatch.setattr(fetch_supervisor, "register", lambda server: register(server, command))

    return does


@pytest.mark.parametrize(
    ("code", "fetched", "message"),
    [
        ("import sys; sys.exit(sys.argv[1] != 'qwen2.5-coder-0.5b')", True, None),
        ("import sys; sys.exit('first\\nNo network.')", False, "No network."),
        ("import os; os._exit(3)", False, "The supervisor could not be fetched. Run `heatline doctor`."),
    ],
)
async def test_a_fetch_ends_in_a_restart_or_a_sentence(
    tmp_path: Path, program: Any, code: str, fetched: bool, message: str | None
) -> None:
    program(code)
    editor = Editor(tmp_path)
    await editor.start()
    answer = await editor.command("heatline.fetchSupervisor", "qwen2.5-coder-0.5b")
    said = [each["message"] for each in editor.waiting("window/showMessage")]
    assert (answer, said) == (
        {"supervisor": "qwen2.5-coder-0.5b", "fetched": fetched},
        [] if message is None else [message],
    )
    assert len(editor.workers) == (2 if fetched else 1)
    await editor.end()


async def test_only_the_catalog_is_fetched_from(tmp_path: Path) -> None:
    editor = Editor(tmp_path)
    await editor.start()
    params = {"command": "heatline.fetchSupervisor", "arguments": ["http://example.org/x"]}
    assert (await editor.error("workspace/executeCommand", params))["code"] == -32602
    await editor.end()


async def test_a_fetch_that_is_cancelled_ends(tmp_path: Path, program: Any) -> None:
    program("import signal; signal.pause()")
    editor = Editor(tmp_path)
    editor.answer["window/workDoneProgress/create"] = lambda params: None
    await editor.start({"window": {"workDoneProgress": True}})
    answer = editor.ask("workspace/executeCommand", {"command": "heatline.fetchSupervisor"})
    begun = await editor.next("$/progress")
    editor.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    assert (await editor.response(answer))["result"]["fetched"] is False
    await editor.end()
