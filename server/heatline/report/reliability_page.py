"""The reliability page of a repository: the shipped, the workspace's and the live scaling beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heatline.errors import InputError
from heatline.feedback.learning import drift, live_arrays, predicted_before
from heatline.feedback.store import Outcome
from heatline.history.calibration_run import judged_json
from heatline.history.validation import Bin, Quality, quality
from heatline.history.workspace_scaling import WorkspaceScaling
from heatline.report.reliability import Rates, ReliabilityPage, Scaled


def page_of(name: str, scaling: WorkspaceScaling | None, outcomes: Sequence[Outcome] = ()) -> ReliabilityPage:
    """The page of the repository ``name``.

    ``scaling`` is what `heatline calibrate` kept, ``outcomes`` what the editor remembered.  Raises ``InputError`` when
    there is neither, or the scaling lacks what a page needs.
    """
    if scaling is None and not outcomes:
        raise InputError(
            f"Nothing is known of {name} yet. Run `heatline calibrate` there, or turn on the setting `feedback`."
        )
    facts: list[str] = []
    shown: list[Scaled] = []
    rates: tuple[Rates, ...] = ()
    if scaling is not None:
        try:
            facts, shown, rates = _of_history(scaling)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"The scaling of {name} lacks what a page needs. Run `heatline calibrate` again."
            ) from error
    if outcomes:
        said, live = _of_outcomes(outcomes, scaling)
        facts += said
        shown += live
    outcome = "edited" if scaling is None else scaling.outcome
    return ReliabilityPage(f"Reliability in {name}", outcome, facts, shown, rates)


def _of_history(scaling: WorkspaceScaling) -> tuple[list[str], list[Scaled], tuple[Rates, ...]]:
    if scaling.given_rate is not None:
        return [scaling.basis()], [], ()
    held: Mapping[str, Any] = scaling.validation
    facts = [
        scaling.basis(),
        f"Fitted on the first {held['pastLines']:,} lines and judged on the {held['laterLines']:,} that came later; "
        f"the scaling in use was then fitted on all, up to commit {scaling.head[:12]}.",
    ]
    rates = tuple(
        Rates(title, [(str(name), int(lines), int(edited)) for name, lines, edited in groups])
        for title, groups in held["rates"].items()
    )
    return facts, [_scaled(name, held[name]) for name in ("shipped", "workspace")], rates


def _of_outcomes(
    outcomes: Sequence[Outcome], scaling: WorkspaceScaling | None
) -> tuple[list[str], list[Scaled]]:
    live = live_arrays(outcomes)
    facts = [
        f"{len(live.kept):,} lines that the editor showed are decided, {int((~live.kept).sum()):,} of them edited."
    ]
    found = drift(outcomes)
    if found is not None:
        facts.append(
            found.sentence()
            if found.alarm
            else f"Of the last {found.lines:,} {found.observed:.1%} were edited; {found.predicted:.1%} were expected."
        )
    if not live.enough:
        return facts, []
    from heatline.calibration.calibrators import PlattCalibrator

    rate = float(live.kept.mean())
    start = PlattCalibrator(1.0, 0.0, rate) if scaling is None else scaling.calibrator()
    said = [("shown in the editor", live.confidences), ("live", predicted_before(live, start))]
    return facts, [
        _scaled(name, judged_json(p, live.kept, quality(p, live.kept, live.group))) for name, p in said
    ]


def _scaled(name: str, raw: Mapping[str, Any]) -> Scaled:
    return Scaled(
        name,
        Quality.from_json(raw["quality"]),
        [Bin(float(risk), float(edited), int(lines)) for risk, edited, lines in raw["bins"]],
        [(float(x), float(y)) for x, y in raw["effort"]],
    )
