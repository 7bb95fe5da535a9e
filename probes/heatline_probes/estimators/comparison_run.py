"""From judged answers to tables and page: estimate, calibrate, measure, write."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.fitting import CALIBRATORS
from heatline.supervisor.card import atomic_path
from heatline_probes.corpus.programs import Corpora
from heatline_probes.errors import EvaluationError
from heatline_probes.estimators.comparison import LOCAL, compare
from heatline_probes.estimators.comparison_page import comparison_page
from heatline_probes.estimators.comparison_tables import comparison_tables
from heatline_probes.estimators.judged import Judged, labelled
from heatline_probes.estimators.kept_estimates import KeptEstimates, estimate_all
from heatline_probes.estimators.registry import ESTIMATORS, Resources
from heatline_probes.estimators.subject import Estimate

Float32 = NDArray[np.float32]
Progress = Callable[[str, int, int], None]

ASKING = (
    "verbalized",
    "p-true",
    "distractor-augmented",
)  # whose answers are worth waiting for several at a time


def run_comparison(
    corpora: Corpora,
    rows: Sequence[Mapping[str, Any]],
    verdicts: Mapping[str, Mapping[str, Any]],
    resources: Resources,
    estimators: Sequence[str],
    calibrators: Sequence[str],
    folder: Path,
    workers: int = 1,
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress = lambda stage, done, total: None,
) -> dict[str, Any]:
    """All estimators and calibrators on the greedy answers that can be labelled.

    Raises EvaluationError when there are none, or when an estimator or calibrator lacks what it needs.
    """
    if unknown := [name for name in calibrators if name not in CALIBRATORS and name != LOCAL]:
        known = ", ".join([*CALIBRATORS, LOCAL])
        raise EvaluationError(f"The calibrator {unknown[0]!r} is unknown. Use one of {known}.")
    assert resources.scorer is not None
    built = {name: ESTIMATORS[name](resources) for name in estimators}
    judged = labelled(corpora, rows, verdicts, resources.scorer)
    if not judged:
        raise EvaluationError("No answer has a verdict and labels. Give more answers.")
    kept = KeptEstimates(folder / "estimates")
    subjects = [one.subject for one in judged]
    estimates: dict[str, list[Estimate]] = {}
    for name, estimator in built.items():
        estimates[name] = []
        at_once = workers if name in ASKING else 1
        for done, estimate in enumerate(estimate_all(estimator, subjects, kept, at_once)):
            progress(name, done, len(subjects))
            estimates[name].append(estimate)
    states = _states(judged, resources) if LOCAL in calibrators else None
    progress("measuring", 0, 1)
    levels = compare(judged, estimates, calibrators, states, resamples=resamples, seed=seed)
    greedy = {str(row["problem_key"]) for row in rows if row["sample"] == 0}
    failing = [v for k, v in verdicts.items() if k in greedy and not v["passes"]]
    return {
        "model": resources.sampler,
        "supervisor": resources.scorer.supervisor,
        "probe": resources.scorer.probe.name,
        "probe_sha256": resources.scorer.probe.card.sha256,
        "programs": len(judged),
        "passing": sum(one.passes for one in judged),
        "unpatched": sum(not verdict.get("edits") for verdict in failing),
        "datasets": dict(sorted(Counter(one.dataset for one in judged).items())),
        "levels": levels,
    }


def _states(judged: Sequence[Judged], resources: Resources) -> list[Float32]:
    """RMS-normalised hidden states `(T, D)` of each program's tokens."""
    from heatline.scoring.sequences import SequenceRunner
    from heatline_probes.training.store import Source, embed_program

    assert resources.scorer is not None
    runner = SequenceRunner(resources.scorer.engine.session)
    found = []
    for one in judged:
        parts = [states for states, _ in embed_program(Source(one.subject.code), runner)]
        found.append(np.concatenate(parts).astype(np.float32))
        if len(found[-1]) != len(one.subject.spans):
            raise EvaluationError(
                "The supervisor's tokens changed on the way. Run the comparison in a new folder."
            )
    return found


def write_comparison(
    found: Mapping[str, Any], calibrators: Sequence[str], folder: Path, command: str
) -> list[Path]:
    """Write `comparison.json`, `.md` and `.html`, each whole or not at all."""
    texts = {
        "json": json.dumps(found, indent=1),
        "md": f"Made by `{command}`.\n\n{comparison_tables(found, calibrators)}",
        "html": comparison_page(found, calibrators, command),
    }
    written = []
    for ending, text in texts.items():
        path = folder / f"comparison.{ending}"
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        written.append(path)
    return written
