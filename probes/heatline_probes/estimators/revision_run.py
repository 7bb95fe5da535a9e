"""Revisions by a model: asked for, compared with what they should be, and scored by their token probabilities."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from heatline.calibration import kendall_tau_b
from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.errors import CorpusError
from heatline_probes.estimators.comparison import ComparedSpans, calibrated, described
from heatline_probes.estimators.judged import recorded_of
from heatline_probes.estimators.probabilities import FINE_GRAINED
from heatline_probes.estimators.revision import RevisionTask, edit_progress, exact_match

Progress = Callable[[str, int, int], None]

SCORES = tuple(name for name in FINE_GRAINED if ":" not in name)


def choose_tasks(
    tasks: Sequence[RevisionTask], count: int, seed: int = 0, language: str = "", longest: int = 1500
) -> list[RevisionTask]:
    """A seeded choice of the tasks of a language (all by default) that are not too long for a small model.

    Raises CorpusError where there are none.
    """
    fitting = [t for t in tasks if (not language or t.language == language) and len(t.buggy) <= longest]
    if not fitting:
        raise CorpusError(
            f"There are no revision tasks in {language or 'any language'}. Choose another --language."
        )
    return random.Random(seed).sample(fitting, min(count, len(fitting)))


def revise(
    endpoint: Endpoint,
    tasks: Sequence[RevisionTask],
    path: Path,
    max_tokens: int = 1024,
    seed: int = 0,
    progress: Progress = lambda stage, done, total: None,
) -> list[dict[str, Any]]:
    """Ask for what `path` (JSON lines) lacks, one answer at temperature 0 for each task; all rows of the tasks.

    Raises GeneratorError where the endpoint fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    known = _known(path)
    for done, task in enumerate(tasks):
        progress("revising", done, len(tasks))
        if (task.key, endpoint.model) in known:
            continue
        answer = endpoint.ask(task.messages(), temperature=0.0, max_tokens=max_tokens, seed=seed)
        row = {
            "key": task.key, "model": endpoint.model, "code": answer.code, "tokens": list(answer.tokens),
            "logprobs": list(answer.logprobs), "finish_reason": answer.finish_reason,
        }  # fmt: skip
        known[task.key, endpoint.model] = row
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    progress("revising", len(tasks), len(tasks))
    return [known[task.key, endpoint.model] for task in tasks]


def _known(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows that are there; a last line that a kill cut off is removed."""
    if not path.is_file():
        return {}
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        path.write_bytes(whole)
    try:
        rows = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
        return {(row["key"], row["model"]): row for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(
            f"{path} is not what this command writes. Choose another file for --out."
        ) from error


def measure_revisions(
    tasks: Sequence[RevisionTask],
    rows: Sequence[Mapping[str, Any]],
    calibrators: Sequence[str] = ("identity", "platt"),
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Exact matches, edit progress, and how well each score of the generator's probabilities knows them.

    A revision whose tokens were not recorded is left out of the scores, and counted.
    """
    right = np.asarray([exact_match(row["code"], t.fixed) for t, row in zip(tasks, rows, strict=True)])
    progress = np.asarray(
        [edit_progress(t.buggy, row["code"], t.fixed) for t, row in zip(tasks, rows, strict=True)]
    )
    recorded = [recorded_of(row["code"], row["tokens"], row["logprobs"]) for row in rows]
    usable = [number for number, one in enumerate(recorded) if one is not None]
    logs = [one.log_probability for one in recorded if one is not None]
    spans = ComparedSpans(
        right[usable],
        np.arange(len(usable)),
        np.asarray([tasks[i].source for i in usable]),
        np.asarray([tasks[i].key.rpartition("/")[0] for i in usable]),
    )
    scores: dict[str, Any] = {}
    if len(usable) and spans.kept.any() and not spans.kept.all():
        for name in SCORES:
            confidence = np.asarray([FINE_GRAINED[name](values) for values in logs])
            scores[name] = {
                "kendall_progress": kendall_tau_b(confidence, progress[usable]),
                "calibrators": {
                    calibrator: described(
                        calibrated(calibrator, confidence, spans, seed), spans, resamples, seed
                    )
                    for calibrator in calibrators
                },
            }
    return {
        "tasks": len(tasks),
        "exact_match": float(right.mean()),
        "edit_progress": {"mean": float(progress.mean()), "median": float(np.median(progress))},
        "improved": float((progress > 0).mean()),
        "unrecorded": len(tasks) - len(usable),
        "scores": scores,
    }


def revision_table(found: Mapping[str, Any]) -> str:
    """Markdown: what became of the revisions, and the scores."""
    lines = [
        f"{found['tasks']} revisions: {found['exact_match']:.1%} exact matches, {found['improved']:.1%} nearer to the "
        f"reference, edit progress {found['edit_progress']['mean']:.2f} on average (median "
        f"{found['edit_progress']['median']:.2f}).",
    ]
    if not found["scores"]:
        return "\n".join([*lines, "", "There is nothing to calibrate: all revisions ended alike."])
    lines += [
        "",
        "| score | confidence | BSS | ECE | AUC | bin coverage | τ_b with edit progress |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in found["scores"].items():
        for calibrator, figures in row["calibrators"].items():
            cells = " | ".join(
                "–" if figures[m]["value"] is None else f"{figures[m]['value']:.3f}"
                for m in ("bss", "ece", "auc", "bin_coverage")
            )
            lines.append(f"| {name} | {calibrator} | {cells} | {row['kendall_progress']:.3f} |")
    return "\n".join(lines)
