"""Tokens a second of the supervisors, against what else runs the same weights, and against what the machine can do.

    python benchmarks/throughput.py [--supervisor NAME]… [--weights FOLDER] [--part PART]… [--out docs/benchmarks.md]

Heatline's engine at 64 to 4,096 tokens and for suffixes of 1, 16 and 64 tokens after 512 others; its own graph in fp32;
transformers in fp32 and bf16, with all layers and cut to the probed one; llama.cpp.  Every contender is a process of
its own and takes turns with Heatline, so that a ratio is always of one run.  Then the machine's measured peak of 8-bit
and bf16 products and its memory bandwidth, and the engine's share of them.  Contenders need their packages (torch and
transformers with gguf and accelerate; xllamacpp or llama-cpp-python) and the weights' GGUF file, the one that was
pulled or one in --weights; what is missing is left out and said.  Medians of several rounds after a warm-up.  Writes
Markdown to --out, the same figures as JSON beside it and a plot in images/; with --part only these are measured, and
added to what --out has.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096)
SUFFIXES = (1, 16, 64)
PREFIX = 512  # tokens before a suffix, and what contenders are compared at
TURNS, ROUNDS = 2, 3
BINDINGS = {
    "llama_cpp": "llama-cpp-python",
    "xllamacpp": "xllamacpp",
}  # module, package; the first there is taken
LENGTHS_PART, MACHINE_PART, LLAMA_PART = "lengths", "machine", "llama.cpp"
PARTS = (
    LENGTHS_PART, "the same graph, fp32", "transformers bf16, the same layers", "transformers bf16",
    "transformers fp32, the same layers", "transformers fp32", LLAMA_PART, MACHINE_PART,
)  # fmt: skip
PAGES = Path(__file__).parent.parent / "docs"
FILES = {
    "smollm2-135m": "SmolLM2-135M-Instruct.Q4_1.gguf",
    "qwen2.5-coder-0.5b": "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
}


def median_seconds(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    run()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def token_ids(count: int, vocabulary: int) -> np.ndarray:
    return np.random.default_rng(0).integers(100, min(vocabulary, 40_000), count).astype(np.int32)


def ours(supervisor: str, threads: int, lengths: tuple[int, ...] = (PREFIX,)) -> dict[str, float]:
    """Tokens a second of whole sequences, in the runs that serving makes; milliseconds of suffixes."""
    from heatline.supervisor.session import CHUNK, SupervisorSession
    from heatline.supervisor.store import SupervisorStore

    session = SupervisorSession(SupervisorStore().bundle(supervisor), threads)
    cache = session.new_cache(1100)

    def sequences(ids: np.ndarray) -> None:
        for first in range(0, len(ids), 1024):
            part = ids[first : first + 1024]
            cache.length = 0
            for start in range(0, len(part), CHUNK):
                session.run(part[start : start + CHUNK], cache)

    found = {}
    for length in lengths:
        ids = token_ids(length, session.card.vocab_size)
        found[str(length)] = length / median_seconds(lambda ids=ids: sequences(ids))
    prefix = token_ids(PREFIX, session.card.vocab_size)
    sequences(prefix)

    def suffix(count: int) -> None:
        cache.length = PREFIX
        session.run(prefix[:count], cache)

    for count in SUFFIXES:
        found[f"suffix {count}"] = 1000 * median_seconds(lambda count=count: suffix(count), 15)
    return found


def fp32(supervisor: str, threads: int, weights: Path) -> dict[str, float]:
    """The same graph and layers, nothing quantised; and how far the shipped one's hidden states are from it."""
    from heatline.supervisor.session import SupervisorSession
    from heatline.supervisor.store import SupervisorStore

    quantised = SupervisorSession(SupervisorStore().bundle(supervisor), threads)
    with tempfile.TemporaryDirectory() as folder:
        exact = SupervisorSession(
            SupervisorStore(Path(folder)).build(supervisor, weights, quantised.card.layers, precision="fp32"),
            threads,
        )
        text = "\n".join(
            path.read_text() for path in sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
        )
        ids = quantised.tokenizer.encode(text).ids[:PREFIX]
        sequence = np.concatenate([np.asarray([quantised.card.sink_token_id], np.int32), ids[: PREFIX - 1]])
        hidden = [s.run(sequence, s.new_cache(PREFIX + 8))[1:] for s in (quantised, exact)]
        error = np.linalg.norm(hidden[0] - hidden[1], axis=1) / np.linalg.norm(hidden[1], axis=1)
        cache = exact.new_cache(PREFIX + 8)

        def run() -> None:
            cache.length = 0
            exact.run(sequence, cache)

        return {str(PREFIX): PREFIX / median_seconds(run), "relative error": float(np.median(error))}


def transformers(weights: Path, threads: int, layers: int, dtype: str) -> dict[str, float]:
    """`layers` 0 keeps them all."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(
        str(weights.parent), gguf_file=weights.name, dtype=getattr(torch, dtype)
    ).model
    if layers:
        model.layers = model.layers[:layers]
    model.eval()
    ids = torch.from_numpy(token_ids(PREFIX, model.config.vocab_size).astype(np.int64))[None]
    with torch.inference_mode():
        return {str(PREFIX): PREFIX / median_seconds(lambda: model(ids, use_cache=True))}


def llama_cpp(weights: Path, threads: int) -> dict[str, float]:
    """Prompt evaluation of all layers, by whichever binding is installed."""
    if importlib.util.find_spec("llama_cpp") is not None:
        from llama_cpp import Llama

        model = Llama(
            str(weights), n_ctx=1024, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        ids = token_ids(PREFIX, model.n_vocab()).tolist()

        def run() -> None:
            model.reset()
            model.eval(ids)

        return {str(PREFIX): PREFIX / median_seconds(run)}
    import xllamacpp as xlc

    parameters = xlc.CommonParams()
    parameters.model.path = str(weights)
    parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = 1024, 512, 512
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.n_parallel = 1
    server = xlc.Server(parameters)
    speeds = []
    for number in range(ROUNDS + 1):
        ids = np.roll(
            token_ids(PREFIX, 40_000), number + 1
        ).tolist()  # another prompt: nothing is kept of the last
        answer = server.handle_completions(
            {"prompt": ids, "n_predict": 1, "cache_prompt": False, "temperature": 0}
        )
        speeds.append(float(answer["timings"]["prompt_per_second"]))
    return {str(PREFIX): statistics.median(speeds[1:])}


def llama_binding() -> str:
    """Which binding `llama_cpp` takes, and its version."""
    for module, package in BINDINGS.items():
        if importlib.util.find_spec(module) is not None:
            return f"{package} {importlib.metadata.version(package)}"
    return "none"


def machine(threads: int) -> dict[str, float]:
    """Peak of 8-bit and bf16 products (10⁹ multiply-adds a second) and memory bandwidth (GB/s), by torch."""
    import torch

    torch.set_num_threads(threads)
    size = 2048
    found = {}
    left, right = torch.randn(size, size).bfloat16(), torch.randn(size, size).bfloat16()
    found["bf16"] = size**3 / median_seconds(lambda: left @ right, 7) / 1e9
    a = torch.randint(-127, 127, (size, size), dtype=torch.int8)
    b = torch.randint(-127, 127, (size, size), dtype=torch.int8)
    found["int8"] = size**3 / median_seconds(lambda: torch._int_mm(a, b), 7) / 1e9
    block = torch.zeros(64 * 1024 * 1024 // 4)
    other = torch.empty_like(block)
    found["bandwidth"] = 2 * block.nbytes / median_seconds(lambda: other.copy_(block), 7) / 1e9
    return found


def products_per_token(supervisor: str) -> float:
    """Multiply-adds of one token's linear layers, counted once (the split activations of the engine do more)."""
    import onnx

    from heatline.supervisor.card import BundleCard
    from heatline.supervisor.store import SupervisorStore

    bundle = SupervisorStore().bundle(supervisor)
    graph = onnx.load(str(bundle / "graph.onnx"), load_external_data=False).graph
    assert BundleCard.read(bundle).precision == "int8"
    return float(sum(np.prod(t.dims) for t in graph.initializer if t.name.endswith(".q")))


CONTENDERS: dict[str, Callable[..., dict[str, float]]] = {
    "ours": ours, "fp32": fp32, "transformers": transformers, "llama_cpp": llama_cpp, "machine": machine,
}  # fmt: skip


def apart(name: str, *arguments: object) -> dict[str, float] | str:
    """One contender in a process of its own; why it can't run, where it can't."""
    words = json.dumps([str(a) if isinstance(a, Path) else a for a in arguments])
    threads = next((str(a) for a in arguments if isinstance(a, int)), "1")
    done = subprocess.run(
        [sys.executable, __file__, "--one", name, words],
        capture_output=True, text=True, check=False,
        env=os.environ | {"OMP_NUM_THREADS": threads, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["stopped without a word"])[-1][:200]
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def one(name: str, words: str) -> None:
    arguments = [Path(a) if isinstance(a, str) and a.endswith(".gguf") else a for a in json.loads(words)]
    if name == "ours" and len(arguments) > 2:
        arguments[2] = tuple(arguments[2])
    print(json.dumps(CONTENDERS[name](*arguments)))


def rivals(supervisor: str, layers: int, weights: Path, threads: int) -> dict[str, tuple[object, ...]]:
    """What each rival's process is told."""
    return {
        "the same graph, fp32": ("fp32", supervisor, threads, weights),
        "transformers bf16, the same layers": ("transformers", weights, threads, layers, "bfloat16"),
        "transformers bf16": ("transformers", weights, threads, 0, "bfloat16"),
        "transformers fp32, the same layers": ("transformers", weights, threads, layers, "float32"),
        "transformers fp32": ("transformers", weights, threads, 0, "float32"),
        LLAMA_PART: ("llama_cpp", weights, threads),
    }


def beside(supervisor: str, told: tuple[object, ...], threads: int) -> dict[str, Any]:
    """The better of a rival's turns and of Heatline's between them: what else ran only ever slows one down."""
    kind, *arguments = told
    speeds, own, more = [], [], dict[str, float]()
    for _ in range(TURNS):
        ours_now = apart("ours", supervisor, threads)
        found = apart(str(kind), *arguments)
        if isinstance(found, str) or isinstance(ours_now, str):
            return {"absent": str(found if isinstance(found, str) else ours_now)}
        speeds.append(found.pop(str(PREFIX)))
        own.append(ours_now[str(PREFIX)])
        more = found
    return {"speed": max(speeds), "heatline": max(own), "load": os.getloadavg()[0], **more}


def weights_of(supervisor: str, folder: Path | None) -> Path:
    """The GGUF file in ``folder``, or the one that was pulled; it need not be there."""
    from heatline.supervisor.store import SupervisorStore

    return (
        folder / FILES[supervisor] if folder else SupervisorStore().folder / "weights" / f"{supervisor}.gguf"
    )


def measure(supervisor: str, weights: Path, threads: int, parts: Sequence[str]) -> dict[str, Any]:
    from heatline.supervisor.card import BundleCard
    from heatline.supervisor.store import SupervisorStore

    layers = BundleCard.read(SupervisorStore().bundle(supervisor)).layers
    result: dict[str, Any] = {
        "layers": layers,
        "threads": threads,
        "products_per_token": products_per_token(supervisor),
        "rivals": {},
    }
    if LENGTHS_PART in parts:
        result["lengths"] = apart("ours", supervisor, threads, list(LENGTHS))
        result["lengths_load"] = os.getloadavg()[0]
    if weights.is_file():
        for name, told in rivals(supervisor, layers, weights, threads).items():
            if name in parts:
                result["rivals"][name] = beside(supervisor, told, threads)
                if name == LLAMA_PART:
                    result["rivals"][name]["build"] = llama_binding()
                print(f"{supervisor}, {name}: {result['rivals'][name]}", file=sys.stderr, flush=True)
    return result


def joined(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What was known of a supervisor, and what was measured now in place of it."""
    return known | new | {"rivals": known.get("rivals", {}) | new["rivals"]}


def markdown(
    results: dict[str, dict[str, Any]], peak: dict[str, float] | str | None, plot: str, folder: Path
) -> str:
    rows = [
        "# Throughput",
        "",
        "Made by `python benchmarks/throughput.py`, which says what each figure is; the better of "
        f"{TURNS} turns, each the median of {ROUNDS} rounds. {_processor()}, {os.cpu_count()} processors: "
        f"{_features()}. Other pages: {_others(folder)}.",
        "",
    ]
    if isinstance(peak, dict):
        rows += [
            f"Measured peaks: {peak['int8']:,.0f} (8 bits) and {peak['bf16']:,.0f} (bf16) 10⁹ multiply-adds a second; "
            f"{peak['bandwidth']:.0f} GB/s.",
            "",
        ]
    if plot:
        rows += [f"![Tokens a second by the sequence's length]({plot})", ""]
    for supervisor, result in results.items():
        rows += [
            f"## {supervisor}",
            "",
            f"{result['threads']} threads, {result['layers']} layers; {PREFIX} tokens from scratch. Each line is a run "
            "of its own, in which Heatline and the other took turns. Where the load average was above the number of "
            "processors, other work took part of them.",
            "",
            "| | tokens a second | Heatline beside it | Heatline is | load average |",
            "|---|---|---|---|---|",
        ]
        for part, found in result["rivals"].items():
            name = f"{part} ({found['build']})" if "build" in found else part
            if "absent" in found:
                rows.append(f"| {name} | not measured: {found['absent']} | | | |")
            else:
                own, speed = found["heatline"], found["speed"]
                rows.append(
                    f"| {name} | {speed:,.0f} | {own:,.0f} | {own / speed:.2f} × | {found['load']:.1f} |"
                )
        lengths = result.get("lengths")
        if isinstance(lengths, dict):
            rows += _own_speeds(lengths, result, peak)
        exact = result["rivals"].get("the same graph, fp32", {})
        if "relative error" in exact:
            rows.append(
                f"Median relative error of a hidden state against fp32: {exact['relative error']:.1%}."
            )
        rows.append("")
    return "\n".join(rows)


def _own_speeds(
    lengths: dict[str, float], result: dict[str, Any], peak: dict[str, float] | str | None
) -> list[str]:
    head = [str(n) for n in LENGTHS if str(n) in lengths]
    suffixes = "; ".join(f"{n} more {lengths[f'suffix {n}']:.1f} ms" for n in SUFFIXES)
    rows = [
        "",
        "| tokens | " + " | ".join(f"{int(n):,}" for n in head) + " |",
        "|---" * (len(head) + 1) + "|",
        "| tokens a second | " + " | ".join(f"{lengths[n]:,.0f}" for n in head) + " |",
        "",
        f"After {PREFIX} tokens: {suffixes}. Load average {result['lengths_load']:.1f}.",
    ]
    if isinstance(peak, dict):
        needed = lengths[str(PREFIX)] * result["products_per_token"] / 1e9
        rows.append(
            f"The linear layers alone need {needed:,.0f} · 10⁹ multiply-adds a second at that speed: "
            f"{needed / peak['int8']:.0%} of the measured 8-bit peak, or twice that, as most inputs are two parts."
        )
    return rows


def _others(folder: Path) -> str:
    """Links to the other pages of figures that are there."""
    found = [*sorted(folder.glob("benchmarks-*.md")), *folder.glob("profiles.md")]
    return ", ".join(f"[{page.stem.removeprefix('benchmarks-')}]({page.name})" for page in found)


def _processor() -> str:
    from heatline.supervisor.processor import processor_name

    return processor_name()


def _features() -> str:
    from heatline.supervisor.processor import integer_features

    return ", ".join(integer_features() or ["features not known"])


def draw(results: dict[str, dict[str, Any]], path: Path) -> bool:
    """Tokens a second by length; whether matplotlib is here to do so."""
    if importlib.util.find_spec("matplotlib") is None:
        return False
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "heatline"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.5, 3.2), layout="constrained")
    for supervisor, result in results.items():
        if isinstance(result.get("lengths"), dict):
            points = [(n, result["lengths"][str(n)]) for n in LENGTHS if str(n) in result["lengths"]]
            axes.plot(*zip(*points, strict=True), marker="o", label=supervisor)
    axes.set(xscale="log", xlabel="tokens from scratch", ylabel="tokens a second", ylim=(0, None))
    axes.set_xticks(LENGTHS, [f"{n:,}" for n in LENGTHS])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--supervisor", action="append")
    parser.add_argument("--weights", type=Path, help="folder of GGUF files, if not those that were pulled")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    parts = options.part or PARTS
    kept = options.out.with_suffix(".json") if options.out else None
    known: dict[str, Any] = {"machine": None, "supervisors": {}}
    if options.part and kept is not None and kept.exists():
        known = json.loads(kept.read_text(encoding="utf-8"))
    results: dict[str, dict[str, Any]] = known["supervisors"]
    for name in options.supervisor or list(FILES):
        found = measure(name, weights_of(name, options.weights), options.threads, parts)
        results[name] = joined(results.get(name, {}), found)
    if MACHINE_PART in parts:
        known["machine"] = apart("machine", options.threads)
    plot = "images/throughput.svg"
    drawn = options.out is not None and draw(results, options.out.parent / plot)
    folder = options.out.parent if options.out else PAGES
    page = markdown(results, known["machine"], plot if drawn else "", folder)
    print(page)
    if options.out and kept is not None:
        options.out.write_text(page, encoding="utf-8")
        kept.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
