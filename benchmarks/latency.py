"""How long an edit takes until its diagnostics are there again, through a real server and its real pipes.

    python benchmarks/latency.py [--supervisor NAME]… [--part PART]… [--keystrokes N] [--out docs/benchmarks-latency.md]

For each supervisor, in one run: a key pressed at the end of a function of 400 tokens, in its middle, and in one
function of a file of 5,000 lines; each from the edit to the diagnostics of its version, without the debounce, and
its ratio to scoring the file from scratch.  Then hovers while a file of 5,000 lines is being scored, the memory of
the server and its worker with ten open files (proportional set size, so that shared pages count once), and the
processor time of both while nothing happens.  Writes Markdown to --out and the same figures as JSON beside it.
Linux only: memory and processor time are read from /proc.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent.parent / "examples"
LINES, FUNCTION_TOKENS, OPEN_FILES, IDLE_SECONDS = 5_000, 400, 10, 20.0
REST_SECONDS = 4.0
WARM_UP, PATIENCE = 5, 600.0
PARTS = ("function", "large", "memory")
SERVE = [sys.executable, "-c", "from heatline.cli import main; main()", "serve", "--stdio"]
TARGETS = {
    "smollm2-135m": {"end": 30.0, "memory": 250.0},
    "qwen2.5-coder-0.5b": {"end": 60.0, "memory": 450.0},
}
HOVER_TARGET = 20.0
_FIGURES = ("end", "middle", "large", "hover", "memory_mb", "memory_after_large_mb")


def compile_modules() -> None:
    """Compiles Heatline's modules, as installing it does: from a source tree each start may do so anew."""
    import heatline

    compileall.compile_dir(Path(heatline.__file__).parent, quiet=1)


class Editor:
    """A client over stdin and stdout that notes when each message came."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            SERVE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        self.versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        """Of each document, as it was opened."""
        self._numbers = 0
        self._answers: dict[int, queue.Queue[tuple[float, Any]]] = {}
        self._published: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": None,
                "capabilities": {"general": {"positionEncodings": ["utf-16"]}},
                "initializationOptions": {"debounceMs": 0, "quietMs": 0, "scope": "file"},
            },
        )
        self.tell("initialized", {})

    def open(self, uri: str, text: str) -> None:
        self.versions[uri], self.texts[uri] = 1, text
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def insert(self, uri: str, line: int, character: int, text: str) -> float:
        """Types; returns when."""
        return self._change(uri, line, character, character, text)

    def erase(self, uri: str, line: int, character: int) -> float:
        """Takes one character away; returns when."""
        return self._change(uri, line, character, character + 1, "")

    def _change(self, uri: str, line: int, first: int, last: int, text: str) -> float:
        self.versions[uri] += 1
        start, end = ({"line": line, "character": character} for character in (first, last))
        change = {"range": {"start": start, "end": end}, "text": text}
        document = {"uri": uri, "version": self.versions[uri]}
        started = time.perf_counter()
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        return started

    def complete(self, uri: str, count: Callable[[dict[str, Any]], bool] = lambda params: True) -> float:
        """When the diagnostics of the newest version came."""
        while True:
            came, params = self._published.get(timeout=PATIENCE)
            if params["uri"] == uri and params.get("version") == self.versions[uri] and count(params):
                return came

    def hover(self, uri: str, line: int) -> tuple[float, Any]:
        """Seconds and the answer."""
        started = time.perf_counter()
        position = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 6}}
        came, answer = self.ask("textDocument/hover", position)
        return came - started, answer

    def ask(self, method: str, params: Any) -> tuple[float, Any]:
        self._numbers += 1
        answers: queue.Queue[tuple[float, Any]] = queue.Queue()
        self._answers[self._numbers] = answers
        self._send({"jsonrpc": "2.0", "id": self._numbers, "method": method, "params": params})
        return answers.get(timeout=PATIENCE)

    def tell(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def processes(self) -> list[int]:
        """The server and what it started."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        return found

    def end(self) -> None:
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.process.wait(30)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.split(b":")[1]) if header.lower().startswith(b"content-length") else 0
            while stream.readline().strip():
                pass
            body = stream.read(length)
            came = time.perf_counter()
            message = json.loads(body)
            if message.get("method") == "textDocument/publishDiagnostics":
                self._published.put((came, message["params"]))
            elif "method" in message and "id" in message:  # whatever the server asks, nothing is configured
                items = message["params"].get("items", []) if isinstance(message["params"], dict) else []
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": [None] * len(items) or None})
            elif "id" in message:
                self._answers.pop(message["id"]).put((came, message.get("result")))


def long_file(lines: int, seed: int = 0) -> str:
    """The samples again and again, every declaration under a name of its own."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.py"))]
    parts: list[str] = []
    while sum(part.count("\n") for part in parts) < lines:
        name = f"{seed}_{len(parts)}"
        source = sources[(seed + len(parts)) % len(sources)]
        parts.append(re.sub(r"^(def|class) (\w+)", rf"\1 \2_{name}", source, flags=re.MULTILINE) + "\n\n")
    return "".join(parts)


def function_of(tokens: int, count: Callable[[str], int]) -> str:
    """One function of about so many tokens."""
    lines = ["def settle(accounts, rates, limit):", "    total = 0"]
    while count("\n".join(lines)) < tokens - 12:
        n = len(lines)
        lines.append(f"    for account_{n} in accounts[{n}:]:")
        lines.append(f"        total += account_{n}.balance * rates.get(account_{n}.currency, {n}) - limit")
    return "\n".join([*lines, "    return total", ""])


def typed(editor: Editor, uri: str, line: int, character: int, keystrokes: int) -> list[float]:
    """Milliseconds from each key to the diagnostics of its version; the first few are not counted."""
    times = []
    for number in range(WARM_UP + keystrokes):
        started = editor.insert(uri, line, character + number, "abcdefgh"[number % 8])
        times.append(1000 * (editor.complete(uri) - started))
    return times[WARM_UP:]


def quantiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "p50": statistics.median(ordered),
        "p95": ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))],
        "least": ordered[0],
        "count": len(ordered),
    }


def timed(pids: list[int], type_keys: Callable[[], list[float]]) -> dict[str, Any]:
    """Quantiles of what was measured, and the processor time of server and worker for each key."""
    before = [processor_seconds(pid) for pid in pids]
    times = type_keys()
    spent = [processor_seconds(pid) - busy for pid, busy in zip(pids, before, strict=True)]
    return {**quantiles(times), "processor_ms": [1000 * each / (len(times) + WARM_UP) for each in spent]}


def rest(editor: Editor) -> list[int]:
    """Waits until server and worker have done nothing for some seconds; returns both."""
    busy = -1.0
    while (now := sum(map(processor_seconds, editor.processes()))) - busy > 0.015:
        busy = now
        time.sleep(REST_SECONDS)
    return editor.processes()


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def proportional_set_size(pid: int) -> float:
    """Megabytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def from_scratch(supervisor: str, text: str, rounds: int) -> tuple[float, Callable[[str], int]]:
    """Median milliseconds of scoring a text without anything kept, after one round that loads the model."""
    import heatline

    times = []
    for _ in range(rounds + 1):
        scorer = heatline.load(supervisor, cache=False)
        _ = scorer.engine.sequences
        started = time.perf_counter()
        scorer.score(text, "python")
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times[1:]), lambda code: len(scorer.engine.session.tokenizer.encode(code).ids)


def measure(supervisor: str, keystrokes: int, lines: int, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    import heatline

    with heatline.load(supervisor, cache=False) as scorer:
        tokenizer = scorer.engine.session.tokenizer
        function = function_of(FUNCTION_TOKENS, lambda code: len(tokenizer.encode(code).ids))
        tokens = len(tokenizer.encode(function).ids)
    result: dict[str, Any] = {"supervisor": supervisor, "load_before": os.getloadavg()}
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"HEATLINE_SUPERVISOR": supervisor, "HEATLINE_CACHE": folder}
        editor = Editor(environment)
        if "function" in parts:
            scratch, _ = from_scratch(supervisor, function, 3)
            result |= {"function_tokens": tokens, "scratch_function_ms": scratch}
        small = f"file://{folder}/small.py"
        editor.open(small, function)
        editor.complete(small)
        rows = function.splitlines()
        last, middle = len(rows) - 1, len(rows) // 2
        pids = rest(editor)
        if "function" in parts:
            result["end"] = timed(pids, lambda: typed(editor, small, last, len(rows[last]), keystrokes))
            few = max(keystrokes // 3, 5)
            result["middle"] = timed(pids, lambda: typed(editor, small, middle, len(rows[middle]), few))
        if "memory" in parts:
            result["memory_mb"] = with_open_files(editor, folder, small, last)
            busy = sum(map(processor_seconds, pids))
            time.sleep(IDLE_SECONDS)
            result["idle_processor_share"] = (sum(map(processor_seconds, pids)) - busy) / IDLE_SECONDS
        if "large" in parts:
            result |= in_a_large_file(editor, pids, folder, small, middle, keystrokes, lines)
            result["memory_after_large_mb"] = with_open_files(editor, folder, small, last)
        result["load_after"] = os.getloadavg()
        editor.end()
    return result


def with_open_files(editor: Editor, folder: str, small: str, last: int) -> dict[str, float]:
    """Megabytes of server and worker with so many open files, after a key in one and some rest."""
    for number in range(OPEN_FILES - 1):
        uri = f"file://{folder}/other{number}.py"
        if uri not in editor.versions:
            editor.open(uri, long_file(200, seed=number + 1))
            editor.complete(uri)
    editor.insert(small, last, 0, " ")
    editor.complete(small)
    pids = rest(editor)
    return {name: proportional_set_size(pid) for name, pid in zip(("server", "worker"), pids, strict=False)}


def in_a_large_file(
    editor: Editor, pids: list[int], folder: str, small: str, middle: int, keystrokes: int, lines: int
) -> dict[str, Any]:
    """Hovers while a long file is being scored, and keys in one of its functions afterwards."""
    big = long_file(lines)
    large = f"file://{folder}/large.py"
    started = time.perf_counter()
    editor.open(large, big)
    hovers = []
    while True:  # hovers on the edited file and on this one, until the last of its lines is scored
        seconds, _ = editor.hover(small, middle)
        hovers.append(1000 * seconds)
        seconds, answer = editor.hover(large, big.count("\n") - 3)
        if answer is not None:
            break
        hovers.append(1000 * seconds)
        time.sleep(0.02)
    scored_at = time.perf_counter()
    rest(editor)
    rows = big.splitlines()
    inside = next(i for i in range(len(rows) // 2, len(rows)) if rows[i].startswith("    return"))
    result = {
        "lines": big.count("\n"),
        "hover": quantiles(hovers),
        "scratch_file_ms": 1000 * (scored_at - started),
        "large": timed(pids, lambda: typed(editor, large, inside, len(rows[inside]), keystrokes)),
    }
    editor.tell("textDocument/didClose", {"textDocument": {"uri": large}})
    return result


def markdown(results: list[dict[str, Any]]) -> str:
    rows = [
        "# Latency of the language server",
        "",
        "Made by `python benchmarks/latency.py`, which says what each figure is. Milliseconds unless said otherwise.",
        "",
    ]
    for result in results:
        target = TARGETS.get(result["supervisor"], {})
        scratch, whole = result["scratch_function_ms"], result["scratch_file_ms"]
        memory, later = result["memory_mb"], result["memory_after_large_mb"]
        load = ", ".join(f"{result[name][0]:.1f}" for name in ("load_before", "load_after"))
        rows += [
            f"## {result['supervisor']}",
            "",
            f"{os.cpu_count()} processors; load average before and after: {load}.",
            "",
            "| from a key to its diagnostics | p50 | p95 | least | processor, server + worker | from scratch | ratio |",
            "|---|---|---|---|---|---|---|",
        ]
        labels = {
            "end": f"at the end of a function of {result['function_tokens']} tokens",
            "middle": "in its middle",
            "large": f"in one function of {result['lines']:,} lines",
        }
        for name, label in labels.items():
            row = result[name]
            reference = whole if name == "large" else scratch
            spent = " + ".join(f"{each:.0f}" for each in row["processor_ms"])
            rows.append(
                f"| {label} | {row['p50']:.0f} | {row['p95']:.0f} | {row['least']:.0f} | {spent} "
                f"| {reference:,.0f} | {reference / row['p50']:.1f} × |"
            )
        limit = f" (target {target['end']:.0f})" if target else ""
        most = f" (target {target['memory']:.0f})" if target else ""
        hover = result["hover"]
        rows += [
            "",
            "| | measured |",
            "|---|---|",
            f"| p95 at the end of the function{limit} | {result['end']['p95']:.0f} |",
            f"| hover while {result['lines']:,} lines are scored, p50 / p95 (target {HOVER_TARGET:.0f}) "
            f"| {hover['p50']:.1f} / {hover['p95']:.1f} of {hover['count']} |",
            f"| memory with {OPEN_FILES} open files, server + worker, MB{most} "
            f"| {memory['server']:.0f} + {memory['worker']:.0f} = {sum(memory.values()):.0f} |",
            f"| the same after a file of {result['lines']:,} lines was opened, edited and closed "
            f"| {later['server']:.0f} + {later['worker']:.0f} = {sum(later.values()):.0f} |",
            f"| processor in {IDLE_SECONDS:.0f} s of idling (target 0 %) | {result['idle_processor_share']:.1%} |",
            "",
        ]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--supervisor", action="append")
    parser.add_argument("--keystrokes", type=int, default=60)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument(
        "--part", action="append", choices=PARTS, help="measure this, add it to what --out has"
    )
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    kept = options.out.with_suffix(".json") if options.out else None
    known: dict[str, dict[str, Any]] = {}
    if kept is not None and kept.exists() and tuple(options.part or PARTS) != PARTS:
        known = {result["supervisor"]: result for result in json.loads(kept.read_text(encoding="utf-8"))}
    compile_modules()
    for supervisor in options.supervisor or list(TARGETS):
        found = measure(supervisor, options.keystrokes, options.lines, options.part or PARTS)
        known[supervisor] = known.get(supervisor, {}) | found
    results = [result for result in known.values() if set(_FIGURES) <= result.keys()]
    if kept is not None:
        kept.write_text(json.dumps(list(known.values()), indent=1) + "\n", encoding="utf-8")
    page = markdown(results)
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
