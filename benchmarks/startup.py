"""How soon Heatline answers when it is started, and in how much memory: each figure is of whole processes.

    python benchmarks/startup.py [--supervisor NAME]… [--rounds N] [--out docs/benchmarks-startup.md]

For each supervisor: `heatline check` of one file of about 100 lines with nothing kept, and with its features in the
cache, when the model isn't loaded (seconds and the most memory the process had); and a language server, from the moment
its process is started to the first diagnostics of such a file, with nothing kept and from a warm feature cache.
"Cold" means that processes and features are new; the supervisor's files have been read before, as after a first use,
and Heatline's modules are compiled, as pip compiles them.  The processor time of a server and its worker until then,
together, stands beside its seconds.
Medians of several rounds, the least beside them.  Writes Markdown to --out, the same figures as JSON beside it.
Linux only: the most memory is read with wait4.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from latency import Editor, compile_modules, long_file, processor_seconds

HEATLINE = [sys.executable, "-c", "from heatline.cli import main; main()"]
LINES, ROUNDS = 100, 3
TARGETS = {
    "smollm2-135m": {"memory": 220, "server cold": 2.0, "server warm": 0.6},
    "qwen2.5-coder-0.5b": {"memory": 420, "server cold": 4.0, "server warm": 0.6},
}


def hundred_lines() -> str:
    """Whole functions, of as many lines as fit in a hundred."""
    text = long_file(LINES)
    lines = text.splitlines(keepends=True)
    ends = [i for i in range(1, min(len(lines), LINES) + 1) if i == len(lines) or lines[i][:1] not in " \n"]
    return "".join(lines[: max(ends)])


def check(path: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and megabytes of one `heatline check`. Raises SystemExit when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*HEATLINE, "check", "--isolated", "--format", "json", str(path)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"heatline check ended with {process.returncode}.")
    return time.perf_counter() - started, used.ru_maxrss / 1024


def command(words: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run([*HEATLINE, *words], env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def serve(path: Path, text: str, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds from the start of a server to the diagnostics of a whole file, and of processor time."""
    uri = f"file://{path}"
    started = time.perf_counter()
    editor = Editor(environment)
    editor.open(uri, text)
    came = editor.complete(uri)
    busy = sum(map(processor_seconds, editor.processes()))
    editor.end()
    return came - started, busy


def measure(supervisor: str, rounds: int) -> dict[str, Any]:
    text = hundred_lines()
    times: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sample.py"
            path.write_text(text, encoding="utf-8")
            environment = os.environ | {"HEATLINE_SUPERVISOR": supervisor, "HEATLINE_CACHE": folder}
            for name in ("check cold", "check cached"):
                seconds, megabytes = check(path, environment)
                times.setdefault(name, []).append(seconds)
                memory.setdefault(name, []).append(megabytes)
            times.setdefault("help", []).append(command(["--help"], environment))
            served = environment | {"HEATLINE_CACHE": f"{folder}/served"}
            for name in ("server cold", "server warm"):
                seconds, busy = serve(path, text, served)
                times.setdefault(name, []).append(seconds)
                processor.setdefault(name, []).append(busy)
    return {
        "lines": text.count("\n"),
        "seconds": {
            name: {"median": statistics.median(each), "least": min(each)} for name, each in times.items()
        },
        "processor": {name: statistics.median(each) for name, each in processor.items()},
        "megabytes": {name: max(each) for name, each in memory.items()},
        "load": os.getloadavg()[0],
        "rounds": rounds,
    }


def markdown(results: dict[str, dict[str, Any]]) -> str:
    rows = [
        "# Startup",
        "",
        "Made by `python benchmarks/startup.py`, which says what each figure is: seconds, the median and in brackets "
        f"the least. {os.cpu_count()} processors.",
        "",
    ]
    labels = {
        "help": "`heatline --help`",
        "check cold": "`heatline check`, nothing kept",
        "check cached": "`heatline check`, the file's features in the cache: no model is loaded",
        "server cold": "server: start to first diagnostics, nothing kept",
        "server warm": "server: start to first diagnostics, features in the cache",
    }
    for supervisor, result in results.items():
        target = TARGETS.get(supervisor, {})
        rows += [
            f"## {supervisor}",
            "",
            f"A file of {result['lines']} lines; {result['rounds']} rounds, load average {result['load']:.1f} at the "
            "end.",
            "",
            "| | seconds | target | processor, s | most memory, MB | target |",
            "|---|---|---|---|---|---|",
        ]
        for name, label in labels.items():
            seconds = result["seconds"][name]
            wanted = f"{target[name]:.1f}" if name in target else ""
            most = f"{result['megabytes'][name]:.0f}" if name in result["megabytes"] else ""
            limit = f"{target['memory']}" if name == "check cold" and target else ""
            busy = f"{result['processor'][name]:.2f}" if name in result.get("processor", {}) else ""
            rows.append(
                f"| {label} | {seconds['median']:.2f} ({seconds['least']:.2f}) | {wanted} | {busy} | {most} | {limit} |"
            )
        rows.append("")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--supervisor", action="append")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    kept = options.out.with_suffix(".json") if options.out else None
    results: dict[str, dict[str, Any]] = {}
    if options.supervisor and kept is not None and kept.exists():
        results = json.loads(kept.read_text(encoding="utf-8"))
    compile_modules()
    for supervisor in options.supervisor or list(TARGETS):
        results[supervisor] = measure(supervisor, options.rounds)
    page = markdown(results)
    print(page)
    if options.out and kept is not None:
        options.out.write_text(page, encoding="utf-8")
        kept.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
