"""How soon VS Code shows heat, and what the extension host does while somebody types; in a real VS Code.

    python benchmarks/vscode.py [--only first-heat|typing] [--seconds N] [--profile FILE]

Needs the editors (``make editors``), the editors extra and the default supervisor; says so where they are missing.
Prints Markdown: from the extension's activation, and from opening the window, to the first heat on the screen, with an
empty and with a filled cache; the processor time of the extension host while keys are typed at 8 a second, with the
extension and without; and what share of it, by V8's sampling profiler, was spent in the extension's own code or
in what that called.  Linux only: processor time is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.editors.chromium_window import CodeServer  # noqa: E402  the project's folder is on the path only now
from tests.editors.extension_host import OPTIONS, HostRun  # noqa: E402
from tests.editors.extension_package import CLIENT, packaged_extension  # noqa: E402
from tests.editors.places import CHROMIUM, CODE_SERVER, NODE  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

SUPERVISOR = "smollm2-135m"
FILE = "intervals.py"
WINDOWS = 3
KEY_MS = 125
TYPED = "    total = sum(right - left for left, right in merged) + len(gaps)\n"
NOTE_FIRST_HEAT = """() => {
  const drawn = (box) => getComputedStyle(box).backgroundColor.startsWith('rgba(230, 159, 0');
  const look = () => {
    if ([...document.querySelectorAll('.view-overlays .cdr')].some(drawn)) window.firstHeat = Date.now();
    else requestAnimationFrame(look);
  };
  look();
}"""
SETTINGS = {"heatline.scope": "file"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["first-heat", "typing"], help="measure only this")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long is typed")
    parser.add_argument(
        "--profile", type=Path, help="where the profile is kept, for VS Code or Chromium to open"
    )
    options = parser.parse_args()
    missing = [str(path) for path in (NODE, CODE_SERVER, CHROMIUM) if not path.exists()]
    if missing:
        print(f"VS Code is not installed ({', '.join(missing)} missing): run make editors.")
        return
    with tempfile.TemporaryDirectory(prefix="heatline-vscode-") as name:
        folder = Path(name)
        extension = packaged_extension(folder)
        workspace = folder / "examples"
        shutil.copytree(ROOT / "examples", workspace)
        environment = _environment(folder)
        print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}.\n")
        if options.only != "typing":
            _first_heat(folder, environment, extension, workspace)
        if options.only != "first-heat":
            _typing(folder, environment, extension, workspace, options.seconds, options.profile)


def _environment(folder: Path) -> dict[str, str]:
    from heatline.supervisor.store import SupervisorStore

    program = folder / "bin/heatline"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m heatline "$@"\n', "utf-8")
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEATLINE_")}
    return kept | {
        "PATH": os.pathsep.join([str(program.parent), os.environ["PATH"]]),
        "HEATLINE_SUPERVISORS": str(SupervisorStore().folder),
        "HEATLINE_SUPERVISOR": SUPERVISOR,
    }


def _first_heat(folder: Path, environment: dict[str, str], extension: Path, workspace: Path) -> None:
    print("| first heat, seconds | from activation | from opening the window |\n|---|---|---|")
    for kind in ("cold", "warm"):
        times = []
        with CodeServer(
            folder / kind, environment | {"HEATLINE_CACHE": str(folder / "cache")}, extension, SETTINGS
        ) as server:
            for _ in range(WINDOWS):
                if kind == "cold":
                    shutil.rmtree(folder / "cache", ignore_errors=True)
                times.append(_one_window(server, workspace))
        cache = "empty cache" if kind == "cold" else "filled cache"
        print(f"| {cache} | {_spread([t for t, _ in times])} | {_spread([t for _, t in times])} |")
    print(f"\nMedian (least to most) of {WINDOWS} windows each; `examples/{FILE}`, {SUPERVISOR}.\n")


def _one_window(server: CodeServer, workspace: Path) -> tuple[float, float]:
    page = server.page()
    opened = time.time()
    page.goto(server.address(workspace, [["openFile", server.remote(workspace / FILE)]]))
    page.evaluate(NOTE_FIRST_HEAT)
    page.wait_for_function("window.firstHeat !== undefined")
    shown: float = page.evaluate("window.firstHeat") / 1000
    activated = _last_activation(server)
    page.context.close()
    while server.processes_running("-m heatline serve"):  # the next window starts its own
        time.sleep(0.2)
    return shown - activated, shown - opened


def _last_activation(server: CodeServer) -> float:
    """When VS Code began to activate the extension, in seconds since 1970, by the extension host's own log."""
    logs = sorted(
        server.folder.glob("data/logs/*/exthost*/remoteexthost.log"), key=lambda log: log.stat().st_mtime
    )
    found = re.findall(
        r"^(\S+ \S+) .*_doActivateExtension heatline\.heatline", logs[-1].read_text(), re.MULTILINE
    )
    return datetime.strptime(found[-1], "%Y-%m-%d %H:%M:%S.%f").astimezone(UTC).timestamp()


def _typing(
    folder: Path,
    environment: dict[str, str],
    extension: Path,
    workspace: Path,
    seconds: float,
    kept: Path | None,
) -> None:
    print("| extension host while 8 keys a second are typed | processor |\n|---|---|")
    for with_it in (False, True):
        place = folder / f"typing-{with_it}"
        exchange = folder / f"exchange-{with_it}"
        exchange.mkdir()
        own = environment | {"HEATLINE_CACHE": str(folder / "cache"), "HEATLINE_PROFILE": str(exchange)}
        installed = extension if with_it else None
        with CodeServer(place, own, installed, SETTINGS, options=OPTIONS) as server:
            run = HostRun(server, CLIENT / "test/host/profile.ts", workspace, FILE)
            used, typed = _type(run.page, server, exchange, seconds, with_it)
            (exchange / "stop").touch()
            run.wait()
        print(f"| {'with' if with_it else 'without'} Heatline | {100 * used / typed:.1f} % of a core |")
        profile = exchange / "typing.cpuprofile"
        if with_it:
            share, functions = _shares(json.loads(profile.read_text("utf-8")))
            print(
                f"| of it in Heatline's code and what that calls, by the profile | {100 * share:.1f} % of a core |"
            )
            print("\nWhere, of the time sampled:\n")
            for name, part in functions:
                print(f"- {100 * part:.2f} %: {name}")
            if kept is not None:
                shutil.copy(profile, kept)


def _type(
    page: Page, server: CodeServer, exchange: Path, seconds: float, with_it: bool
) -> tuple[float, float]:
    """Types at the end of a function; the extension host's processor seconds, and how long it took."""
    page.wait_for_selector(".monaco-editor .view-lines .view-line")
    if with_it:
        page.evaluate(NOTE_FIRST_HEAT)
        page.wait_for_function("window.firstHeat !== undefined")
    while not (exchange / "ready").exists():
        page.wait_for_timeout(100)
    page.locator(".view-line", has_text="def ").first.click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_timeout(3000)
    (host,) = server.processes_running("--type=extensionHost")
    (exchange / "begin").touch()
    used, began = _processor_seconds(host), time.monotonic()
    while time.monotonic() - began < seconds:
        for key in TYPED:
            page.keyboard.press("Enter" if key == "\n" else key)
            page.wait_for_timeout(KEY_MS)
    return _processor_seconds(host) - used, time.monotonic() - began


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _shares(profile: dict[str, Any]) -> tuple[float, list[tuple[str, float]]]:
    """The share of wall time spent in the extension's code or below it, and by the part of it that was called last."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    parent = {child: node["id"] for node in profile["nodes"] for child in node.get("children", [])}
    total, own, parts = 0.0, 0.0, dict[str, float]()
    for sample, delta in zip(profile["samples"], profile["timeDeltas"], strict=True):
        total += delta
        stack, at = [], sample
        while at is not None:
            stack.append(nodes[at]["callFrame"])
            at = parent.get(at)
        if any("heatline.heatline" in frame["url"] for frame in stack):
            own += delta
            name = stack[0]["functionName"] or "(anonymous)"
            where = "Heatline" if "heatline.heatline" in stack[0]["url"] else "VS Code and Node"
            parts[f"`{name}` ({where})"] = parts.get(f"`{name}` ({where})", 0.0) + delta
    ranked = sorted(parts.items(), key=lambda part: -part[1])[:5]
    return own / total, [(name, part / total) for name, part in ranked]


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
