"""Metrics beside calibration error: by hand, and against a library where one has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline.calibration import (
    adaptive_calibration_error,
    collapse_warning,
    full_calibration_error,
    kendall_tau_b,
    maximum_calibration_error,
    median_skewness,
    negative_log_likelihood,
    wasserstein_distance,
)

CONFIDENCES = [0.05, 0.15, 0.15, 0.95]
KEPT = [0, 1, 0, 1]


@pytest.fixture(scope="module")
def spans():
    """Confidences with ties, and outcomes that follow them."""
    generator = np.random.default_rng(0)
    confidences = np.round(generator.beta(4, 2, 600), 2)
    return confidences, (generator.random(600) < confidences).astype(float)


def test_maximum_calibration_error_by_hand():
    """Bins 0, 1 and 9: gaps 0.05, |0.5 − 0.15| and 0.05."""
    assert maximum_calibration_error(CONFIDENCES, KEPT) == pytest.approx(0.35)


def test_adaptive_calibration_error_by_hand():
    """Two bins of two: |0.5 − 0.1| and |0.5 − 0.75|, whatever their width."""
    assert adaptive_calibration_error([0.05, 0.15, 0.6, 0.9], [0, 1, 0, 1], bins=2) == pytest.approx(0.325)


def test_negative_log_likelihood_by_hand():
    """Half a confidence costs ln 2; certainty that is wrong costs much, but is finite."""
    assert negative_log_likelihood([0.5, 0.25], [1, 0]) == pytest.approx((np.log(2) - np.log(0.75)) / 2)
    assert np.isfinite(negative_log_likelihood([1.0], [0]))


def test_negative_log_likelihood_agrees_with_scikit_learn(spans):
    """As its log loss."""
    theirs = pytest.importorskip("sklearn.metrics", reason="needs the probes extra")
    confidences = np.clip(spans[0], 0.01, 0.99)
    assert negative_log_likelihood(confidences, spans[1]) == pytest.approx(
        theirs.log_loss(spans[1], confidences)
    )


def test_full_calibration_error_by_hand():
    """Two tokens of a vocabulary of three: the bins of 0.7, of 0.2 and of 0.1 hold two entries each."""
    probabilities = [[0.7, 0.2, 0.1], [0.1, 0.7, 0.2]]
    # the first token came, then the third: right are one 0.7 and one 0.2
    expected = (abs(1 - 1.4) + abs(1 - 0.4) + abs(0 - 0.2)) / 6
    assert full_calibration_error(probabilities, [0, 2]) == pytest.approx(expected)


def test_full_calibration_error_vanishes_for_tokens_drawn_from_it():
    """A model that means its probabilities has next to none."""
    generator = np.random.default_rng(1)
    probabilities = generator.dirichlet(np.full(8, 0.5), 20_000)
    chosen = (generator.random((20_000, 1)) > np.cumsum(probabilities, axis=1)).sum(axis=1)
    assert full_calibration_error(probabilities, np.minimum(chosen, 7)) < 0.003
    assert full_calibration_error(probabilities, np.zeros(20_000, int)) > 0.05


@pytest.mark.parametrize("probabilities", [[[0.5, 0.4]], [[1.5, -0.5]], [0.5, 0.5]])
def test_full_calibration_error_refuses_what_are_no_probabilities(probabilities):
    """A row must add up to one."""
    with pytest.raises(ValueError, match=r"Full-ECE|add up to 1"):
        full_calibration_error(probabilities, [0])


def test_wasserstein_distance_by_hand():
    """Edited at 0.1 and 0.3, kept at 0.9: 0.7 on average."""
    assert wasserstein_distance([0.1, 0.3, 0.9], [0, 0, 1]) == pytest.approx(0.7)
    assert np.isnan(wasserstein_distance([0.2, 0.4], [1, 1]))


def test_wasserstein_distance_agrees_with_scipy(spans):
    """The earth mover's distance of the two groups."""
    theirs = pytest.importorskip("scipy.stats", reason="needs the probes extra")
    confidences, kept = spans
    expected = theirs.wasserstein_distance(confidences[kept == 1], confidences[kept == 0])
    assert wasserstein_distance(confidences, kept) == pytest.approx(expected)


def test_kendall_by_hand():
    """Three pairs, two of them in order: (2 − 1) / 3."""
    assert kendall_tau_b([1, 2, 3], [1, 3, 2]) == pytest.approx(1 / 3)
    assert np.isnan(kendall_tau_b([1, 1], [0, 1]))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=40),
)
def test_kendall_agrees_with_scipy(pairs):
    """With ties on both sides, and two outcomes or more."""
    theirs = pytest.importorskip("scipy.stats", reason="needs the probes extra")
    scores, outcomes = np.asarray(pairs, float).T
    expected = theirs.kendalltau(scores, outcomes, variant="b").statistic
    assert kendall_tau_b(scores, outcomes) == pytest.approx(expected, nan_ok=True)


def test_median_skewness_by_hand():
    """Mean 0.5, median 0.6, population spread 0.3741…: a tail towards low confidences."""
    values = [0.0, 0.6, 0.9]
    assert median_skewness(values) == pytest.approx(3 * (0.5 - 0.6) / np.std(values))
    assert median_skewness([0.4, 0.4]) == 0


def test_collapse_is_said():
    """Ninety of a hundred in one bin; and not where they spread."""
    warned = collapse_warning([0.95] * 90 + [0.1] * 10)
    assert warned is not None
    assert "90%" in warned
    assert "0.9 and 1.0" in warned
    assert collapse_warning(np.linspace(0, 1, 100)) is None
