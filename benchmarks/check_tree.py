"""How fast `heatline check` reads a tree: with nothing kept, all kept, one file changed, and after it was killed.

    python benchmarks/check_tree.py [--supervisor NAME]… [--files N] [--lines N] [--copies N]
                                    [--tree FOLDER] [--out docs/benchmarks-check.md]

The tree is made of the repository's samples by a seed, every declaration under a name of its own, so that nothing in it
is known from another place.  Each run is a process of its own, from its start to its end: reading the model counts.
All report JSON with every token, but one of those with all kept, which writes what a person sees; these two are run
three times, and the median counts.  With --copies one more run reads so many copies of the tree, all kept (copies share
their rows of the cache): what a check of a large tree takes, every file looked up and reported, without the time that
it takes to score one.  The run that is killed is killed when half of the time of a whole one is over; the next one goes
on with what the cache has.  --tree measures the Python files of a real repository instead, with nothing kept and with
all kept alone.  All runs of the tree that report JSON must report the same risks.  Speeds are compared in
lines a second.  Writes Markdown to --out, the same figures as JSON beside it; with --supervisor only these are
measured, and added to what --out has.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from latency import compile_modules, long_file

CHECK = [sys.executable, "-c", "from heatline.cli import main; main()", "check", "--isolated", "--no-ignore"]
SUPERVISORS = ("smollm2-135m", "qwen2.5-coder-0.5b")
ROUNDS = 3
SHOWN = "all kept, for a person"
LARGE = 100_000  # lines of a repository that one would call large


@dataclass(frozen=True)
class Measured:
    """One run: its seconds, the lines that were reported in them, and the most memory it had."""

    name: str
    seconds: float
    lines: int
    risks: dict[str, list[float]]
    megabytes: float


def make_tree(folder: Path, files: int, lines: int) -> None:
    """Files of about so many lines in folders of ten."""
    for number in range(files):
        path = folder / f"part{number // 10}" / f"file{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(long_file(lines, seed=number), encoding="utf-8")


def check(name: str, tree: Path, environment: dict[str, str]) -> Measured:
    """Checks the tree. Raises SystemExit when that fails.

    Started by a new process: the peak of a check counts from that of the process that starts it, and this one has read
    reports.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        return apart.submit(_check, name, tree, environment).result()


def _check(name: str, tree: Path, environment: dict[str, str]) -> Measured:
    started = time.perf_counter()
    process = subprocess.Popen(
        [*CHECK, "--format", "json", "."], cwd=tree, env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    written = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"heatline check ended with {process.returncode}.")
    risks = {file["path"]: [line["risk"] for line in file["lines"]] for file in json.loads(written)["files"]}
    return Measured(name, seconds, sum(map(len, risks.values())), risks, used.ru_maxrss / 1024)


def again(name: str, first: Measured, tree: Path, environment: dict[str, str]) -> Measured:
    """The median run of several. Raises SystemExit when one reports other risks than the ``first`` did."""
    runs = sorted((check(name, tree, environment) for _ in range(ROUNDS)), key=lambda run: run.seconds)
    for run in runs:
        must_agree(run, first)
    return runs[len(runs) // 2]


def must_agree(run: Measured, first: Measured) -> None:
    if run.risks != first.risks:
        raise SystemExit(f"The run “{run.name}” reports other risks than the first one.")


def shown(name: str, first: Measured, tree: Path, environment: dict[str, str]) -> Measured:
    """The median time of checks that write what a person sees."""
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        seconds, most = apart.submit(_shown, tree, environment).result()
    return Measured(name, seconds, first.lines, {}, most)


def _shown(tree: Path, environment: dict[str, str]) -> tuple[float, float]:
    times, most = [], 0.0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        process = subprocess.Popen([*CHECK, "."], cwd=tree, env=environment, stdout=subprocess.DEVNULL)
        _, _, used = os.wait4(process.pid, 0)
        times.append(time.perf_counter() - started)
        process.returncode, most = 0, max(most, used.ru_maxrss / 1024)
    return statistics.median(times), most


def kill_after(seconds: float, tree: Path, environment: dict[str, str]) -> None:
    """Checks the tree for so long and no longer."""
    process = subprocess.Popen(
        [*CHECK, "--format", "json", "."], cwd=tree, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def copy_tree(source: Path, folder: Path) -> None:
    """The Python files alone. Raises SystemExit where there are none."""
    for path in sorted(source.rglob("*.py")):
        copied = folder / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
    if not folder.exists():
        raise SystemExit(f"There are no Python files in {source}. Name a folder of them with --tree.")


def measure_real(supervisor: str, source: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / source.name
        copy_tree(source, tree)
        environment = os.environ | {
            "HEATLINE_SUPERVISOR": supervisor,
            "HEATLINE_CACHE": str(Path(folder) / "kept"),
        }
        load = os.getloadavg()[0]
        cold = check("nothing kept", tree, environment)
        runs = [
            cold,
            again("all kept", cold, tree, environment),
            shown(SHOWN, cold, tree, environment),
        ]
        return summary(cold, runs, load) | {"tree": source.name}


def measure(supervisor: str, files: int, lines: int, copies: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        make_tree(tree, files, lines)
        kept, halved = Path(folder) / "kept", Path(folder) / "halved"
        environment = os.environ | {"HEATLINE_SUPERVISOR": supervisor, "HEATLINE_CACHE": str(kept)}
        load = os.getloadavg()[0]
        cold = check("nothing kept", tree, environment)
        cached = again("all kept", cold, tree, environment)
        seen = shown(SHOWN, cold, tree, environment)
        other = environment | {"HEATLINE_CACHE": str(halved)}
        kill_after(cold.seconds / 2, tree, other)
        resumed = check("after it was killed half-way", tree, other)
        must_agree(resumed, cold)
        changed = tree / "part0" / "file0.py"
        source = changed.read_text(encoding="utf-8")
        changed.write_text(
            f"{source}\n\ndef added(first, second):\n    return first + second\n", encoding="utf-8"
        )
        runs = [cold, cached, seen, check("one function added", tree, environment), resumed]
        if copies:
            many = Path(folder) / "copies"
            for number in range(copies):
                shutil.copytree(tree, many / f"copy{number}")
            runs.append(check(f"all kept, {copies} copies of the tree", many, environment))
        return summary(cold, runs, load)


def summary(cold: Measured, runs: list[Measured], load: float) -> dict[str, Any]:
    return {
        "files": len(cold.risks),
        "load": load,
        "runs": [
            {"name": run.name, "seconds": run.seconds, "lines": run.lines, "megabytes": run.megabytes}
            for run in runs
        ],
    }


def markdown(results: dict[str, dict[str, Any]]) -> str:
    rows = [
        "# Speed of heatline check",
        "",
        "Made by `python benchmarks/check_tree.py`, which says what each run is. All runs of a supervisor reported the "
        f"same risks. {os.cpu_count()} processors.",
        "",
    ]
    for name, result in results.items():
        cold = result["runs"][0]
        rows += [
            f"## {name}",
            "",
            f"{result['files']} files, {cold['lines']:,} lines of code; load average before {result['load']:.1f}.",
            "",
            "| run | seconds | lines | lines a second | times as fast as with nothing kept | most memory, MB |",
            "|---|---|---|---|---|---|",
        ]
        rows += [
            f"| {run['name']} | {run['seconds']:.2f} | {run['lines']:,} | {run['lines'] / run['seconds']:,.0f} "
            f"| {run['lines'] / run['seconds'] * cold['seconds'] / cold['lines']:.1f} × | {run['megabytes']:.0f} |"
            for run in result["runs"]
        ]
        if "tree" in result:
            rows += [""]
            continue
        known = [run for run in result["runs"] if run["name"].startswith("all kept") and run["name"] != SHOWN]
        most = max(known, key=lambda run: run["lines"])  # the larger, the less does starting count
        first, kept = (LARGE / (run["lines"] / run["seconds"]) for run in (cold, most))
        rows += [
            "",
            f"At these speeds {LARGE:,} lines would take {first / 60:.0f} minutes with nothing kept and {kept:.0f} s "
            "with all of it kept; that is reckoned, not measured.",
            "",
        ]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--supervisor", action="append")
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--tree", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    kept = options.out.with_suffix(".json") if options.out else None
    results: dict[str, dict[str, Any]] = {}
    if options.supervisor and kept is not None and kept.exists():
        results = json.loads(kept.read_text(encoding="utf-8"))
    compile_modules()
    for supervisor in options.supervisor or SUPERVISORS:
        if options.tree:
            results[f"{supervisor}, {'/'.join(options.tree.parts[-2:])}"] = measure_real(
                supervisor, options.tree
            )
        else:
            results[supervisor] = measure(supervisor, options.files, options.lines, options.copies)
    page = markdown(results)
    print(page)
    if options.out and kept is not None:
        options.out.write_text(page, encoding="utf-8")
        kept.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
