"""The comparison of the four ways to learn, from texts to figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.probe import SpanProbe
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.corpus.programs import Corpora
from heatline_probes.evaluation.effort import effort
from heatline_probes.evaluation.protocol import EvaluationSettings, evaluate_run
from heatline_probes.evaluation.splits import Split
from heatline_probes.evaluation.views import Run
from heatline_probes.training.background import BACKGROUND
from heatline_probes.training.domains import (
    WAYS,
    Domains,
    Progress,
    domain_folds,
    history_predictions,
    hold_out_both,
    measure_history,
)
from heatline_probes.training.fit import FitSettings, FittedProbe, level_logits, standardise
from heatline_probes.training.history_rows import WrittenProgram, label_with_history
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.store import EmbeddingStore, Source
from heatline_probes.training.train import TrainingPlan, predictions_of

FOLDS = 5


def read_domains(
    bundle: Path,
    corpora: Corpora,
    sample: LabelledSample,
    written: list[WrittenProgram],
    embeddings: Path,
    seed: int,
    threads: int | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Domains:
    """Embed what is missing and label both domains."""
    session = SupervisorSession(bundle, threads)
    store = EmbeddingStore(embeddings, session.card.bundle_hash)
    benchmark = [Source(p.code, p.language) for p in sample.programs]
    history = [w.source for w in written]
    store.fill(
        [*benchmark, *history],
        SequenceRunner(session),
        lambda done, total: progress("embedding", done, total),
    )
    hidden, tokens = store.read([*benchmark, *history])
    examples = label_with_history(corpora, sample, written, tokens)
    is_history = np.arange(len(examples.programs)) >= len(benchmark)
    background = np.asarray([p.dataset == BACKGROUND for p in examples.programs])
    fold = domain_folds(examples, is_history, background, FOLDS, seed)
    return Domains(hidden, standardise(hidden, examples.rows), examples, is_history, fold, FOLDS)


def compare_ways(
    bundle: Path,
    corpora: Corpora,
    sample: LabelledSample,
    written: list[WrittenProgram],
    embeddings: Path,
    settings: FitSettings,
    tested: int,
    threads: int | None = None,
    progress: Progress = lambda stage, done, total: None,
    shipped: SpanProbe | None = None,
    earlier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Figures of every way: `history`, on held-out repositories, and `benchmarks`, on held-out problems.

    With a `shipped` probe, which has learned from no repository, also what it flags in all of them as it is.  What
    this gave `earlier` is taken as it is, so that nothing is fitted and only the shipped probe is measured.
    """
    domains = read_domains(bundle, corpora, sample, written, embeddings, settings.seed, threads, progress)
    found: dict[str, Any] = {"scopes": len(written), "programs": len(sample.programs), "ways": {}}
    churn = np.asarray([0] * len(sample.programs) + [w.churn for w in written])
    if earlier is not None:
        found = dict(earlier)
    if shipped is not None:
        found["shipped"] = shipped_figures(domains, shipped, bundle.name, settings.seed)
    for number, way in enumerate(() if earlier else WAYS):
        logits = hold_out_both(domains, way, settings, tested, progress)
        history = history_predictions(domains, logits, bundle.name, way)
        found["ways"][way] = {
            "history": measure_history(history, number == 0, seed=settings.seed, churn=churn),
            "benchmarks": _benchmark_figures(domains, sample, logits, settings, way),
        }
    return found


def shipped_figures(domains: Domains, probe: SpanProbe, supervisor: str, seed: int) -> dict[str, Any]:
    """Effort-aware measures of a probe with the calibration and the threshold that it comes with."""
    logits = probe_logits(probe, domains)
    predictions = history_predictions(domains, logits, supervisor, probe.card.name)
    view = Run(predictions).view("line")
    confidence = probe.calibrator("line").predict(view.logit)
    measured = effort(confidence, view.outcome, view.group, probe.threshold, seed=seed)
    return {"threshold": probe.threshold, **{name: each.to_json() for name, each in measured.items()}}


def probe_logits(probe: SpanProbe, domains: Domains) -> dict[str, NDArray[np.float64]]:
    """Unscaled logits of every span of the repositories' programs, `(n,)` per level; NaN for others."""
    fitted = FittedProbe(
        probe.projection, probe.projection_bias, probe.scope_stage, probe.output, probe.output_bias
    )
    return level_logits(fitted, domains.hidden, domains.examples, domains.history)


def _benchmark_figures(
    domains: Domains, sample: LabelledSample, logits: dict[str, Any], settings: FitSettings, way: str
) -> dict[str, Any]:
    """Line figures on held-out problems: the protocol of docs/evaluation.md, without its baselines."""
    examples = domains.examples
    fold = np.where(domains.history, -1, domains.fold)
    names = tuple(f"fold {i + 1}" for i in range(domains.folds))
    whole = LabelledSample(examples.programs, sample.edits, sample.verified)
    known = {
        name: np.where(domains.history[level.program], np.nan, logits[name])
        for name, level in examples.levels.items()
    }
    plan = TrainingPlan(way, "", settings=settings)
    predictions = predictions_of(
        plan, examples, whole, Split(fold, names, examples.group), "by_problem", known, {}
    )
    levels = evaluate_run(predictions, EvaluationSettings(resamples=100, baselines=False)).levels
    line = levels["line"]["scaled"]
    return {name: line[name] for name in ("bss_within_dataset", "bss_pooled", "auc", "ece")}
