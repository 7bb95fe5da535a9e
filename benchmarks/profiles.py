"""Where the time goes: in the model, by kind of operation, and around it, by function.

    python benchmarks/profiles.py [--supervisor NAME]… [--out docs/profiles.md]

For each supervisor, onnxruntime's own profile of the quickest of several runs on one thread: 128 tokens in the middle
of a file, and 16 and 2 tokens as after a key was pressed.  For the default one, Python's profile of `heatline check` of
some files whose features are in the cache, so that no model runs, and what a first import takes.  A profile slows down
what it watches: shares are to be read, not milliseconds.  Writes Markdown to --out.
"""

from __future__ import annotations

import argparse
import collections
import cProfile
import io
import json
import os
import pstats
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from check_tree import CHECK, make_tree
from latency import compile_modules

SUPERVISORS = ("smollm2-135m", "qwen2.5-coder-0.5b")
RUNS = ((384, 128), (512, 16), (512, 2))  # tokens kept, tokens run
ROUNDS, OPERATIONS, FUNCTIONS, MODULES, FILES = 10, 10, 14, 12, 10


def by_operation(supervisor: str, kept: int, run: int, folder: Path) -> tuple[float, dict[str, float]]:
    """Milliseconds of the quickest run, and the share of each kind of operation in it."""
    import onnxruntime

    from heatline.supervisor import session as sessions
    from heatline.supervisor.speed import made_up_ids, run_from_scratch
    from heatline.supervisor.store import SupervisorStore

    class Profiling(onnxruntime.SessionOptions):
        def __init__(self) -> None:
            super().__init__()
            self.enable_profiling = True
            self.profile_file_prefix = str(folder / "profile")

    usual = sessions.ort.SessionOptions
    sessions.ort.SessionOptions = Profiling
    try:
        session = sessions.SupervisorSession(SupervisorStore().bundle(supervisor), threads=1)
    finally:
        sessions.ort.SessionOptions = usual
    cache, ids = session.new_cache(1024), made_up_ids(1024, session.card.vocab_size)
    run_from_scratch(session, cache, ids[:kept])
    for _ in range(ROUNDS):
        cache.length = kept
        session.run(ids[:run], cache)
    events = json.loads(Path(session._session.end_profiling()).read_text(encoding="utf-8"))
    best = min([e for e in events if e["name"] == "model_run"][-ROUNDS:], key=lambda event: event["dur"])
    spent = collections.Counter[str]()
    for event in events:
        inside = best["ts"] <= event["ts"] <= best["ts"] + best["dur"]
        if inside and event.get("cat") == "Node" and event["name"].endswith("kernel_time"):
            spent[event["args"]["op_name"]] += event["dur"]
    shares = {name: each / best["dur"] for name, each in spent.most_common()}
    return best["dur"] / 1000, shares


def operations(supervisor: str, folder: Path) -> list[str]:
    found = [by_operation(supervisor, kept, run, folder) for kept, run in RUNS]
    names = sorted(
        {name for _, shares in found for name in shares}, key=lambda name: -found[0][1].get(name, 0)
    )
    rows = [
        f"## In the model: {supervisor}",
        "",
        "| operation | " + " | ".join(f"{run} tokens after {kept}" for kept, run in RUNS) + " |",
        "|---" * (len(RUNS) + 1) + "|",
    ]
    rows += [
        f"| {name} | " + " | ".join(f"{shares.get(name, 0):.0%}" for _, shares in found) + " |"
        for name in names[:OPERATIONS]
    ]
    others = [sum(shares.get(name, 0) for name in names[OPERATIONS:]) for _, shares in found]
    between = [1 - sum(shares.values()) for _, shares in found]
    rows.append("| other operations | " + " | ".join(f"{each:.0%}" for each in others) + " |")
    rows.append("| between operations | " + " | ".join(f"{each:.0%}" for each in between) + " |")
    rows.append("| the run, ms | " + " | ".join(f"{spent:.1f}" for spent, _ in found) + " |")
    return [*rows, ""]


def cached_check(tree: Path) -> list[str]:
    """Functions of a check of files that were checked before, by the time that each takes itself."""
    from heatline.cli.check_run import CheckRun, Wish
    from heatline.cli.destinations import Format, Order

    wish = Wish(paths=(tree,), orders=(Order(Format.json, tree.parent / "report.json"),), isolated=True)
    CheckRun(wish).once()
    profile = cProfile.Profile()
    run = CheckRun(wish)
    profile.runcall(run.once)
    stats = pstats.Stats(profile, stream=io.StringIO())
    total = stats.total_tt  # type: ignore[attr-defined]
    functions = sorted(stats.stats.items(), key=lambda item: -item[1][2])  # type: ignore[attr-defined]
    lines = sum(path.read_text(encoding="utf-8").count("\n") for path in tree.rglob("*.py"))
    rows = [
        "## Around the model: a check of files that were checked before",
        "",
        f"{FILES} files, {lines:,} lines, a JSON report with every token; {total:.2f} s under the profile.",
        "",
        "| function | calls | its own time |",
        "|---|---|---|",
    ]
    for (file, _, name), (_, calls, own, _, _) in functions[:FUNCTIONS]:
        rows.append(f"| {_place(file)} `{name}` | {calls:,} | {own / total:.0%} |")
    return [*rows, ""]


def imports(tree: Path) -> list[str]:
    """What importing takes in such a check, by package."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *CHECK[1:], "--format", "json", str(tree)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    spent = collections.Counter[str]()
    for line in done.stderr.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if line.startswith("import time:") and parts[0].strip().isdigit():
            package = parts[2].strip().split(".")[0]
            spent[package if package in _KNOWN else "the standard library and others"] += int(parts[0])
    total = sum(spent.values())
    rows = [
        "## Importing, in the same check",
        "",
        "| package | share of the time that imports take |",
        "|---|---|",
        *(f"| {name} | {each / total:.0%} |" for name, each in spent.most_common(MODULES)),
        f"| all, ms under the profile | {total / 1000:.0f} |",
        "",
    ]
    return rows


_KNOWN = (
    "heatline", "numpy", "rich", "typer", "pydantic", "pathspec", "tree_sitter", "tokenizers", "safetensors",
    "platformdirs", "onnxruntime",
)  # fmt: skip


def _place(file: str) -> str:
    path = Path(file)
    if "heatline" in path.parts:
        return "/".join(path.parts[path.parts.index("heatline") + 1 :])
    return "" if file == "~" else path.stem


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--supervisor", action="append")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    compile_modules()
    rows = [
        "# Where the time goes",
        "",
        "Made by `make profile` (`python benchmarks/profiles.py`), which says how; "
        f"numpy {np.__version__}, load average {os.getloadavg()[0]:.1f}.",
        "",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for supervisor in options.supervisor or SUPERVISORS:
            rows += operations(supervisor, folder)
        os.environ["HEATLINE_CACHE"] = str(folder / "cache")
        make_tree(folder / "tree", FILES, 100)
        rows += cached_check(folder / "tree")
        rows += imports(folder / "tree")
    page = "\n".join(rows)
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
