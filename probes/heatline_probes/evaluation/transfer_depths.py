"""Which layers and poolings of a probe that only saw code carry over to prose? (Gros & Devanbu, §5 and §9)

For every depth a bundle is built, the paper's probe is fitted on code with every pooling, and measured on the code of
held-out problems and on marked answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from heatline.calibration import area_under_roc, brier_skill_score
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore, open_weights
from heatline_probes.corpus.programs import Corpora
from heatline_probes.evaluation.transfer import (
    JudgedSpans,
    MarkedAnswer,
    ReadAnswer,
    answer_draws,
    fitted_again,
    interval,
    marked_spans,
    read_all,
)
from heatline_probes.training.examples import Examples, folds_by_group, label_examples
from heatline_probes.training.fit import FitSettings, SpanModel, States, fit_model, model_logits, standardise
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.pooling import POOLINGS, Pooling
from heatline_probes.training.store import EmbeddingStore, Source

Bool = NDArray[np.bool_]
Float64 = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

DEPTHS: Mapping[str, float] = {"quarter": 0.25, "middle": 0.5, "three-quarters": 0.75, "last": 1.0}
LEVELS = ("answer", "sentence", "span")
CODE_LEVELS = ("line", "scope")
FOLDS = 5  # one of them is held out, to see what the probe knows of code


@dataclass(frozen=True)
class ReadDepth:
    """Code and answers as they are after so many layers."""

    layers: int
    states: States
    examples: Examples
    answers: Sequence[ReadAnswer]


def read_depth(
    depth: str,
    weights: Path,
    supervisor: str,
    corpora: Corpora,
    sample: LabelledSample,
    answers: Sequence[MarkedAnswer],
    folder: Path,
    threads: int | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> ReadDepth:
    """Build the bundle of a depth and read everything with it; `folder` is laid out as that of `grid` and kept."""
    layers = round(DEPTHS[depth] * open_weights(weights).architecture.layers)
    bundles, name = SupervisorStore(folder / "bundles"), f"{supervisor}-{layers}"
    if name not in [found.name for found in bundles.installed()]:
        bundles.build(name, weights, layers)
    session = SupervisorSession(bundles.bundle(name), threads)
    runner = SequenceRunner(session)
    store = EmbeddingStore(folder / depth, session.card.bundle_hash)
    sources = [Source(p.code, p.language) for p in sample.programs]
    store.fill(sources, runner, lambda done, total: progress(f"{depth}: code", done, total))
    states, tokens = store.read(sources)
    examples = label_examples(corpora, sample.programs, tokens, sample.edits)
    read = read_all(
        answers, runner, folder / "answers", lambda done, total: progress(f"{depth}: answers", done, total)
    )
    return ReadDepth(layers, standardise(states, examples.rows), examples, read)


def measure_depth(
    read: ReadDepth, epochs: int = 8, resamples: int = 1000, seed: int = 0, poolings: Sequence[str] = POOLINGS
) -> dict[str, Any]:
    """Pooling → level → AUC, and BSS with Platt scaling fitted again, with intervals over answers.

    `code_line` and `code_scope` give the AUC on the held-out fold of problems.
    """
    found: dict[str, Any] = {}
    fold = folds_by_group(read.examples.group, FOLDS, seed)
    for pooling in poolings:
        settings = FitSettings(pooling=_pooling(pooling), epochs=epochs, seed=seed)
        model, _, _ = fit_model(read.states, read.examples, fold > 0, settings)
        known = model_logits(model, read.states, read.examples, fold == 0)
        row: dict[str, Any] = {}
        for level in CODE_LEVELS:
            tested = np.isfinite(known[level])
            kept = read.examples.levels[level].kept[tested]
            row[f"code_{level}"] = {
                "spans": len(kept),
                "auc": round(area_under_roc(known[level][tested], kept), 4),
            }
        for level in LEVELS:
            judged = judge_answers(read, model, level)
            logit, draws = judged.logit["own"], answer_draws(judged.answer, resamples, seed)
            row[level] = {
                "spans": len(logit),
                "kept": round(float(judged.kept.mean()), 4),
                "auc": interval(area_under_roc, logit, judged.kept, draws),
                "bss": interval(brier_skill_score, fitted_again(logit, judged, seed), judged.kept, draws),
            }
        found[pooling] = row
    return found


def judge_answers(read: ReadDepth, model: SpanModel, level: str) -> JudgedSpans:
    """Logits `own` of every span of a level, by the model's own pooling."""
    logits, kept, owner = [], [], []
    mean, scale = read.states.mean, read.states.scale
    with torch.no_grad():
        for number, one in enumerate(read.answers):
            values = torch.from_numpy((one.states.astype(np.float32) - mean) / scale).bfloat16()  # (T, D)
            features = model.token_features(values, torch.tensor([len(values)]))
            for start, end, right in marked_spans(one.marked, level):
                inside = np.flatnonzero((one.offsets[:, 0] < end) & (one.offsets[:, 1] > start))
                if not len(inside):
                    continue
                own = features[inside[0] : inside[-1] + 1]
                logits.append(float(model.span_logits(own, torch.tensor([len(own)]))[0]))
                kept.append(right)
                owner.append(number)
    return JudgedSpans({"own": np.asarray(logits)}, np.asarray(kept, bool), np.asarray(owner))


def _pooling(name: str) -> Pooling:
    return "max" if name == "max" else "mean" if name == "mean" else "attention"


def depths_table(depths: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: a row for each depth and pooling."""
    lines = [
        "| layers | pooling | code: line AUC | code: scope AUC | "
        + " | ".join(f"{level} AUC" for level in LEVELS)
        + " | answer BSS fitted again |",
        "| --- " * (len(CODE_LEVELS) + len(LEVELS) + 3) + "|",
    ]
    for depth, found in depths.items():
        for pooling, row in found["poolings"].items():
            cells = [f"{row[f'code_{level}']['auc']:.3f}" for level in CODE_LEVELS]
            cells += [_cell(row[level]["auc"]) for level in LEVELS] + [_cell(row["answer"]["bss"])]
            lines.append(f"| {depth} ({found['layers']}) | {pooling} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: Mapping[str, float]) -> str:
    return f"{value['value']:.3f} ({value['low']:.3f} … {value['high']:.3f})"
