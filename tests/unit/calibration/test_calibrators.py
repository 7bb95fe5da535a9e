"""Platt scaling recovers known distortions and serialises."""

import numpy as np
import pytest

from heatline.calibration import (
    IdentityCalibrator,
    PlattCalibrator,
    brier_score,
    calibrator_from_json,
    expected_calibration_error,
)
from heatline.calibration.calibrators import sigmoid
from heatline.errors import ProbeError


@pytest.fixture(scope="module")
def distorted():
    """Logits three times too sure and shifted, with outcomes drawn from the true ones."""
    generator = np.random.default_rng(1)
    true = generator.normal(1.0, 1.5, 20_000)
    return 3 * true - 2, generator.random(20_000) < sigmoid(true)


def test_platt_recovers_a_known_distortion(distorted):
    logits, kept = distorted
    fitted = PlattCalibrator.fit(logits, kept)
    assert fitted.slope == pytest.approx(1 / 3, rel=0.05)
    assert fitted.intercept == pytest.approx(2 / 3, rel=0.08)


def test_platt_beats_identity_on_the_other_half(distorted):
    logits, kept = distorted
    fitted = PlattCalibrator.fit(logits[::2], kept[::2])
    scaled, unscaled = fitted.predict(logits[1::2]), sigmoid(logits[1::2])
    assert brier_score(scaled, kept[1::2]) < brier_score(unscaled, kept[1::2])
    assert expected_calibration_error(scaled, kept[1::2]) < 0.02


def test_targets_are_smoothed_so_that_separable_spans_stay_finite():
    fitted = PlattCalibrator.fit([-1.0, -2.0, 1.0, 2.0], [0, 0, 1, 1])
    assert np.isfinite([fitted.slope, fitted.intercept]).all()
    assert fitted.predict([2.0])[0] < 1


def test_agrees_with_scikit_learns_platt_scaling(distorted):
    calibration = pytest.importorskip("sklearn.calibration", reason="needs the probes extra")
    logits, kept = distorted
    theirs = calibration._SigmoidCalibration().fit(logits, kept)
    assert PlattCalibrator.fit(logits, kept).predict([-1.0, 0.0, 2.0]) == pytest.approx(
        theirs.predict(np.asarray([-1.0, 0.0, 2.0])), abs=1e-3
    )


@pytest.mark.parametrize("kept", [[1, 1], [0, 0]])
def test_one_outcome_alone_is_refused(kept):
    with pytest.raises(ValueError, match="both kept and edited"):
        PlattCalibrator.fit([0.0, 1.0], kept)


def test_non_finite_logits_are_refused():
    with pytest.raises(ValueError, match="finite"):
        PlattCalibrator.fit([0.0, np.inf], [0, 1])


@pytest.mark.parametrize("calibrator", [IdentityCalibrator(), PlattCalibrator(1.5, -0.25, 0.8)])
def test_round_trip_through_json(calibrator):
    assert calibrator_from_json(calibrator.to_json()) == calibrator


@pytest.mark.parametrize("raw", [{}, {"kind": "magic"}, {"kind": "platt", "slope": "x"}])
def test_malformed_calibrators_are_refused(raw):
    with pytest.raises(ProbeError, match="unknown or malformed"):
        calibrator_from_json(raw)


def test_sigmoid_does_not_overflow():
    assert sigmoid([-1000.0, 0.0, 1000.0]).tolist() == [0.0, 0.5, 1.0]
