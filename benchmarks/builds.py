"""How alike the builds of a supervisor are, on the processor: int8, the usual one, fp16 for graphics cards, and fp32.

    python benchmarks/builds.py [--weights FOLDER] [--supervisor NAME]… [--out docs/benchmarks-builds.md]

Hidden states of 1,024 tokens of the samples in examples/, each build's against fp32's and against int8's, relative to
their length; and the risks of the samples' lines by the shipped probe, which was fitted on int8's states.  The builds
are made anew in a temporary folder.  Writes Markdown to --out, the same figures as JSON beside it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from throughput import FILES, weights_of

from heatline.errors import HeatlineError
from heatline.probe import SpanProbe
from heatline.scorer import Scorer, find_probe
from heatline.scoring.engine import Engine
from heatline.supervisor.agreement import differences
from heatline.supervisor.session import CHUNK, SupervisorSession
from heatline.supervisor.store import SupervisorStore

SAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
TOKENS = 1024


def states(session: SupervisorSession) -> np.ndarray:
    """Of the samples' first tokens, without the sink's: ``(TOKENS - 1, D)``."""
    code = session.tokenizer.encode("\n".join(path.read_text(encoding="utf-8") for path in SAMPLES)).ids
    ids = np.concatenate([np.asarray([session.card.sink_token_id], np.int32), code[: TOKENS - 1]])
    cache = session.new_cache(len(ids))
    return np.concatenate([session.run(ids[i : i + CHUNK], cache) for i in range(0, len(ids), CHUNK)])[1:]


def risks(session: SupervisorSession, probe: SpanProbe) -> np.ndarray:
    """Of all lines of the samples."""
    with Scorer(Engine(lambda: session, probe), session.card.name) as scorer:
        texts = [path.read_text(encoding="utf-8") for path in SAMPLES]
        return np.asarray([line.risk for text in texts for line in scorer.score(text, "python").lines])


def measure(name: str, weights: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        stores = {kind: SupervisorStore(Path(folder) / kind) for kind in ("int8", "fp32")}
        bundles = {"int8": stores["int8"].build(name, weights)}
        bundles["fp16"] = stores["int8"].build(name, weights, precision="fp16")
        bundles["fp32"] = stores["fp32"].build(name, weights, precision="fp32")
        sessions = {kind: SupervisorSession(bundle) for kind, bundle in bundles.items()}
        hidden = {kind: states(session) for kind, session in sessions.items()}
        probe = SpanProbe.load(find_probe(name))
        probe.check_bundle(sessions["fp16"].card.probed_hash, probe.card.layout_version)
        shipped, half = risks(sessions["int8"], probe), risks(sessions["fp16"], probe)
        moved = np.abs(half - shipped)
        flagged = (shipped >= probe.threshold) != (half >= probe.threshold)
        return {
            "supervisor": name,
            "fp16 to fp32": differences(hidden["fp16"], hidden["fp32"]),
            "int8 to fp32": differences(hidden["int8"], hidden["fp32"]),
            "fp16 to int8": differences(hidden["fp16"], hidden["int8"]),
            "lines": len(moved),
            "risk": {"mean": float(moved.mean()), "largest": float(moved.max())},
            "correlation": float(np.corrcoef(shipped, half)[0, 1]),
            "flagged otherwise": int(flagged.sum()),
            "flagged": int((shipped >= probe.threshold).sum()),
        }


def markdown(results: list[dict[str, Any]]) -> str:
    rows = [
        "# The builds of a supervisor compared",
        "",
        "Made by `python benchmarks/builds.py`, which says what each figure is; all builds on the processor, by "
        f"onnxruntime {onnxruntime.__version__}. onnxruntime computes most float16 products of x86 processors in "
        "float32 and rounds what comes out, so this shows that the fp16 build is the right graph with the right "
        "numbers, and what its 16 bits lose; not that a certain card's kernels compute it well. "
        "`heatline bench --device cuda` shows that.",
        "",
        "| hidden states, relative difference: median (99th percentile) | "
        + " | ".join(result["supervisor"] for result in results)
        + " |",
        "|---" * (len(results) + 1) + "|",
    ]
    for pair in ("fp16 to fp32", "int8 to fp32", "fp16 to int8"):
        cells = [f"{result[pair]['median']:.2%} ({result[pair]['p99']:.2%})" for result in results]
        rows.append(f"| {pair} | " + " | ".join(cells) + " |")
    rows += ["", "| risks by the probe that was fitted on int8, fp16 against int8 |" + " |" * len(results)]
    rows.append("|---" * (len(results) + 1) + "|")
    cells = {
        "lines of the samples": lambda r: f"{r['lines']}",
        "mean difference of a line's risk": lambda r: f"{100 * r['risk']['mean']:.2f} points",
        "largest": lambda r: f"{100 * r['risk']['largest']:.1f} points",
        "correlation": lambda r: f"{r['correlation']:.4f}",
        "lines flagged by one and not by the other": lambda r: f"{r['flagged otherwise']} of {r['flagged']}",
    }
    rows += [f"| {name} | " + " | ".join(cell(r) for r in results) + " |" for name, cell in cells.items()]
    return "\n".join([*rows, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--supervisor", action="append")
    parser.add_argument("--weights", type=Path, help="folder of GGUF files, if not those that were pulled")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    try:
        results = [
            measure(name, weights_of(name, options.weights)) for name in options.supervisor or list(FILES)
        ]
    except HeatlineError as error:  # weights that are not there: its sentence says what to do
        raise SystemExit(str(error)) from None
    page = markdown(results)
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")
        options.out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
