"""What `heatline calibrate` and `heatline report` do with evidence: a scaling, and a page about it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from heatline.history.calibrating import Judged
from heatline.history.evidence import Evidence
from heatline.history.reading import History
from heatline.history.rules import Rules
from heatline.history.validation import Quality, effort_curve, reliability
from heatline.history.workspace_scaling import FORMAT_VERSION, WorkspaceScaling, repository_key
from heatline.probe import SpanProbe
from heatline.report.reliability import Rates, ReliabilityPage, Scaled


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
    risk = 1 - judged.calibrator.predict(evidence.logits)
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
        slope=judged.calibrator.slope,
        intercept=judged.calibrator.intercept,
        threshold=float(np.quantile(risk, 0.9)),
        validation={
            "pastLines": len(judged.past),
            "laterLines": len(judged.later),
            "before": judged.before.to_json(),
            "after": judged.after.to_json(),
        },
    )


def reliability_page(
    evidence: Evidence,
    judged: Judged | None,
    scaling: WorkspaceScaling | None,
    *,
    name: str,
    horizon: float,
    outcome: str,
) -> ReliabilityPage:
    """The page: the shipped scaling and, when there is enough to judge it, the workspace's own."""
    edited, commits = int((~evidence.kept).sum()), len(np.unique(evidence.commit))
    facts = [
        f"{len(evidence):,} lines of {commits:,} commits, of which {edited:,} were {outcome} within {horizon:g} days."
    ]
    scalings: list[Scaled] = []
    if judged is not None:
        facts.append(
            f"Fitted on the first {len(judged.past):,} lines, judged on the {len(judged.later):,} that came later."
        )
        later = judged.later
        workspace = judged.fitted_on_past.predict(later.logits)
        scalings = [
            scaled_by("shipped", later.shipped, later.kept, judged.before),
            scaled_by("workspace", workspace, later.kept, judged.after),
        ]
    if scaling is not None and scaling.head:
        facts.append(
            f"The kept scaling was fitted on {scaling.lines:,} lines up to commit {scaling.head[:12]}."
        )
    return ReliabilityPage(f"Reliability in {name}", outcome, facts, scalings, base_rates(evidence))


def scaled_by(
    name: str, confidences: NDArray[np.float64], kept: NDArray[np.bool_], judged: Quality
) -> Scaled:
    """One scaling with its diagram and its effort curve."""
    return Scaled(name, judged, reliability(confidences, kept), effort_curve(confidences, kept))


def base_rates(evidence: Evidence) -> tuple[Rates, ...]:
    """Shares of edited lines over time, by language and by assistant."""
    months = np.asarray(
        [datetime.fromtimestamp(t, UTC).strftime("%Y-%m") for t in evidence.time.tolist()], np.str_
    )
    return (
        Rates("By month of writing", _groups(months, evidence.kept)),
        Rates("By language", _groups(evidence.language, evidence.kept)),
        Rates("By assistant", _groups(evidence.assistant, evidence.kept)),
    )


def _groups(names: NDArray[np.str_], kept: NDArray[np.bool_]) -> Sequence[tuple[str, int, int]]:
    return [
        (str(name), int((names == name).sum()), int((~kept[names == name]).sum()))
        for name in np.unique(names)
    ]
