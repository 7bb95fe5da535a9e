"""What all calibrators by name have in common: they mend a known distortion, travel as JSON and refuse nonsense."""

import json

import numpy as np
import pytest

from heatline.calibration import (
    HistogramCalibrator,
    IsotonicCalibrator,
    TemperatureCalibrator,
    brier_score,
    calibrator_from_json,
    expected_calibration_error,
)
from heatline.calibration.calibrators import sigmoid
from heatline.calibration.fitting import CALIBRATORS, fit_calibrator
from heatline.errors import ProbeError, SettingsError

DISTORTIONS = {
    "twice too sure": lambda x: 2 * x,
    "half as sure": lambda x: 0.5 * x,
    "too high": lambda x: x + 1.5,
    "crooked": lambda x: np.where(x > 0, x, 2 * x),
    "none": lambda x: x,
}


def distorted(distortion, seed=0, count=8000):
    """Logits after a distortion, what became of the spans, and the confidences that are right."""
    generator = np.random.default_rng(seed)
    true = generator.normal(0.5, 1.5, count)
    return DISTORTIONS[distortion](true), generator.random(count) < sigmoid(true), sigmoid(true)


@pytest.mark.parametrize("name", CALIBRATORS)
@pytest.mark.parametrize("distortion", DISTORTIONS)
def test_is_no_worse_than_identity_on_the_held_out_half(name, distortion):
    """Fitted on one half, the Brier score of the other is as good as of identity; noise costs less than 0.002."""
    x, kept, _ = distorted(distortion)
    fitted = fit_calibrator(name, x[:4000], kept[:4000])
    gained = brier_score(sigmoid(x[4000:]), kept[4000:]) - brier_score(fitted.predict(x[4000:]), kept[4000:])
    assert gained >= (-0.002 if distortion == "none" else 0)


@pytest.mark.parametrize("name", sorted(set(CALIBRATORS) - {"identity"}))
def test_recovers_the_confidences_behind_a_known_distortion(name):
    """Logits twice too sure come back to what they were, within the noise of 8,000 spans."""
    x, kept, right = distorted("twice too sure")
    fitted = fit_calibrator(name, x, kept)
    assert np.abs(fitted.predict(x) - right).mean() < 0.03
    assert expected_calibration_error(fitted.predict(x), kept) < 0.02


def test_temperature_is_the_factor_that_was_put_in():
    """Twice too sure is a temperature of two."""
    x, kept, _ = distorted("twice too sure", count=40_000)
    assert TemperatureCalibrator.fit(x, kept).temperature == pytest.approx(2, rel=0.05)


def test_temperature_cannot_turn_a_ranking_round():
    """Logits that are right the wrong way round come out as flat as can be, never inverted."""
    x, kept, _ = distorted("none")
    fitted = TemperatureCalibrator.fit(-x, kept)
    assert fitted.temperature > 100
    assert (np.diff(fitted.predict(np.linspace(-3, 3, 9))) >= 0).all()


def test_isotonic_agrees_with_scikit_learn():
    """Knots and what lies between and beyond them, ties among the logits too."""
    theirs = pytest.importorskip("sklearn.isotonic", reason="needs the probes extra")
    x, kept, _ = distorted("crooked", count=500)
    x = np.round(x, 1)
    expected = theirs.IsotonicRegression(out_of_bounds="clip").fit(x, kept)
    grid = np.linspace(-9, 9, 400)
    assert IsotonicCalibrator.fit(x, kept).predict(grid) == pytest.approx(expected.predict(grid))


def test_histogram_by_hand():
    """Two bins of two spans: (kept + 1) / (spans + 2)."""
    fitted = HistogramCalibrator.fit([-2.0, -1.0, 1.0, 2.0], [False, False, True, False], bins=2)
    assert fitted.edges == (0.0,)
    assert fitted.confidences == (0.25, 0.5)
    assert fitted.predict([-9.0, 0.0]).tolist() == [0.25, 0.5]


@pytest.mark.parametrize("name", CALIBRATORS)
def test_travels_as_json(name):
    """What is read back is equal to what was written."""
    x, kept, _ = distorted("crooked", count=400)
    fitted = fit_calibrator(name, x, kept)
    assert calibrator_from_json(json.loads(json.dumps(fitted.to_json()))) == fitted


@pytest.mark.parametrize("name", ["temperature", "isotonic", "histogram"])
def test_moves_to_another_base_rate_and_back(name):
    """Log-odds move by the difference of the base rates' log-odds."""
    x, kept, _ = distorted("crooked")
    fitted = fit_calibrator(name, x, kept)
    moved = fitted.shifted(0.9)
    points = np.asarray([-1.0, 0.0, 1.0])
    before, after = fitted.predict(points), moved.predict(points)
    step = np.log(9) - np.log(kept.mean() / (1 - kept.mean()))
    assert np.log(after / (1 - after)) - np.log(before / (1 - before)) == pytest.approx(np.full(3, step))
    assert calibrator_from_json(moved.to_json()) == moved


@pytest.mark.parametrize("name", CALIBRATORS)
@pytest.mark.parametrize(
    ("logits", "kept", "sentence"),
    [
        ([0.1, 0.2], [True, True], "both kept and edited"),
        ([], [], "both kept and edited"),
        ([0.1, float("nan")], [True, False], "finite logits"),
        ([0.1, float("inf")], [True, False], "finite logits"),
        ([0.1, 0.2, 0.3], [True, False], "lists of one length"),
    ],
)
def test_refuses_what_nothing_can_be_fitted_on(name, logits, kept, sentence):
    """One sentence that says what is missing."""
    with pytest.raises(ValueError, match=sentence):
        fit_calibrator(name, logits, kept)


def test_temperature_refuses_logits_that_are_all_zero():
    """Any temperature would do."""
    with pytest.raises(ValueError, match="no temperature"):
        TemperatureCalibrator.fit([0.0, 0.0], [True, False])


def test_an_unknown_name_is_refused_with_the_known_ones():
    """Whoever mistypes sees what there is."""
    with pytest.raises(SettingsError, match="isotonic"):
        fit_calibrator("istonic", [0.0, 1.0], [True, False])


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "temperature", "temperature": -1, "base_rate": 0.5, "shift": 0},
        {"kind": "isotonic", "logits": [0, 0], "confidences": [0.1, 0.2], "base_rate": 0.5, "shift": 0},
        {"kind": "isotonic", "logits": [0, 1], "confidences": [0.3, 0.2], "base_rate": 0.5, "shift": 0},
        {"kind": "isotonic", "logits": [], "confidences": [], "base_rate": 0.5, "shift": 0},
        {"kind": "histogram", "edges": [0], "confidences": [0.3], "base_rate": 0.5, "shift": 0},
        {"kind": "histogram", "edges": [1, 0], "confidences": [0.3] * 3, "base_rate": 0.5, "shift": 0},
        {"kind": "histogram", "edges": [0], "confidences": [0.3, 1.2], "base_rate": 0.5, "shift": 0},
    ],
)
def test_damaged_json_is_refused(raw):
    """Damage is found when it is read, not when a line is scored."""
    with pytest.raises(ProbeError, match="unknown or malformed"):
        calibrator_from_json(raw)
