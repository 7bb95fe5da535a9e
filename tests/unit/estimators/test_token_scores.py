"""Fine-grained and sequence scores, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline_probes.estimators.kneedle import knee
from heatline_probes.estimators.token_scores import (
    SCORES,
    aligned,
    attention_rollout,
    attention_weighted_confidence,
    average_token_probability,
    lowest_k_probability,
    minimum_token_probability,
    normalised_sequence_likelihood,
    per_span,
)

LOGS = np.log([0.5, 0.8, 1.0])


def test_scores_by_hand():
    """Probabilities 0.5, 0.8 and 1."""
    assert minimum_token_probability(LOGS) == pytest.approx(0.5)
    assert average_token_probability(LOGS) == pytest.approx(2.3 / 3)
    assert normalised_sequence_likelihood(LOGS) == pytest.approx(0.4 ** (1 / 3))


def test_lowest_k_stops_at_the_bend():
    """Two low ones, then a plateau: the bend is where the plateau begins."""
    probabilities = [0.9, 0.1, 0.95, 0.6, 0.92, 0.93]
    # sorted 0.1 0.6 0.9 0.92 0.93 0.95; value less position is largest at 0.9
    assert knee(np.sort(probabilities)) == 2
    assert lowest_k_probability(np.log(probabilities)) == pytest.approx((0.1 + 0.6 + 0.9) / 3)


def test_lowest_k_takes_the_first_bend():
    """With sensitivity 0 a curve that starts flatter than it goes on bends at its first value already."""
    assert knee([0.1, 0.2, 0.9, 0.92, 0.93, 0.95]) == 0


def test_lowest_k_without_a_bend_takes_all():
    """Two tokens, or equal ones, have no bend."""
    assert lowest_k_probability(np.log([0.2, 0.6])) == pytest.approx(0.4)
    assert lowest_k_probability(np.log([0.7, 0.7, 0.7])) == pytest.approx(0.7)


def test_knee_is_that_of_the_library():
    """Of a concave curve, with sensitivity 0."""
    kneed = pytest.importorskip("kneed", reason="kneed is not installed")
    for seed in range(20):
        values = np.sort(1 - np.random.default_rng(seed).random(40) ** 3)
        found = kneed.KneeLocator(range(40), values, S=0, curve="concave", direction="increasing")
        assert knee(values) == found.knee


def test_attention_weights_decide_what_counts():
    """All weight on a sure token: sure; equal weights: the mean; no weights at all: the mean too."""
    assert attention_weighted_confidence(LOGS, [0, 0, 5]) == pytest.approx(1.0)
    assert attention_weighted_confidence(LOGS, [1, 1, 1]) == pytest.approx(2.3 / 3)
    assert attention_weighted_confidence(LOGS, [0, 0, 0]) == pytest.approx(2.3 / 3)
    assert attention_weighted_confidence(LOGS, [3, 1, 0]) == pytest.approx(1 - (0.75 * 0.5 + 0.25 * 0.2))


def test_rollout_by_hand():
    """Two layers of two positions: half of each layer is the residual stream."""
    first = np.asarray([[1.0, 0.0], [1.0, 0.0]])
    second = np.asarray([[1.0, 0.0], [0.4, 0.6]])
    # (A+I)/2: [[1,0],[.5,.5]] and [[1,0],[.2,.8]]; second @ first, last row: .2 + .8·.5, .8·.5
    assert attention_rollout([first, second]) == pytest.approx([0.6, 0.4])


@pytest.mark.parametrize("score", [*SCORES.values(), lowest_k_probability])
@given(st.lists(st.floats(-30, 0), min_size=1, max_size=30))
def test_scores_are_confidences_between_the_extremes(score, logs):
    """Never below the least probability, never above the largest."""
    value = score(logs)
    assert np.exp(min(logs)) - 1e-9 <= value <= np.exp(max(logs)) + 1e-9


@pytest.mark.parametrize("score", [*SCORES.values(), lowest_k_probability])
def test_unknown_tokens_are_left_out(score):
    """NaN in, the rest counts; nothing but NaN gives NaN."""
    assert score([np.nan, np.log(0.5)]) == pytest.approx(0.5)
    assert np.isnan(score([np.nan]))
    assert np.isnan(score([]))


def test_alignment_takes_the_least_of_what_overlaps():
    """Other cuts of the same text: a token has the least of the pieces it shares characters with."""
    here = [(0, 4), (4, 6), (6, 9), (9, 11)]
    there = [(0, 2), (2, 5), (5, 8)]
    assert aligned(here, there, [0.9, 0.3, 0.6]) == pytest.approx([0.3, 0.3, 0.6, np.nan], nan_ok=True)


def test_alignment_of_the_same_tokens_changes_nothing():
    """And white space between tokens belongs to none."""
    spans = [(0, 3), (4, 7)]
    assert aligned(spans, spans, [0.1, 0.2]).tolist() == [0.1, 0.2]


def test_scores_per_line():
    """Tokens of a line need not be neighbours."""
    rows = np.asarray([0, 1, 0, 2])
    logs = np.log([0.9, 0.5, 0.3, 0.7])
    assert per_span(logs, rows, 3, minimum_token_probability) == pytest.approx([0.3, 0.5, 0.7])
