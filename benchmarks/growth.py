"""Whether a keystroke and the memory grow with the file's length, with open documents and with edits.

    python benchmarks/growth.py [--supervisor NAME] [--quick] [--out docs/benchmarks-growth.md]

Through a real server and its pipes, as in latency.py: the median time from a key in one function to the diagnostics of
its version, in files of 100 to 2,000 lines; beside 1 to 16 open files of 100 lines; and hundred by hundred in one
session of 400 edits; each with the memory of server and worker then (proportional set size).  Takes two minutes on two
cores with nothing else to do.  --quick only shows that it works.  Writes Markdown to --out, the same figures as JSON
beside it and a plot in images/.  Linux only.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latency import Editor, compile_modules, long_file, proportional_set_size

IDLE_SECONDS = 3.0
"""After so long the worker has written what it scored, and given back memory."""
FUNCTION = (
    "def settled(accounts, rates):\n    total = 0\n    for account in accounts:\n        total += account\n"
)
AXES = {
    "lines": "lines of the file",
    "documents": "open files",
    "edits": "edits made",
}


@dataclass(frozen=True)
class Sizes:
    """How much is measured: ``keys`` a point, and in the session of ``edits`` one point after each ``batch``."""

    lengths: tuple[int, ...] = (100, 300, 1000, 2000)
    documents: tuple[int, ...] = (1, 4, 16)
    document_lines: int = 100
    keys: int = 20
    edits: int = 400
    batch: int = 100


QUICK = Sizes((40, 80), (1, 2), 40, 4, 20, 10)


def point(editor: Editor, uri: str, keys: int, at: int) -> dict[str, float]:
    """Median milliseconds of keys at the end of the first function, and megabytes afterwards."""
    times = typed_and_erased(editor, uri, FUNCTION.count("\n") - 1, keys)
    memory = sum(proportional_set_size(pid) for pid in editor.processes())
    return {"at": at, "milliseconds": statistics.median(times), "megabytes": memory}


def typed_and_erased(editor: Editor, uri: str, line: int, keys: int) -> list[float]:
    """Milliseconds of keys by which the text doesn't grow: what grows then is not the function's doing."""
    end = len(FUNCTION.splitlines()[line])
    times = []
    for number in range(keys):
        if number % 2 == 0:
            started = editor.insert(uri, line, end, "abcdefgh"[number // 2 % 8])
        else:
            started = editor.erase(uri, line, end)
        times.append(1000 * (editor.complete(uri) - started))
    return times


def opened(editor: Editor, folder: Path, number: int, lines: int) -> str:
    """A file that begins with the function that is typed in; returns when all of it is scored."""
    uri = f"file://{folder}/file{number}.py"
    editor.open(uri, f"{FUNCTION}\n\n{long_file(lines, seed=number)}")
    while not complete(editor, uri):
        time.sleep(0.05)
    return uri


def complete(editor: Editor, uri: str) -> bool:
    """Whether the last line that can be hovered on has been scored."""
    lines = editor.texts[uri].splitlines()
    last = max(number for number, line in enumerate(lines) if len(line.strip()) > 8)
    return editor.hover(uri, last)[1] is not None


def with_length(sizes: Sizes, environment: dict[str, str], folder: Path) -> Iterator[dict[str, float]]:
    for number, lines in enumerate(sizes.lengths):
        editor = Editor(environment)
        uri = opened(editor, folder, number, lines)
        time.sleep(IDLE_SECONDS)
        yield point(editor, uri, sizes.keys, lines)
        editor.end()


def with_documents(sizes: Sizes, environment: dict[str, str], folder: Path) -> Iterator[dict[str, float]]:
    editor = Editor(environment)
    uris = list[str]()
    for count in sizes.documents:
        while len(uris) < count:
            uris.append(opened(editor, folder, 100 + len(uris), sizes.document_lines))
        time.sleep(IDLE_SECONDS)
        yield point(editor, uris[0], sizes.keys, count)
    editor.end()


def with_edits(sizes: Sizes, environment: dict[str, str], folder: Path) -> Iterator[dict[str, float]]:
    editor = Editor(environment)
    uri = opened(editor, folder, 200, sizes.document_lines)
    time.sleep(IDLE_SECONDS)
    for made in range(sizes.batch, sizes.edits + 1, sizes.batch):
        yield point(editor, uri, sizes.batch, made)
    editor.end()


def measure(supervisor: str, sizes: Sizes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = os.environ | {"HEATLINE_SUPERVISOR": supervisor, "HEATLINE_CACHE": f"{folder}/cache"}
        return {
            "supervisor": supervisor,
            "lines": list(with_length(sizes, environment, folder)),
            "documents": list(with_documents(sizes, environment, folder)),
            "edits": list(with_edits(sizes, environment, folder)),
            "load": os.getloadavg()[0],
        }


def markdown(result: dict[str, Any], plot: str) -> str:
    rows = [
        "# Growth",
        "",
        "Made by `python benchmarks/growth.py`, which says what each figure is. "
        f"{result['supervisor']}, {os.cpu_count()} processors, load average {result['load']:.1f} at the end.",
        "",
    ]
    if plot:
        rows += [f"![Milliseconds of a key by file length, open files and edits]({plot})", ""]
    for name, label in AXES.items():
        rows += [f"| {label} | a key, ms | memory, MB |", "|---|---|---|"]
        rows += [
            f"| {each['at']:,} | {each['milliseconds']:.0f} | {each['megabytes']:.0f} |"
            for each in result[name]
        ]
        rows.append("")
    return "\n".join(rows)


def draw(result: dict[str, Any], path: Path) -> bool:
    """Three plots side by side; whether matplotlib is here to do so."""
    if importlib.util.find_spec("matplotlib") is None:
        return False
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "heatline"
    from matplotlib import pyplot

    figure, plots = pyplot.subplots(1, len(AXES), figsize=(9, 2.6), layout="constrained", sharey=True)
    for axes, (name, label) in zip(plots, AXES.items(), strict=True):
        points = [(each["at"], each["milliseconds"]) for each in result[name]]
        axes.plot(*zip(*points, strict=True), marker="o")
        axes.set(xlabel=label, ylim=(0, None))
        axes.grid(alpha=0.3)
    plots[0].set_ylabel("milliseconds of a key")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--supervisor", default="smollm2-135m")
    parser.add_argument("--quick", action="store_true", help="few and small: figures that mean nothing")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    compile_modules()
    result = measure(options.supervisor, QUICK if options.quick else Sizes())
    plot = "images/growth.svg"
    drawn = options.out is not None and draw(result, options.out.parent / plot)
    page = markdown(result, plot if drawn else "")
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")
        options.out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
