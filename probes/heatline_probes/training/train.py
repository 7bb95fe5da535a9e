"""The whole of training: embed, label, hold out, measure, calibrate, fit on everything, write the card."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import PlattCalibrator
from heatline.probe import ProbeCard, SpanProbe
from heatline.probe.card import FORMAT_VERSION, LEVELS
from heatline.scoring.layout import LAYOUT_VERSION
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.corpus.programs import Corpora
from heatline_probes.errors import TrainingError
from heatline_probes.evaluation.predictions import PredictedPrograms, PredictedSpans, Predictions
from heatline_probes.evaluation.protocol import EvaluationSettings, evaluate_run
from heatline_probes.evaluation.results import card_metrics
from heatline_probes.evaluation.scaling import fit_alike, fit_platt
from heatline_probes.evaluation.splits import SMALLEST_FOLD, Split, split_programs
from heatline_probes.training.background import BACKGROUND
from heatline_probes.training.examples import Examples
from heatline_probes.training.fit import (
    FitSettings,
    States,
    fit_probe,
    level_logits,
    standardise,
)
from heatline_probes.training.history_rows import (
    HISTORY,
    WrittenProgram,
    balanced,
    label_with_history,
    of_histories,
    span_weights,
)
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.store import EmbeddingStore, Source

Float64 = NDArray[np.float64]
COMMON = 0.05  # of the tested programs: a generator that wrote as many is left out once
UNSEEN = "leave_one_dataset_out"
FLAGGED_SHARE = 0.10  # of lines, on held-out programs: what the default threshold is chosen for

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TrainingPlan:
    """What to train: everything a card must say to repeat it."""

    name: str
    supervisor: str
    protocols: tuple[str, ...] = ("by_problem",)
    folds: int = 5
    seed: int = 0
    measure: bool = True
    resamples: int = 1000
    settings: FitSettings = field(default_factory=FitSettings)
    command: str = ""


def train_probe(
    plan: TrainingPlan,
    bundle: Path,
    corpora: Corpora,
    sample: LabelledSample,
    embeddings: Path,
    threads: int | None = None,
    progress: Progress = lambda stage, done, total: None,
    keep: Callable[[Predictions], None] = lambda predictions: None,
    written: Sequence[WrittenProgram] = (),
) -> SpanProbe:
    """Train, measure and calibrate one probe; embeddings are kept in `embeddings` and used again.

    Scopes of git histories in `written` are learned from, balanced, and never tested.

    Predictions are given to `keep` as soon as a protocol is done. The threshold is that of the plan's first
    protocol, the calibrators are `shipped_calibrators`. The probe itself learns from all programs, each member for the
    median of the epochs that were best for it in that protocol's folds: one validation set alone may stop it much too
    early.
    """
    session = SupervisorSession(bundle, threads)
    store = EmbeddingStore(embeddings, session.card.bundle_hash)
    sources = [*(Source(p.code, p.language) for p in sample.programs), *(w.source for w in written)]
    store.fill(sources, SequenceRunner(session), lambda done, total: progress("embedding", done, total))
    hidden, tokens = store.read(sources)
    examples = balanced(label_with_history(corpora, sample, written, tokens))
    sample = replace(sample, programs=examples.programs)
    states = standardise(hidden, examples.rows)
    predictions, epochs = [], {}
    for protocol in plan.protocols:
        split = tested_split(protocol, sample, examples.group, plan)
        found, epochs[protocol] = hold_out(hidden, states, examples, sample, split, protocol, plan, progress)
        predictions.append(found)
        keep(found)
    settings = EvaluationSettings(plan.resamples, plan.seed)
    measured = [evaluate_run(found, settings, progress).to_json() for found in predictions if plan.measure]
    everything = np.ones(len(sample.programs), bool)
    final = fit_probe(
        states, examples, everything, plan.settings,
        lambda epoch, loss: progress(f"the shipped probe, loss {loss:.4f}", epoch, plan.settings.epochs),
        [round(float(each)) for each in np.median(epochs[plan.protocols[0]], axis=0)],
    )  # fmt: skip
    source, calibrators = shipped_calibrators(predictions)
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
            features=plan.settings.features * plan.settings.members,
            scope_features=plan.settings.scope_features * plan.settings.members,
            loss=f"{plan.settings.loss} over token + line + scope",
            threshold=_threshold(predictions[0], calibrators["line"]),
            calibrators={level: c.to_json() for level, c in calibrators.items()},
            sha256="",
            created=date.today().isoformat(),
            command=plan.command,
            seed=plan.seed,
            training={
                "settings": asdict(plan.settings),
                "folds": plan.folds,
                "epochs": epochs,
                "calibrated_on": source,
                "final_epochs": final.epochs,
            },
            corpus=_corpus_card(examples, sample),
            metrics=card_metrics(measured),
        ),
        final.scope_stage,
    )


def tested_split(protocol: str, sample: LabelledSample, group: NDArray[np.str_], plan: TrainingPlan) -> Split:
    """The folds of a protocol, without what it only trains on.

    Background code, weak programs and git histories are never tested. Datasets and generators are left out among Python
    programs, so that what they measure is not a change of language too.
    """
    programs = sample.programs
    tested = (
        np.asarray([p.dataset != BACKGROUND for p in programs])
        & ~_weak(sample)
        & ~of_histories(sample.programs)
    )
    if protocol in ("leave_one_dataset_out", "leave_one_generator_out"):
        tested &= np.asarray([p.language == "python" for p in programs])
    smallest = SMALLEST_FOLD
    if protocol == "leave_one_generator_out":  # there are dozens: only those that are common are worth a fit
        smallest = max(smallest, round(COMMON * int(tested.sum())))
    among = [p for p, known in zip(programs, tested, strict=True) if known]
    split = split_programs(protocol, among, group[tested], plan.folds, plan.seed, smallest)
    fold = np.full(len(programs), -1, np.int64)
    fold[tested] = split.fold
    return Split(fold, split.names, group)


def _weak(sample: LabelledSample) -> NDArray[np.bool_]:
    return np.asarray([(p.problem_key, p.code_sha) in sample.weak for p in sample.programs])


def hold_out(
    hidden: NDArray[np.float16],
    states: States,
    examples: Examples,
    sample: LabelledSample,
    split: Split,
    protocol: str,
    plan: TrainingPlan,
    progress: Progress = lambda stage, done, total: None,
) -> tuple[Predictions, list[tuple[int, ...]]]:
    """Fit once per fold; every span's logit comes from a probe that saw nothing of its problem group.

    Also gives the epochs of each fold's members. Programs that no fold tests have no logits (NaN).
    """
    logits = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    epochs = []
    for fold, name in enumerate(split.names):
        stage = f"{protocol}: {name}, loss"
        fitted = fit_probe(
            states, examples, split.training(fold), plan.settings,
            lambda epoch, loss, stage=stage: progress(f"{stage} {loss:.4f}", epoch, plan.settings.epochs),  # type: ignore[misc]
        )  # fmt: skip
        epochs.append(fitted.epochs)
        for level, values in level_logits(fitted, hidden, examples, split.test(fold)).items():
            known = np.isfinite(values)
            logits[level][known] = values[known]
    notes = {"labels": dict(sample.note), "command": plan.command, "settings": asdict(plan.settings)}
    return predictions_of(plan, examples, sample, split, protocol, logits, notes), epochs


def predictions_of(
    plan: TrainingPlan,
    examples: Examples,
    sample: LabelledSample,
    split: Split,
    protocol: str,
    logits: Mapping[str, Float64],
    notes: Mapping[str, Any],
) -> Predictions:
    """Held-out logits of every level with what is known of their spans and programs."""
    verified = np.asarray([(p.problem_key, p.code_sha) in sample.verified for p in sample.programs])
    table = programs_of(examples, verified, split.fold)
    levels = {name: spans_of(examples, name, values) for name, values in logits.items()}
    return Predictions(plan.name, plan.supervisor, protocol, table, levels, split.names, notes)


def programs_of(
    examples: Examples, verified: NDArray[np.bool_], fold: NDArray[np.int64]
) -> PredictedPrograms:
    """The programs of the examples; `verified` and `fold` are `(P,)`."""
    programs = examples.programs
    return PredictedPrograms(
        sha=np.asarray([p.code_sha for p in programs]),
        code=tuple(p.code for p in programs),
        dataset=np.asarray([p.dataset for p in programs]),
        generator=np.asarray([p.model for p in programs]),
        group=examples.group,
        language=np.asarray([p.language for p in programs]),
        passes=np.asarray([p.passes for p in programs]),
        verified=verified,
        fold=fold,
    )


def spans_of(examples: Examples, name: str, logits: Float64) -> PredictedSpans:
    level, table = examples.levels[name], examples.table
    lasts = np.append(level.firsts[1:], len(table))
    return PredictedSpans(
        logit=logits,
        kept=level.kept,
        program=level.program,
        start=table["start"].to_numpy(np.int64)[level.firsts],
        end=table["end"].to_numpy(np.int64)[lasts - 1],
        line=table["line"].to_numpy(np.int64)[level.firsts],
        first=level.firsts,
        last=lasts,
    )


def shipped_calibrators(predictions: Sequence[Predictions]) -> tuple[str, dict[str, PlattCalibrator]]:
    """The protocol whose held-out logits the calibrators are fitted on, and the calibrators by level.

    Where datasets were left out, their logits: a user's code is of no dataset that was learned from either. Else
    those of the first protocol. Raises TrainingError where there is nothing to tell apart.
    """
    source = next((found for found in predictions if found.protocol == UNSEEN), predictions[0])
    return source.protocol, {level: _calibrator(source, level) for level in LEVELS}


def _calibrator(predictions: Predictions, level: str) -> PlattCalibrator:
    """Platt scaling on the held-out logits of the level; datasets that were left out weigh the same."""
    spans = predictions.levels[level]
    known = np.isfinite(spans.logit)
    logit, kept = spans.logit[known], spans.kept[known]
    dataset = predictions.programs.dataset[spans.program[known]]
    found = fit_alike(logit, kept, dataset) if predictions.protocol == UNSEEN else fit_platt(logit, kept)
    if not isinstance(found, PlattCalibrator):
        raise TrainingError(
            f"All held-out spans of the level {level} had one outcome, so nothing can be scaled. Give more programs."
        )
    return found


def _threshold(predictions: Predictions, calibrator: PlattCalibrator) -> float:
    """The line risk that `FLAGGED_SHARE` of the held-out lines reach."""
    logits = predictions.levels["line"].logit
    risks = 1 - calibrator.predict(logits[np.isfinite(logits)])
    return round(float(np.quantile(risks, 1 - FLAGGED_SHARE)), 4)


def _corpus_card(examples: Examples, sample: LabelledSample) -> dict[str, Any]:
    used = [examples.programs[i] for i in np.unique(examples.table["program"].to_numpy())]
    programs = [p for p in used if p.verdict_source != HISTORY]
    scopes = [p for p in used if p.verdict_source == HISTORY]
    outside = ~of_histories(examples.programs)
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
        "base_rate_kept": {
            name: float(np.average(level.kept, weights=span_weights(level) * outside[level.program]))
            for name, level in examples.levels.items()
        },
        "history": {
            "repositories": len({p.dataset for p in scopes}),
            "scopes": len(scopes),
            "with_a_fixed_line": sum(not p.passes for p in scopes),
        },
        "labels": dict(sample.note),
        "noncommercial_rows": 0,
    }
