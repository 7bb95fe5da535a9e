"""What the extension runs, and doesn't, in a folder that isn't trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.chromium_window import CodeServer
from tests.editors.vscode_version import vscode_version

editor = vscode_version
pytestmark = pytest.mark.editor

MARK = "started.txt"


def test_nothing_that_an_untrusted_folder_could_bring_is_started(
    extension: Path, served_environment: dict[str, str], tmp_path: Path
) -> None:
    """Neither the folder's ``heatline.path`` nor a program on PATH runs: the extension says so, and offers its own."""
    workspace = tmp_path / "cloned"
    (workspace / ".vscode").mkdir(parents=True)
    (workspace / "sample.py").write_text("x = 1\n", "utf-8")
    evil = workspace / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path / MARK}\n", "utf-8")
    evil.chmod(0o755)
    (workspace / ".vscode/settings.json").write_text(f'{{"heatline.path": "{evil}"}}', "utf-8")
    settings = {"security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never"}
    with CodeServer(tmp_path / "vscode", served_environment, extension, settings, trusts_all=False) as server:
        page = server.open(workspace, "sample.py")
        toast = page.locator(".notification-toast", has_text="This folder isn't trusted")
        toast.first.wait_for()
        assert not (tmp_path / MARK).exists()
        assert not server.processes_running("heatline.cli")
