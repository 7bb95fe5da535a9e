"""What each choice in training a probe is worth: every variant against one base, on the same spans, paired."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline_probes.corpus.programs import Program
from heatline_probes.errors import TrainingError
from heatline_probes.evaluation.comparisons import compare_runs
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.protocol import EvaluationSettings
from heatline_probes.evaluation.splits import Split
from heatline_probes.patches.labels import Edit
from heatline_probes.training.adapters import AdapterSettings, LiveStates, adapted_logits
from heatline_probes.training.background import BACKGROUND
from heatline_probes.training.examples import Examples, folds_by_group
from heatline_probes.training.fit import FitSettings, States, fit_model, member_settings, model_logits
from heatline_probes.training.history_rows import HISTORY
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.train import TrainingPlan, predictions_of, tested_split

Key = tuple[str, str]
Float64 = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
BASE = FitSettings(features=64, scope_features=64, epochs=4)
PAPER = FitSettings()
TWO_LAYERS, SURPRISAL, HISTORIES = "two-layers", "surprisal", "histories"
_NO_WEIGHTS = "The variant {} needs the supervisor's weights. Name them with --weights."


@dataclass(frozen=True)
class Study:
    """The labelled programs of all variants; `weak` are the failing ones of which nothing else is known.

    `inputs` are other states than those of the supervisor's bundle, by name, made when they are first wanted.
    """

    states: States
    examples: Examples
    sample: LabelledSample
    weak: frozenset[Key]
    inputs: Mapping[str, Callable[[], States]] = field(default_factory=dict)
    live: Callable[[AdapterSettings], LiveStates] | None = None  # of what adapters change

    def states_of(self, inputs: str) -> States:
        """The states that a variant's probe sees; "" for the bundle's own."""
        if inputs and inputs not in self.inputs:
            raise TrainingError(_NO_WEIGHTS.format(inputs))
        return self.inputs[inputs]() if inputs else self.states

    def live_states(self, adapters: AdapterSettings) -> LiveStates:
        """States that adapters of these settings change."""
        if self.live is None:
            raise TrainingError(_NO_WEIGHTS.format("adapters"))
        return self.live(adapters)

    def where(self, chosen: Callable[[Program], bool]) -> Float64:
        """`(P,)` 1 for the chosen programs, 0 for others."""
        return np.asarray([float(chosen(p)) for p in self.examples.programs])


def _strong(study: Study) -> Float64:
    return _as_weighted(study) * study.where(lambda p: (p.problem_key, p.code_sha) not in study.weak)


def _as_weighted(study: Study) -> Float64:
    return study.where(lambda p: p.verdict_source != HISTORY)


def _with_histories(study: Study) -> Float64:
    return _strong(study) + study.where(lambda p: p.verdict_source == HISTORY)


@dataclass(frozen=True)
class Variant:
    """A name, what it changes, and how: settings of the fit, a weight `(P,)` of every program in it, what it sees."""

    name: str
    about: str
    settings: FitSettings = BASE
    weights: Callable[[Study], Float64] = _strong
    inputs: str = ""
    adapters: AdapterSettings | None = None

    @property
    def needs_weights(self) -> bool:
        """It can't be made from the bundle's own states alone."""
        return bool(self.inputs) or self.adapters is not None


def _by_quality(study: Study) -> Float64:
    """A failing program that no patch was verified for counts by the share of it that is kept."""
    weights = _strong(study)
    for number, program in enumerate(study.examples.programs):
        key = program.problem_key, program.code_sha
        if not program.passes and key not in study.sample.verified:
            weights[number] *= 1.0 - edited_share(program.code, study.sample.edits.get(key, ()))
    return weights


def edited_share(code: str, edits: Sequence[Edit]) -> float:
    """The share of a program's characters that its edits replace or delete."""
    return min(1.0, sum(edit.end - edit.start for edit in edits) / max(1, len(code)))


def _commonest(study: Study) -> str:
    names, counts = np.unique([p.model for p in study.examples.programs], return_counts=True)
    return str(names[counts.argmax()])


def _half(study: Study) -> Float64:
    """Half of the problems, so that programs of one problem stay together."""
    names = np.random.default_rng(0).permutation(np.unique(study.examples.group))
    return _strong(study) * np.isin(study.examples.group, names[: len(names) // 2])


def _verified(study: Study) -> Float64:
    verified = study.sample.verified
    return _strong(study) * study.where(lambda p: p.passes or (p.problem_key, p.code_sha) in verified)


VARIANTS: tuple[Variant, ...] = (
    Variant("paper", "d 32, no scope stage, 30 epochs with early stopping: the paper's probe", PAPER),
    Variant("no-scope-stage", "without the scope stage", replace(BASE, scope_features=0)),
    Variant("narrow", "32 + 32 features", replace(BASE, features=32, scope_features=32)),
    Variant("long", "30 epochs with early stopping", replace(BASE, epochs=30)),
    Variant("eight-epochs", "8 epochs", replace(BASE, epochs=8)),
    Variant("dropout", "8 epochs, dropout 0.4 for 0.2", replace(BASE, epochs=8, dropout=0.4)),
    Variant(
        "dropout-weak", "8 epochs, dropout 0.4, and failing programs without any patch: what is shipped",
        replace(BASE, epochs=8, dropout=0.4), _as_weighted,
    ),
    Variant("cross-entropy", "cross-entropy for the Brier loss", replace(BASE, loss="bce")),
    Variant("focal", "focal loss, γ = 2", replace(BASE, loss="focal")),
    Variant("annealed", "token loss from lines to tokens over half of the steps", replace(BASE, annealing=0.5)),
    Variant("averaged", "three fits that differ by their seed, averaged", replace(BASE, members=3)),
    Variant(
        "lines-only", "the loss of lines alone",
        replace(BASE, level_weights=(("token", 0.0), ("line", 1.0), ("scope", 0.0))),
    ),
    Variant("weak-labels", "also failing programs without any patch: their scope is edited", weights=_as_weighted),
    Variant("by-quality", "unverified failing programs count by the share they keep", weights=_by_quality),
    Variant("verified-only", "of failing programs only those with a verified patch", weights=_verified),
    Variant(
        "no-background", "without the standard library",
        weights=lambda study: _strong(study) * study.where(lambda p: p.dataset != BACKGROUND),
    ),
    Variant(
        "python-only", "without other languages",
        weights=lambda study: _strong(study) * study.where(lambda p: p.language == "python"),
    ),
    Variant(
        "one-generator", "only what the commonest generator wrote, and the background",
        weights=lambda study: _strong(study)
        * study.where(lambda p: p.dataset == BACKGROUND or p.model == _commonest(study)),
    ),
    Variant("half-the-problems", "half of the problems", weights=_half),
    Variant(
        HISTORIES, "also scopes of git histories whose lines were fixed or not, balanced",
        weights=_with_histories,
    ),
    Variant("two-layers", "the state at three quarters of the depth beside the middle one", inputs=TWO_LAYERS),
    Variant("surprisal", "the token's surprisal and the entropy there, by a logit lens", inputs=SURPRISAL),
    Variant(
        "adapters", "low-rank adapters on the last four kept layers, learned with the probe for one epoch more",
        adapters=AdapterSettings(),
    ),
)  # fmt: skip


def run_ablations(
    study: Study,
    variants: Sequence[Variant] = VARIANTS,
    folds: int = 5,
    tested: int = 5,
    protocol: str = "by_problem",
    seed: int = 0,
    settings: EvaluationSettings = EvaluationSettings(),
    done: Mapping[str, Mapping[str, Any]] | None = None,
    progress: Progress = lambda stage, done, total: None,
    keep: Callable[[str, Mapping[str, Any]], None] = lambda name, found: None,
) -> dict[str, Mapping[str, Any]]:
    """By variant, what `compare_runs` says of the base (`one`) and it (`other`), scaled.

    `tested` of the `folds` of problems are held out, each once; or, with that `protocol`, each dataset.  What is
    in `done` isn't fitted again; every finished variant is given to `keep`.  Background and weak programs are
    never tested.
    """
    result = dict(done or {})
    todo = [variant for variant in variants if variant.name not in result]
    if not todo:
        return result
    progress("base", 0, len(todo) + 1)
    split = study_split(study, protocol, folds, tested, seed)
    base = held_out(study, Variant("base", ""), split, protocol, seed)
    for number, variant in enumerate(todo, start=1):
        progress(variant.name, number, len(todo) + 1)
        other = held_out(study, variant, split, protocol, seed)
        result[variant.name] = compare_runs(base, other, settings)
        keep(variant.name, result[variant.name])
    return result


def study_split(study: Study, protocol: str, folds: int, tested: int, seed: int) -> Split:
    """Some folds of problems, or every Python dataset; background, weak programs and histories are never tested."""
    examples = study.examples
    if protocol != "by_problem":
        return tested_split(protocol, study.sample, examples.group, TrainingPlan("", "", seed=seed))
    benchmarks = _as_weighted(study) > 0
    fold = np.full(len(examples.programs), -1, np.int64)
    fold[benchmarks] = folds_by_group(examples.group[benchmarks], folds, seed)
    known = _strong(study) * study.where(lambda p: p.dataset != BACKGROUND) > 0
    return Split(
        np.where(known & (fold < tested), fold, -1),
        tuple(f"fold {i + 1}" for i in range(tested)),
        examples.group,
    )


def held_out(study: Study, variant: Variant, split: Split, protocol: str, seed: int) -> Predictions:
    """Predictions of the tested folds by probes that are fitted with the variant's weights and settings."""
    examples, states = replace(study.examples, weight=variant.weights(study)), study.states_of(variant.inputs)
    logits = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    for held in range(len(split.names)):
        learned = split.training(held) & (examples.weight > 0)
        test = split.test(held)
        members = [
            fit_model(states, examples, learned, each)[0]
            for each in member_settings(replace(variant.settings, seed=seed))
        ]
        logits_of = [model_logits(model, states, examples, test) for model in members]
        found = {level: np.mean([each[level] for each in logits_of], axis=0) for level in logits}
        if variant.adapters is not None:
            settings, model = replace(variant.adapters, seed=seed), members[0]
            live = study.live_states(settings)
            found = adapted_logits(live, examples, learned, test, model, variant.settings, settings)
        for level, values in found.items():
            known = np.isfinite(values)
            logits[level][known] = values[known]
    plan = TrainingPlan(variant.name, "", seed=seed, settings=variant.settings)
    return predictions_of(plan, examples, study.sample, split, protocol, logits, asdict(variant.settings))
