"""The paper's design space on one sample (§5, Table 6, Figure 3): every combination, and what each choice is worth."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore, open_weights
from heatline_probes.corpus.programs import Corpora
from heatline_probes.errors import TrainingError
from heatline_probes.evaluation.protocol import EvaluationSettings, evaluate_run
from heatline_probes.evaluation.splits import Split
from heatline_probes.training.examples import Examples, folds_by_group, label_examples
from heatline_probes.training.fit import FitSettings, States, fit_model, model_logits, standardise
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.pooling import POOLINGS
from heatline_probes.training.store import EmbeddingStore, Source, Style
from heatline_probes.training.train import TrainingPlan, predictions_of

Progress = Callable[[str, int, int], None]

STYLES = ("middle", "three-quarters", "last", "shifted-three-quarters", "combined")
_DEPTHS = {"middle": 0.5, "three-quarters": 0.75, "last": 1.0}
FACTORS: Mapping[str, tuple[Any, ...]] = {
    "style": STYLES,
    "features": (32, 64),
    "pooling": POOLINGS,
    "loss": ("brier", "bce", "focal"),
    "scope_stage": (False, True),
}
RESULTS = ("line_bss", "line_auc", "line_ece", "token_bss", "problem_bss")


@dataclass(frozen=True)
class Embedded:
    """One style's labelled states."""

    states: States
    examples: Examples


def embed_styles(
    weights: Path,
    supervisor: str,
    corpora: Corpora,
    sample: LabelledSample,
    folder: Path,
    threads: int | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> dict[str, Embedded]:
    """States of every style; bundles of each depth are built from `weights` and kept, like the states, in `folder`.

    *Shifted* is the state a token was predicted from; *combined* sets middle, three-quarters and last side by side.
    """
    sources = [Source(p.code, p.language) for p in sample.programs]
    total = open_weights(weights).architecture.layers
    hidden: dict[str, NDArray[np.float16]] = {}
    tokens = pd.DataFrame()
    for style in STYLES[:-1]:
        depth = _DEPTHS[style.removeprefix("shifted-")]
        layers = round(depth * total)
        bundles = SupervisorStore(folder / "bundles")
        name = f"{supervisor}-{layers}"
        if name not in [found.name for found in bundles.installed()]:
            bundles.build(name, weights, layers)
        session = SupervisorSession(bundles.bundle(name), threads)
        store = EmbeddingStore(
            folder / style,
            session.card.bundle_hash,
            Style.SHIFTED if style.startswith("shifted") else Style.OWN,
        )
        store.fill(sources, SequenceRunner(session), lambda done, n, style=style: progress(style, done, n))  # type: ignore[misc]
        hidden[style], tokens = store.read(sources)
    hidden["combined"] = np.concatenate([hidden[style] for style in _DEPTHS], axis=1)
    examples = label_examples(corpora, sample.programs, tokens, sample.edits)
    return {style: Embedded(standardise(found, examples.rows), examples) for style, found in hidden.items()}


def run_grid(
    embedded: Mapping[str, Embedded],
    sample: LabelledSample,
    folds: int = 5,
    tested: int = 2,
    epochs: int = 8,
    seed: int = 0,
    done: Sequence[Mapping[str, Any]] = (),
    progress: Progress = lambda stage, done, total: None,
    keep: Callable[[Mapping[str, Any]], None] = lambda row: None,
) -> list[dict[str, Any]]:
    """One row of factors and results (scaled, by problem) for each combination; `done` rows are not fitted again.

    `tested` of the `folds` are held out, each once. Every finished row is given to `keep`.
    """
    points = [dict(zip(FACTORS, values, strict=True)) for values in itertools.product(*FACTORS.values())]
    rows = [dict(row) for row in done]
    known = [{name: row[name] for name in FACTORS} for row in rows]
    for number, point in enumerate(points):
        progress("grid", number, len(points))
        if point in known or point["style"] not in embedded:
            continue
        settings = FitSettings(
            features=point["features"],
            scope_features=point["features"] if point["scope_stage"] else 0,
            pooling=point["pooling"],
            loss=point["loss"],
            epochs=epochs,
            seed=seed,
        )
        row = {**point, **_measured(embedded[point["style"]], sample, settings, folds, tested)}
        rows.append(row)
        keep(row)
    progress("grid", len(points), len(points))
    return rows


def _measured(
    data: Embedded, sample: LabelledSample, settings: FitSettings, folds: int, tested: int
) -> dict[str, float]:
    examples = data.examples
    fold = folds_by_group(examples.group, folds, settings.seed)
    fold[fold >= tested] = -1
    split = Split(fold, tuple(f"fold {i + 1}" for i in range(tested)), examples.group)
    logits = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    for held in range(tested):
        model, _, _ = fit_model(data.states, examples, split.training(held), settings)
        for level, values in model_logits(model, data.states, examples, split.test(held)).items():
            known = np.isfinite(values)
            logits[level][known] = values[known]
    plan = TrainingPlan("grid", "", settings=settings)
    found = predictions_of(plan, examples, sample, split, "by_problem", logits, asdict(settings))
    levels = evaluate_run(found, EvaluationSettings(resamples=20, baselines=False)).levels
    return {name: _value(levels, *name.split("_")) for name in RESULTS}


def _value(levels: Mapping[str, Any], level: str, metric: str) -> float:
    name = "bss_pooled" if metric == "bss" else metric
    return float(levels[level]["scaled"][name]["value"])


def eta_squared(rows: Sequence[Mapping[str, Any]], result: str) -> dict[str, float]:
    """The share of a result's variance over the grid that each factor alone explains (paper, Table 6).

    Between-group sum of squares over total sum of squares. Raises TrainingError for a grid of one row.
    """
    table = pd.DataFrame(rows)
    values = table[result].to_numpy(np.float64)
    total = float(((values - values.mean()) ** 2).sum())
    if len(table) < 2 or total == 0:
        raise TrainingError("The importance of choices needs a grid of more than one result. Run more of it.")
    shares = {}
    for factor in FACTORS:
        groups = table.groupby(factor)[result].agg(["size", "mean"])
        between = float((groups["size"] * (groups["mean"] - values.mean()) ** 2).sum())
        shares[factor] = between / total
    return shares
