"""The whole of training: sample, embed, label, cross-fit, measure, calibrate, fit on everything, write the card."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import PlattCalibrator
from heatline.calibration.calibrators import sigmoid
from heatline.probe import ProbeCard, SpanProbe
from heatline.probe.card import FORMAT_VERSION
from heatline.scoring.layout import LAYOUT_VERSION
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.corpus.programs import Corpora, Program
from heatline_probes.evaluation.baselines import dataset_identity, syntax_logistic
from heatline_probes.evaluation.metrics import Outcomes, describe
from heatline_probes.patches.labels import Edit
from heatline_probes.training.examples import Examples, folds_by_group, label_examples
from heatline_probes.training.fit import FitSettings, FittedProbe, fit_probe, level_logits
from heatline_probes.training.store import EmbeddingStore, Source

log = logging.getLogger(__name__)

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
FLAGGED_SHARE = 0.10  # of lines, on held-out programs: what the default threshold is chosen for

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TrainingPlan:
    """What to train: everything a card must say to repeat it."""

    name: str
    supervisor: str
    folds: int = 5
    seed: int = 0
    settings: FitSettings = field(default_factory=FitSettings)
    command: str = ""


@dataclass(frozen=True)
class CrossFit:
    """Held-out logits of every span, and the fold of every program."""

    logits: Mapping[str, Float64]
    folds: Int64  # (P,)
    epochs: Sequence[int]


def train_probe(
    plan: TrainingPlan,
    bundle: Path,
    corpora: Corpora,
    sample: Sequence[Program],
    edits: Mapping[str, Sequence[Edit]],
    embeddings: Path,
    threads: int | None = None,
    labels_note: Mapping[str, Any] | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> SpanProbe:
    """Train, measure and calibrate one probe; embeddings are kept in `embeddings` and used again."""
    session = SupervisorSession(bundle, threads)
    sources = [Source(p.code_sha, p.code) for p in sample]
    store = EmbeddingStore(embeddings, sources, session.card.bundle_hash)
    store.fill(SequenceRunner(session), lambda done, total: progress("embedding", done, total))
    states, tokens = store.read()
    examples = label_examples(corpora, sample, tokens, edits)
    cross = cross_fit(states, examples, plan, progress)
    calibrated, calibrators = cross_calibrate(examples, cross)
    progress("measuring", 0, 1)
    metrics = measure(examples, cross, calibrated, plan.seed)
    final = _fit_final(states, examples, plan, cross)
    return SpanProbe(
        final.projection,
        final.projection_bias,
        final.output,
        final.output_bias,
        ProbeCard(
            format_version=FORMAT_VERSION,
            name=plan.name,
            supervisor=plan.supervisor,
            bundle_hash=session.card.bundle_hash,
            layout_version=LAYOUT_VERSION,
            pooling="max",
            features=plan.settings.features,
            loss="brier over token + line + scope",
            threshold=round(float(np.quantile(1 - calibrated["line"], 1 - FLAGGED_SHARE)), 4),
            calibrators={level: c.to_json() for level, c in calibrators.items()},
            sha256="",
            created=date.today().isoformat(),
            command=plan.command,
            seed=plan.seed,
            training={
                "settings": asdict(plan.settings),
                "folds": plan.folds,
                "epochs": list(cross.epochs),
                "final_epochs": final.epochs,
            },
            corpus=_corpus_card(examples, labels_note or {}),
            metrics=metrics,
        ),
    )


def cross_fit(
    states: NDArray[np.float16], examples: Examples, plan: TrainingPlan, progress: Progress
) -> CrossFit:
    """Fit once per fold; every span's logit comes from a probe that saw nothing of its problem group.

    The next fold stops the training early, so that the tested one has no say in it.
    """
    folds = folds_by_group(examples.group, plan.folds, plan.seed)
    logits = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    epochs = []
    for fold in range(plan.folds):
        validation = folds == (fold + 1) % plan.folds
        fitted = fit_probe(
            states, examples, (folds != fold) & ~validation, validation, plan.settings,
            lambda epoch, loss, fold=fold: progress(f"fold {fold}, loss {loss:.4f}", epoch, plan.settings.epochs),  # type: ignore[misc]
        )  # fmt: skip
        epochs.append(fitted.epochs)
        for name, values in level_logits(fitted, states, examples, folds == fold).items():
            known = np.isfinite(values)
            logits[name][known] = values[known]
    return CrossFit(logits, folds, epochs)


def cross_calibrate(
    examples: Examples, cross: CrossFit
) -> tuple[dict[str, Float64], dict[str, PlattCalibrator]]:
    """Scaled held-out confidences (Platt fitted on the other folds), and calibrators fitted on all folds."""
    confidences, calibrators = {}, {}
    for name, level in examples.levels.items():
        fold, logits = cross.folds[level.program], cross.logits[name]
        scaled = np.empty(len(logits))
        for held in np.unique(fold):
            known = fold != held
            scaled[fold == held] = PlattCalibrator.fit(logits[known], level.kept[known]).predict(
                logits[fold == held]
            )
        confidences[name] = scaled
        calibrators[name] = PlattCalibrator.fit(logits, level.kept)
    return confidences, calibrators


def measure(examples: Examples, cross: CrossFit, scaled: Mapping[str, Float64], seed: int) -> dict[str, Any]:
    """The protocol `by_problem`: every level, unscaled and scaled, and the two trivial baselines."""
    dataset = np.asarray([p.dataset for p in examples.programs])
    result: dict[str, Any] = {}
    for name, level in examples.levels.items():
        contenders = {
            "unscaled": sigmoid(cross.logits[name]),
            "scaled": scaled[name],
            "baseline_dataset_identity": dataset_identity(examples, name, cross.folds, dataset),
        }
        if name != "token":
            contenders["baseline_position_syntax"] = syntax_logistic(examples, name, cross.folds, seed)
        result[name] = {
            key: describe(
                Outcomes(confidence, level.kept.astype(np.float64), level.program, dataset[level.program]),
                seed,
            )
            for key, confidence in contenders.items()
        }
    return {"by_problem": result}


def _fit_final(
    states: NDArray[np.float16], examples: Examples, plan: TrainingPlan, cross: CrossFit
) -> FittedProbe:
    """Fit on every fold but one, which only stops the training: what is shipped has seen almost everything."""
    validation = cross.folds == plan.folds - 1
    return fit_probe(states, examples, ~validation, validation, plan.settings)


def _corpus_card(examples: Examples, labels_note: Mapping[str, Any]) -> dict[str, Any]:
    used = np.unique(examples.table["program"].to_numpy())
    programs = [examples.programs[i] for i in used]
    datasets: dict[str, dict[str, int]] = {}
    for program in programs:
        row = datasets.setdefault(program.dataset, {"pass": 0, "fail": 0})
        row["pass" if program.passes else "fail"] += 1
    return {
        "programs": len(programs),
        "problems": len({p.problem_key for p in programs}),
        "models": len({p.model for p in programs}),
        "datasets": datasets,
        "tokens": len(examples.table),
        "base_rate_kept": {name: float(level.kept.mean()) for name, level in examples.levels.items()},
        "labels": dict(labels_note),
        "noncommercial_rows": 0,
    }
