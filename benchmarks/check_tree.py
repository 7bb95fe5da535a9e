"""How fast `heatline check` reads a tree: with nothing kept, all kept, one file changed, and after it was killed.

    python benchmarks/check_tree.py [--supervisor NAME]… [--files N] [--lines N] [--out docs/benchmarks-check.md]

The tree is made of the repository's samples by a seed, every declaration under a name of its own, so that nothing in it
is known from another place.  Each run is a process of its own, from its start to its end: reading the model counts.
The run that is killed is killed when half of the time of a whole one is over; the next one goes on with what the cache
has.  All runs but the first of a supervisor must report the same risks as it did.  Writes Markdown to --out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from latency import long_file

CHECK = [sys.executable, "-c", "from heatline.cli import main; main()", "check", "--isolated", "--no-ignore"]
SUPERVISORS = ("smollm2-135m", "qwen2.5-coder-0.5b")


@dataclass(frozen=True)
class Measured:
    """One run: its seconds, and the lines that were reported in them."""

    name: str
    seconds: float
    lines: int
    risks: dict[str, list[float]]


def make_tree(folder: Path, files: int, lines: int) -> None:
    """Files of about so many lines in folders of ten."""
    for number in range(files):
        path = folder / f"part{number // 10}" / f"file{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(long_file(lines, seed=number), encoding="utf-8")


def check(name: str, tree: Path, environment: dict[str, str]) -> Measured:
    """Checks the tree. Raises CalledProcessError when that fails."""
    started = time.perf_counter()
    done = subprocess.run(
        [*CHECK, "--format", "json", "."], cwd=tree, env=environment, stdout=subprocess.PIPE, check=True
    )
    seconds = time.perf_counter() - started
    report = json.loads(done.stdout)
    risks = {file["path"]: [line["risk"] for line in file["lines"]] for file in report["files"]}
    return Measured(name, seconds, sum(map(len, risks.values())), risks)


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


def measure(supervisor: str, files: int, lines: int) -> list[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        make_tree(tree, files, lines)
        kept, halved = Path(folder) / "kept", Path(folder) / "halved"
        environment = os.environ | {"HEATLINE_SUPERVISOR": supervisor, "HEATLINE_CACHE": str(kept)}
        cold = check("nothing kept", tree, environment)
        cached = check("all kept", tree, environment)
        other = environment | {"HEATLINE_CACHE": str(halved)}
        kill_after(cold.seconds / 2, tree, other)
        resumed = check("after it was killed half-way", tree, other)
        for again in (cached, resumed):
            if again.risks != cold.risks:
                raise SystemExit(f"The run “{again.name}” reports other risks than the first one.")
        changed = tree / "part0" / "file0.py"
        source = changed.read_text(encoding="utf-8")
        changed.write_text(
            f"{source}\n\ndef added(first, second):\n    return first + second\n", encoding="utf-8"
        )
        return [cold, cached, check("one function added", tree, environment), resumed]


def markdown(supervisor: str, runs: list[Measured]) -> str:
    cold = runs[0]
    rows = [
        f"## {supervisor}",
        "",
        f"{len(cold.risks)} files, {cold.lines:,} lines of code; {os.cpu_count()} processors, load average "
        f"{os.getloadavg()[0]:.1f}.",
        "",
        "| run | seconds | lines a second | times as fast as with nothing kept |",
        "|---|---|---|---|",
    ]
    rows += [
        f"| {run.name} | {run.seconds:.1f} | {run.lines / run.seconds:,.0f} | {cold.seconds / run.seconds:.1f} × |"
        for run in runs
    ]
    return "\n".join([*rows, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--supervisor", action="append")
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    pages = [
        "# Speed of heatline check\n\nMade by `python benchmarks/check_tree.py`, which says what each run is.\n"
    ]
    for supervisor in options.supervisor or SUPERVISORS:
        pages.append(markdown(supervisor, measure(supervisor, options.files, options.lines)))
        print(pages[-1], flush=True)
    if options.out:
        options.out.write_text("\n".join(pages), encoding="utf-8")


if __name__ == "__main__":
    main()
