"""Fits scaling to one repository: on the past, judged on what came later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import brier_score
from heatline.calibration.calibrators import PlattCalibrator
from heatline.calibration.logistic import log_odds
from heatline.errors import InputError
from heatline.history.evidence import Evidence
from heatline.history.validation import Quality, quality

PAST = 0.6
FEWEST_EDITED = 50
FEWEST_KEPT = 50
FEWEST_COMMITS = 10


@dataclass(frozen=True)
class LanguageScaling:
    """Platt scaling of lines: ``whole`` for all, and one of their own for the ``languages`` that carry it."""

    whole: PlattCalibrator
    languages: Mapping[str, PlattCalibrator] = field(default_factory=dict)

    def predict(self, lines: Evidence) -> NDArray[np.float64]:
        """Confidences ``(n,)``, each line by its language's calibrator."""
        confidences = self.whole.predict(lines.logits)
        for language, calibrator in self.languages.items():
            own = lines.language == language
            confidences[own] = calibrator.predict(lines.logits[own])
        return confidences


@dataclass(frozen=True)
class Judged:
    """A scaling fitted on all lines, and how one fitted on the past alone did on the later ones."""

    scaling: LanguageScaling
    past: Evidence
    later: Evidence
    fitted_on_past: LanguageScaling
    before: Quality  # the shipped scaling, on the later lines
    after: Quality


def fit_and_judge(evidence: Evidence, outcome: str = "fixed") -> Judged:
    """Fit on the first 60 % of lines and judge on the later ones; then fit on all.

    Raises ``InputError``, saying how much is missing, when the evidence is too thin.
    """
    check_enough(evidence, outcome)
    past, later = split_by_time(evidence)
    for name, part in (("earlier", past), ("later", later)):
        if part.kept.all() or not part.kept.any():
            raise InputError(
                f"All {len(part):,} lines of the {name} part of history met the same fate, so nothing can be fitted "
                "and judged. Wait for more commits, or give a longer history with --horizon or --all."
            )
    on_past = fit_by_language(past)
    return Judged(
        fit_by_language(evidence),
        past,
        later,
        on_past,
        quality(later.shipped, later.kept, later.commit),
        quality(on_past.predict(later), later.kept, later.commit),
    )


def check_enough(evidence: Evidence, outcome: str = "fixed") -> None:
    """Raise ``InputError`` unless there are enough lines of both outcomes, and commits."""
    if missing := missing_evidence(evidence, outcome):
        raise InputError(
            f"The history is too thin to calibrate on: it lacks {', '.join(missing)}. Wait for more, give a shorter "
            "--horizon, use everybody's lines with --all, or give the share of edited lines, if you know it, with "
            "--base-rate."
        )


def missing_evidence(evidence: Evidence, outcome: str = "fixed") -> list[str]:
    """What ``evidence`` lacks to be fitted on, in words; empty when it is enough."""
    edited = int((~evidence.kept).sum())
    kept, commits = len(evidence) - edited, len(np.unique(evidence.commit))
    missing = []
    if edited < FEWEST_EDITED:
        missing.append(f"{FEWEST_EDITED - edited} more {outcome} lines ({edited} of {FEWEST_EDITED})")
    if kept < FEWEST_KEPT:
        missing.append(f"{FEWEST_KEPT - kept} more kept lines ({kept} of {FEWEST_KEPT})")
    if commits < FEWEST_COMMITS:
        missing.append(f"{FEWEST_COMMITS - commits} more commits ({commits} of {FEWEST_COMMITS})")
    return missing


def split_by_time(evidence: Evidence) -> tuple[Evidence, Evidence]:
    """The first 60 % of lines and the rest; no commit is in both."""
    cut = int(np.ceil(PAST * len(evidence)))
    moment = evidence.time[min(cut, len(evidence) - 1)]
    earlier = evidence.time < moment
    if not earlier.any():
        earlier = evidence.time <= moment
    return evidence.part(earlier), evidence.part(~earlier)


def fit_by_language(evidence: Evidence) -> LanguageScaling:
    """One calibrator for all lines; languages get their own where that held on later lines of ``evidence``.

    A language needs as much evidence as a repository does (``check_enough``).  Whether its own calibrators are taken
    is decided within ``evidence``: both are fitted on its earlier lines, and the smaller Brier score on its later ones
    wins, so that nothing which judges the result has chosen it.
    """
    whole = fit(evidence)
    parts = {str(name): evidence.part(evidence.language == name) for name in np.unique(evidence.language)}
    names = [name for name, part in parts.items() if not missing_evidence(part)]
    if len(parts) < 2 or not names:
        return LanguageScaling(whole)
    earlier, later = split_by_time(evidence)
    tried = {
        name: fit(part)
        for name in names
        if not (part := earlier.part(earlier.language == name)).kept.all() and part.kept.any()
    }
    if earlier.kept.all() or not earlier.kept.any() or not tried or not len(later):
        return LanguageScaling(whole)
    scores = [
        brier_score(scaling.predict(later), later.kept)
        for scaling in (LanguageScaling(fit(earlier)), LanguageScaling(fit(earlier), tried))
    ]
    if scores[1] >= scores[0]:
        return LanguageScaling(whole)
    return LanguageScaling(whole, {name: fit(parts[name]) for name in names})


def fit(evidence: Evidence) -> PlattCalibrator:
    """Platt scaling with each commit's lines weighted down to what a commit can tell.

    Lines of one commit share their fate, so ``n`` lines count as ``√n``.  Where higher logits were not kept more
    often, the probe says nothing here, and the base rate alone is taken.  The intercept makes the mean confidence
    of all lines their base rate.
    """
    _, group, counts = np.unique(evidence.commit, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(counts[group])
    fitted = PlattCalibrator.fit(evidence.logits, evidence.kept, weights * len(evidence) / weights.sum())
    rate = float(evidence.kept.mean())
    if fitted.slope <= 0:
        return PlattCalibrator(0.0, float(log_odds(rate)), rate)
    return replace(fitted, base_rate=rate).matched(evidence.logits)
