"""What outcomes say of the risks that were shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline.calibration import expected_calibration_error
from heatline.calibration.calibrators import PlattCalibrator
from heatline.feedback.learning import (
    OnlinePlatt,
    drift,
    joined_with_history,
    live_arrays,
    predicted_before,
    wilson,
)
from heatline.feedback.store import Outcome
from heatline.history.written_lines import NOBODY, Fate, WrittenLines


def outcomes(count: int, edited: float, confidence: float, seed: int = 0) -> list[Outcome]:
    """``count`` decided lines, one a file, a share ``edited`` of which was edited."""
    fates = np.random.default_rng(seed).permutation(np.arange(count) < edited * count)
    return [
        Outcome("r", i, i, "p", "python", 0.0, confidence, i, "edited" if gone else "kept", i)
        for i, gone in enumerate(fates.tolist())
    ]


def test_too_few_outcomes_say_nothing_of_drift() -> None:
    assert drift(outcomes(99, 0.5, 0.9)) is None


def test_risks_that_hold_raise_no_alarm() -> None:
    found = drift(outcomes(400, 0.1, 0.9))
    assert found is not None
    assert not found.alarm


@pytest.mark.parametrize("edited", [0.0, 0.3])
def test_risks_that_parted_from_what_happens_raise_an_alarm(edited: float) -> None:
    found = drift(outcomes(400, edited, 0.9))
    assert found is not None
    assert found.alarm
    assert "drifted" in found.sentence()


def test_many_lines_of_one_file_are_not_much_evidence() -> None:
    one_file = [
        Outcome("r", 1, o.line, "p", "python", 0.0, 0.9, o.shown, o.fate, o.decided)
        for o in outcomes(120, 0.2, 0.9)
    ]
    found = drift(one_file)
    assert found is not None
    assert not found.alarm


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_wilsons_interval_holds_the_rate(rate: float, count: float) -> None:
    low, high = wilson(rate, count)
    assert 0 <= low <= rate + 1e-9
    assert rate - 1e-9 <= high <= 1


def test_online_scaling_comes_to_the_rate_of_what_happens() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=3000)
    kept = rng.random(3000) < 1 / (1 + np.exp(-(0.5 * logits + 2)))
    said = [
        Outcome("r", i, i, "p", "python", float(x), 0.5, i, "kept" if y else "edited", i)
        for i, (x, y) in enumerate(zip(logits, kept, strict=True))
    ]
    live = live_arrays(said)
    predicted = predicted_before(live, PlattCalibrator(1.0, 0.0, 0.5))
    assert expected_calibration_error(predicted[1000:], live.kept[1000:]) < 0.05


@given(st.lists(st.tuples(st.floats(-8, 8), st.booleans()), max_size=60))
def test_online_scaling_never_turns_the_order_round(seen: list[tuple[float, bool]]) -> None:
    online = OnlinePlatt(PlattCalibrator(1.0, 0.0, 0.7))
    for logit, kept in seen:
        online.learn(logit, kept)
    low, high = online.calibrator.predict([-3.0, 3.0]).tolist()
    assert 0 <= low <= high <= 1


def test_a_line_that_was_fixed_after_its_commit_counts_as_edited() -> None:
    day = 86_400
    lines = WrittenLines(
        commit=np.asarray([0], np.int32), path=np.zeros(1, np.int32), line=np.ones(1, np.int32),
        writer=np.zeros(1, np.int32), content=np.asarray([77]), alive=np.asarray([False]),
        death=np.asarray([int(Fate.FIXED)], np.int32), death_commit=np.asarray([1], np.int32),
        age=np.asarray([3.0]), followed=np.asarray([400.0]), later_commits=np.ones(1, np.int32), commits=("a", "b"),
        times=np.asarray([10 * day, 13 * day]), paths=("a.py",), writers=("Claude",),
    )  # fmt: skip
    kept = Outcome("r", 1, 77, "p", "python", 0.0, 0.9, 9 * day, "kept", 10 * day)
    other = Outcome("r", 1, 78, "p", "python", 0.0, 0.9, 9 * day, "kept", 10 * day)
    later = Outcome("r", 1, 77, "p", "python", 0.0, 0.9, 11 * day, "kept", 12 * day)
    assert [each.fate for each in joined_with_history([kept, other, later], lines, 90)] == [
        "edited",
        "kept",
        "kept",
    ]
    assert NOBODY < 0
