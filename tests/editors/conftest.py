"""What every editor's test needs, and the report at the end: editor, version, checks."""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import heatline
from tests.editors.chromium_window import CodeServer, why_no_browser
from tests.editors.extension_package import packaged_extension
from tests.editors.places import CHROMIUM, CODE_SERVER, NODE
from tests.lsp.environment import serving_environment
from tests.tiny import edit_card

FAILED = pytest.StashKey[bool]()
"""Kept with a test that failed."""

SELECTING = ("HEATLINE_SUPERVISORS", "HEATLINE_SUPERVISOR", "HEATLINE_PROBE", "HEATLINE_CACHE")


@pytest.fixture(scope="session")
def served_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which ``heatline serve`` uses a tiny supervisor; ``heatline`` is on the PATH."""
    folder = tmp_path_factory.mktemp("supervisor")
    environment = serving_environment(folder)
    # Its random logits lie far below zero; so moved and stretched they fall into every bucket.
    edit_card(
        Path(environment["HEATLINE_PROBE"]),
        calibrators={
            level: {"kind": "platt", "slope": 1.5, "intercept": intercept, "base_rate": 0.9}
            for level, intercept in (("token", 7.5), ("line", 9.5), ("scope", 9.5))
        },
    )
    programs = folder / "bin"
    programs.mkdir()
    command = programs / "heatline"
    command.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from heatline.cli import main; main()" "$@"\n', "utf-8"
    )
    command.chmod(0o755)
    return environment | {"PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}


@pytest.fixture(scope="session")
def scorer(served_environment: dict[str, str]) -> Iterator[heatline.Scorer]:
    """The Python API with the supervisor and probe that the server uses."""
    with pytest.MonkeyPatch.context() as patch:
        for name in SELECTING:
            patch.setenv(name, served_environment[name])
        loaded = heatline.load(cache=False)
    with loaded:
        yield loaded


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packed extension (.vsix), made from today's sources."""
    for needed in (NODE, CODE_SERVER, CHROMIUM):
        if not needed.exists():
            pytest.skip(f"VS Code isn't installed ({needed} is missing): run tests/editors/install.sh vscode")
    pytest.importorskip("playwright", reason="needs the editors extra: pip install -e '.[editors]'")
    why = why_no_browser()
    if why:
        pytest.skip(why)
    return packaged_extension(tmp_path_factory.mktemp("vsix"))


@pytest.fixture(scope="module")
def code_server(
    extension: Path, served_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CodeServer]:
    """A real VS Code with the extension, in which windows are opened; all folders are trusted."""
    with CodeServer(tmp_path_factory.mktemp("vscode"), served_environment, extension) as started:
        yield started


class EditorReport:
    """Collects what was checked in which editor: a test module's ``editor`` says which one it drives."""

    def __init__(self) -> None:
        self.checks: dict[str, list[tuple[str, str]]] = defaultdict(list)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        outcome = yield
        report = outcome.get_result()  # type: ignore[attr-defined]
        if item.get_closest_marker("editor") is None:
            return
        if report.failed:
            item.stash[FAILED] = True
        editor = item.module.editor  # type: ignore[attr-defined]
        name = item.name.removeprefix("test_").replace("_", " ")
        name = re.sub(r"in the extension host\[(.*)\]$", r"extension host: \1", name)
        name = re.sub(r"\[(.*)\]$", r" (\1)", name)
        if report.when == "call" or report.outcome != "passed":
            why = f": {report.longrepr[2]}" if report.skipped and isinstance(report.longrepr, tuple) else ""
            self.checks[editor()].append((report.outcome, name + why))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for editor, checks in self.checks.items():
            terminalreporter.section(editor)
            for outcome, name in checks:
                mark = {"passed": "ok", "skipped": "skipped"}.get(outcome, "FAILED")
                terminalreporter.write_line(f"  {mark:8}{name}")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(EditorReport(), "heatline-editor-report")
