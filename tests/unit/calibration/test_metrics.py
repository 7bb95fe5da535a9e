"""Metrics against hand-computed cases and scikit-learn."""

import math

import numpy as np
import pytest

from heatline.calibration import (
    area_under_roc,
    brier_score,
    brier_skill_score,
    expected_calibration_error,
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
