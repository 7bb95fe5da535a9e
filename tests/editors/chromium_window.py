"""A real VS Code: code-server, shown by a Chromium without a screen."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tests.editors.places import CHROMIUM, CODE_SERVER, NODE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

PATIENCE_S = 180.0
"""How long anything may take on a busy machine; nothing waits longer than it must."""

SETTINGS: dict[str, Any] = {
    "workbench.startupEditor": "none",
    "workbench.colorTheme": "Default Dark Modern",
    "window.autoDetectColorScheme": False,
    "workbench.enableExperiments": False,
    "workbench.localHistory.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.tips.enabled": False,
    "telemetry.telemetryLevel": "off",
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "update.mode": "none",
    "chat.disableAIFeatures": True,
    "window.restoreWindows": "none",
    "files.autoSave": "off",
    "files.hotExit": "off",
    "git.enabled": False,
    "editor.hover.delay": 100,
    "editor.minimap.enabled": False,
    "editor.stickyScroll.enabled": False,
    "editor.cursorBlinking": "solid",
    "editor.accessibilitySupport": "off",
    "heatline.scope": "file",
}
"""Nothing moves by itself, nothing asks the network, and every line of a file is scored."""

CHROMIUM_OPTIONS = [
    "--no-sandbox",  # root has no user namespace to put it into
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",  # a container's is often too small
]


def why_no_browser() -> str:
    """Why Chromium can't show pages on this machine, as in a container without shared memory; empty when it can."""
    command = [str(CHROMIUM), "--headless", *CHROMIUM_OPTIONS, "--dump-dom", "about:blank"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return f"Chromium shows no page within {PATIENCE_S:.0f} s"
    return "" if "<html>" in done.stdout else f"Chromium can't show a page: {done.stderr.strip()[-300:]}"


class CodeServer:
    """One server with its own user data and extensions folder, and the browser that shows it."""

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        extension: Path | None,
        settings: dict[str, Any] | None = None,
        trusts_all: bool = True,
        options: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        # VSCODE_CLI: as if started in a terminal.  Else it takes PATH from a login shell, which knows nothing of ours.
        self._environment = environment | {
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "VSCODE_CLI": "1",
        }
        self._extension = extension
        self._settings = SETTINGS | (settings or {})
        self._options = [*options, *(["--disable-workspace-trust"] if trusts_all else [])]
        self._process: subprocess.Popen[bytes] | None = None
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self.port = 0

    def __enter__(self) -> CodeServer:
        from playwright.sync_api import sync_playwright

        user = self.folder / "data/User"
        user.mkdir(parents=True)
        self.settings_file = user / "settings.json"
        self.settings_file.write_text(json.dumps(self._settings), "utf-8")
        if self._extension is not None:
            self._run_once(["--install-extension", str(self._extension)])
        try:
            self._start()
            self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=CHROMIUM_OPTIONS, timeout=PATIENCE_S * 1000
            )
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
        if self._process is not None and self._process.poll() is None:
            # Its own process group: the extension hosts and language servers go with it.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def page(self, **options: Any) -> Page:
        """An empty page; ``options`` are those of a browser context."""
        assert self._browser is not None
        context = self._browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        context.set_default_timeout(PATIENCE_S * 1000)
        return context.new_page()

    def address(self, workspace: Path, payload: list[list[str]]) -> str:
        query = urllib.parse.urlencode({"folder": str(workspace), "payload": json.dumps(payload)})
        return f"http://127.0.0.1:{self.port}/?{query}"

    def remote(self, path: Path) -> str:
        """The address by which the page knows a file of this machine."""
        return f"vscode-remote://127.0.0.1:{self.port}{path}"

    def open(self, workspace: Path, file: str, **options: Any) -> Page:
        """A window that shows ``file`` of ``workspace``."""
        page = self.page(**options)
        page.goto(self.address(workspace, [["openFile", self.remote(workspace / file)]]))
        page.wait_for_selector(".monaco-editor .view-lines .view-line")
        return page

    def processes_running(self, words: str) -> list[int]:
        """The numbers of this server's processes whose command line holds ``words``."""
        assert self._process is not None
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                own = os.getsid(int(folder.name)) == self._process.pid
            except OSError:  # it has ended meanwhile
                continue
            if own and words in line:
                found.append(int(folder.name))
        return found

    def _arguments(self) -> list[str]:
        data = self.folder / "data"
        return [
            str(NODE),
            str(CODE_SERVER),
            *("--user-data-dir", str(data)),
            *("--extensions-dir", str(self.folder / "extensions")),
            *("--config", str(self.folder / "config.yaml")),
        ]

    def _run_once(self, arguments: list[str]) -> None:
        done = subprocess.run(
            [*self._arguments(), *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _start(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                self._spawn()  # also when another program took the port in between
            assert time.monotonic() < deadline, (self.folder / "server.log").read_text("utf-8")
            time.sleep(0.1)

    def _spawn(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._arguments(),
                    *("--auth", "none", "--bind-addr", f"127.0.0.1:{self.port}"),
                    *("--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"),
                    *("--reconnection-grace-time", "20"),  # a closed window's language server ends soon
                    *self._options,
                ],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
