"""Estimates on disk, one small JSON file for each estimator and program: a run goes on where it was stopped."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from heatline.supervisor.card import atomic_path
from heatline_probes.estimators.subject import Estimate, Estimator, Float64, Subject


class KeptEstimates:
    """A folder of estimates; what an estimator's `identity` doesn't cover is not told apart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, estimator: Estimator, subject: Subject) -> Estimate | None:
        """What is kept, if it is whole and of these tokens."""
        try:
            raw = json.loads(self._path(estimator, subject).read_text(encoding="utf-8"))
            estimate = Estimate(
                _array(raw["token"]),
                _array(raw["line"]),
                float(_array([raw["problem"]])[0]),
                dict(raw["counts"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        fits = len(estimate.token) == len(subject.spans) and len(estimate.line) == len(subject.line_numbers)
        return estimate if fits else None

    def keep(self, estimator: Estimator, subject: Subject, estimate: Estimate) -> None:
        """Write it, atomically."""
        path = self._path(estimator, subject)
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = {
            "token": _numbers(estimate.token),
            "line": _numbers(estimate.line),
            "problem": _numbers([estimate.problem])[0],
            "counts": dict(estimate.counts),
        }
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(raw), encoding="utf-8")

    def _path(self, estimator: Estimator, subject: Subject) -> Path:
        samples = [*subject.samples] if estimator.name.startswith(("multisampling", "distractor")) else []
        text = json.dumps([estimator.identity, subject.key, subject.code, samples])
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        return self._folder / estimator.name.replace(":", "-") / f"{name}.json"


def estimate_all(
    estimator: Estimator, subjects: Sequence[Subject], kept: KeptEstimates, workers: int = 1
) -> Iterator[Estimate]:
    """Estimates of all subjects, in their order, each kept as soon as it is known.

    An estimate is not kept where a model that was asked gave nothing: the next run asks again.
    """

    def one(subject: Subject) -> Estimate:
        known = kept.get(estimator, subject)
        if known is None:
            known = estimator.estimate(subject)
            if not known.counts.get("fell back"):
                kept.keep(estimator, subject, known)
        return known

    if workers == 1:
        yield from map(one, subjects)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(one, subjects)


def _numbers(values: Float64 | list[float]) -> list[float | None]:
    return [round(float(v), 8) if np.isfinite(v) else None for v in values]


def _array(values: list[float | None]) -> Float64:
    return np.asarray([np.nan if v is None else v for v in values], np.float64)
