"""The probe as one estimator among others."""

from dataclasses import dataclass

import numpy as np

from heatline.scorer import Scorer
from heatline_probes.estimators.subject import Estimate, Subject


@dataclass(frozen=True)
class ProbeEstimator:
    """Unscaled confidences of a supervisor's probe; the whole is as sure as its least sure scope."""

    scorer: Scorer
    name: str = "probe"

    @property
    def identity(self) -> str:
        """Name and the probe's hash."""
        return f"{self.name} {self.scorer.probe.card.sha256}"

    def estimate(self, subject: Subject) -> Estimate:
        """Confidences of one subject, whose tokens must be those of this scorer."""
        scored = self.scorer.score(subject.code, subject.problem.language or "python")
        token = {(t.start, t.end): t.unscaled_confidence for t in scored.tokens}
        line = {entry.line: entry.unscaled_confidence for entry in scored.lines}
        return Estimate(
            np.asarray([token.get((int(a), int(b)), np.nan) for a, b in subject.spans], np.float64),
            np.asarray([line.get(int(number), np.nan) for number in subject.line_numbers], np.float64),
            min((scope.unscaled_confidence for scope in scored.scopes), default=float("nan")),
        )
