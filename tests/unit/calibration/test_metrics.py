"""Metrics against hand-computed cases and scikit-learn."""

import math

import numpy as np
import pytest

from heatline.calibration import (
    area_under_roc,
    bin_coverage,
    brier_score,
    brier_skill_score,
    debiased_calibration_error,
    expected_calibration_error,
    smooth_calibration_error,
)

CONFIDENCE = [0.9, 0.8, 0.3, 0.6]
KEPT = [1, 1, 0, 0]


def test_brier_is_the_mean_squared_difference():
    assert brier_score(CONFIDENCE, KEPT) == pytest.approx((0.01 + 0.04 + 0.09 + 0.36) / 4)


def test_brier_skill_compares_with_the_base_rate():
    # always saying 0.5 has a Brier score of 0.25
    assert brier_skill_score(CONFIDENCE, KEPT) == pytest.approx(1 - 0.125 / 0.25)


def test_brier_skill_of_the_base_rate_is_zero():
    assert brier_skill_score([0.75] * 4, [1, 1, 1, 0]) == pytest.approx(0)


def test_brier_skill_is_undefined_for_one_outcome():
    assert math.isnan(brier_skill_score([0.5, 0.6], [1, 1]))


def test_ece_weighs_bins_by_their_size():
    # bins 0.8–0.9 and 0.3–0.4: (2/4)·|1 − 0.85| + (2/4)·|0.5 − 0.35|
    confidences = [0.82, 0.88, 0.32, 0.38]
    expected = 0.5 * (1 - 0.85) + 0.5 * (0.5 - 0.35)
    assert expected_calibration_error(confidences, [1, 1, 0, 1]) == pytest.approx(expected)


def test_a_confidence_of_one_falls_into_the_last_bin():
    assert expected_calibration_error([1.0, 0.95], [1, 1]) == pytest.approx(0.025)


def test_auc_counts_ties_half():
    # pairs (kept, edited): 0.9>0.5, 0.9>0.1, 0.5=0.5, 0.5>0.1
    assert area_under_roc([0.9, 0.5, 0.5, 0.1], [1, 1, 0, 0]) == pytest.approx(3.5 / 4)


def test_metrics_agree_with_scikit_learn():
    sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="needs the probes extra")
    generator = np.random.default_rng(0)
    p = generator.random(500).round(2)
    y = generator.random(500) < p
    assert area_under_roc(p, y) == pytest.approx(sklearn_metrics.roc_auc_score(y, p))
    assert brier_score(p, y) == pytest.approx(sklearn_metrics.brier_score_loss(y, p))


@pytest.mark.parametrize(
    ("confidences", "kept"), [([], []), ([0.5], [1, 0]), ([1.5], [1]), ([float("nan")], [1])]
)
def test_degenerate_input_is_refused(confidences, kept):
    with pytest.raises(ValueError, match="Confidences"):
        brier_score(confidences, kept)


def test_bin_coverage_counts_bins_that_are_used():
    """Three of ten bins hold spans; one with too few of them doesn't count."""
    confidences = [0.05] * 60 + [0.55] * 60 + [0.95] * 60
    assert bin_coverage(confidences, [1] * 180) == pytest.approx(0.3)
    assert bin_coverage([*confidences, 0.25], [1] * 181) == pytest.approx(0.3)


def test_debiased_error_takes_off_what_chance_adds():
    """Calibrated confidences in few spans: plain binning sees an error, the debiased one a third less."""
    generator = np.random.default_rng(0)
    plain, debiased = [], []
    for _ in range(60):
        p = generator.random(150)
        y = generator.random(150) < p
        plain.append(expected_calibration_error(p, y, 15))
        debiased.append(debiased_calibration_error(p, y))
    assert np.mean(plain) > 0.08
    assert np.mean(debiased) < 0.7 * np.mean(plain)


def test_debiased_error_keeps_what_is_real():
    """All confidences 0.2 too high: that is what it says."""
    generator = np.random.default_rng(0)
    p = generator.uniform(0.3, 0.9, 40_000)
    y = generator.random(40_000) < p - 0.2
    assert debiased_calibration_error(p, y) == pytest.approx(0.2, abs=0.01)


def test_debiased_gap_by_hand():
    """One bin of four spans, half of them kept, confidence 0.5: 2·0 − s·√(2/π) is below 0, so 0."""
    assert debiased_calibration_error([0.5] * 4, [1, 1, 0, 0]) == 0.0
    # confidence 0.9: gap 0.4, s = √(0.25/4) = 0.25, E|N(0.4, 0.25)| = 0.4126…
    z = 0.4 / 0.25
    folded = 0.25 * math.sqrt(2 / math.pi) * math.exp(-z * z / 2) + 0.4 * math.erf(z / math.sqrt(2))
    assert debiased_calibration_error([0.9] * 4, [1, 1, 0, 0]) == pytest.approx(0.8 - folded, abs=1e-6)


def test_smooth_error_of_a_constant_offset():
    """One confidence for all spans: the error is the offset, less what smoothing leaves unchanged of it."""
    assert smooth_calibration_error([0.7] * 100, [1] * 50 + [0] * 50) == pytest.approx(0.2, abs=0.005)


def test_smooth_error_of_calibrated_confidences_is_small():
    """And shrinks with more spans."""
    generator = np.random.default_rng(0)
    errors = []
    for n in (300, 30_000):
        p = generator.random(n)
        errors.append(smooth_calibration_error(p, generator.random(n) < p))
    assert errors[1] < 0.02 < errors[0]


def test_smooth_error_against_its_definition():
    """A kernel summed over mirror images, on a fine grid, with the width found by search."""
    generator = np.random.default_rng(1)
    p = generator.beta(2, 1, 400)
    y = (generator.random(400) < p**2).astype(float)
    grid = np.linspace(0, 1, 2001)

    def error(width):
        kernel = sum(
            np.exp(-((grid[:, None] - (sign * p + 2 * shift)[None]) ** 2) / (2 * width**2))
            for sign in (1, -1)
            for shift in (-1, 0, 1)
        ) / (width * np.sqrt(2 * np.pi))
        return np.abs(kernel @ (y - p) / len(p)).mean()

    low, high = 1e-3, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if error(middle) > middle else (low, middle)
    assert smooth_calibration_error(p, y) == pytest.approx(low, abs=2e-3)
