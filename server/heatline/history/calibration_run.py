"""From evidence to the scaling that is kept, with what a page about it says."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.history.calibrating import Judged
from heatline.history.evidence import Evidence
from heatline.history.reading import History
from heatline.history.rules import Rules
from heatline.history.validation import Quality, effort_curve, reliability
from heatline.history.workspace_scaling import FORMAT_VERSION, WorkspaceScaling, repository_key
from heatline.probe import SpanProbe


def make_scaling(
    judged: Judged,
    evidence: Evidence,
    history: History,
    probe: SpanProbe,
    rules: Rules,
    *,
    horizon: float,
    outcome: str,
) -> WorkspaceScaling:
    """The scaling that is kept; it flags the tenth of lines with the highest risk."""
    risk = 1 - judged.scaling.predict(evidence)
    later = judged.later
    workspace = judged.fitted_on_past.predict(later)
    return WorkspaceScaling(
        format_version=FORMAT_VERSION,
        probe=probe.name,
        probe_sha256=probe.card.sha256,
        bundle_hash=probe.bundle_hash,
        repository=repository_key(history.repository),
        head=history.head,
        created=int(time.time()),
        rules=rules.key,
        outcome=outcome,
        horizon_days=horizon,
        lines=len(evidence),
        commits=len(np.unique(evidence.commit)),
        edited=int((~evidence.kept).sum()),
        slope=judged.scaling.whole.slope,
        intercept=judged.scaling.whole.intercept,
        threshold=float(np.quantile(risk, 0.9)),
        languages={name: each.to_json() for name, each in sorted(judged.scaling.languages.items())},
        validation={
            "pastLines": len(judged.past),
            "laterLines": len(later),
            "shipped": judged_json(later.shipped, later.kept, judged.before),
            "workspace": judged_json(workspace, later.kept, judged.after),
            "rates": base_rates(evidence),
        },
    )


def judged_json(confidences: NDArray[np.float64], kept: NDArray[np.bool_], judged: Quality) -> dict[str, Any]:
    """One scaling's figures, reliability bins (risk, edited, lines) and effort curve (lines, found) as JSON."""
    return {
        "quality": judged.to_json(),
        "bins": [[round(b.risk, 5), round(b.edited, 5), b.lines] for b in reliability(confidences, kept)],
        "effort": [[round(x, 4), round(y, 4)] for x, y in effort_curve(confidences, kept)],
    }


def base_rates(evidence: Evidence) -> dict[str, Sequence[tuple[str, int, int]]]:
    """(name, lines, edited) of each month of writing, language and assistant."""
    months = [datetime.fromtimestamp(t, UTC).strftime("%Y-%m") for t in evidence.time.tolist()]
    return {
        "By month of writing": _groups(np.asarray(months, np.str_), evidence.kept),
        "By language": _groups(evidence.language, evidence.kept),
        "By assistant": _groups(evidence.assistant, evidence.kept),
    }


def _groups(names: NDArray[np.str_], kept: NDArray[np.bool_]) -> Sequence[tuple[str, int, int]]:
    return [
        (str(name), int((names == name).sum()), int((~kept[names == name]).sum()))
        for name in np.unique(names)
    ]
