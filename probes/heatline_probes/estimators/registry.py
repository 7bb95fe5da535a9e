"""Estimators by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from heatline.scorer import Scorer
from heatline_probes.errors import EvaluationError
from heatline_probes.estimators.agreement import AGGREGATORS, Multisampling
from heatline_probes.estimators.asking import Asker
from heatline_probes.estimators.probabilities import (
    FINE_GRAINED,
    AttentionWeighted,
    Reader,
    TokenProbability,
)
from heatline_probes.estimators.probe_estimator import ProbeEstimator
from heatline_probes.estimators.reflective import DistractorAugmented, PTrue, Verbalized
from heatline_probes.estimators.subject import Estimator


@dataclass(frozen=True)
class Resources:
    """What estimators may use; None where it isn't there."""

    scorer: Scorer | None = None
    reader: Reader | None = None
    asker: Asker | None = None
    sampler: str = ""  # the model that gave the samples


def _probe(resources: Resources) -> Estimator:
    if resources.scorer is None:
        raise EvaluationError("The probe needs a supervisor. Name one with --supervisor.")
    return ProbeEstimator(resources.scorer)


def _asking(make: Callable[[Asker], Estimator]) -> Callable[[Resources], Estimator]:
    def build(resources: Resources) -> Estimator:
        if resources.asker is None:
            raise EvaluationError(
                "This estimator asks a model. Give an endpoint with --base-url and --model, or leave it out of "
                "--estimators."
            )
        return make(resources.asker)

    return build


def _probability(name: str) -> Callable[[Resources], Estimator]:
    return lambda resources: TokenProbability(name, FINE_GRAINED[name], resources.reader)


def _sampling(aggregator: str) -> Callable[[Resources], Estimator]:
    return lambda resources: Multisampling(aggregator, model=resources.sampler)


ESTIMATORS: Mapping[str, Callable[[Resources], Estimator]] = {
    "probe": _probe,
    **{name: _probability(name) for name in FINE_GRAINED},
    "attention-weighted": lambda resources: AttentionWeighted(resources.reader),
    **{f"multisampling:{name}": _sampling(name) for name in AGGREGATORS},
    "verbalized": _asking(Verbalized),
    "p-true": _asking(PTrue),
    "distractor-augmented": _asking(DistractorAugmented),
}
GROUPS: Mapping[str, Sequence[str]] = {
    "all": tuple(ESTIMATORS),
    "token-probability": tuple(name for name in ESTIMATORS if name.startswith("token-probability:")),
    "multisampling": tuple(name for name in ESTIMATORS if name.startswith("multisampling:")),
    "fine-grained": ("minimum-token-probability", "lowest-k", "attention-weighted"),
}


def estimator_names(wanted: Sequence[str]) -> list[str]:
    """Names with groups written out, each once; raises EvaluationError for an unknown one."""
    found: dict[str, None] = {}
    for name in wanted:
        if name not in ESTIMATORS and name not in GROUPS:
            known = ", ".join([*GROUPS, *ESTIMATORS])
            raise EvaluationError(f"The estimator {name!r} is unknown. Use one of {known}.")
        found.update(dict.fromkeys(GROUPS.get(name, (name,))))
    return list(found)
