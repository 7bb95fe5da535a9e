"""Multisampling: what other answers share."""

import numpy as np
import pytest

from heatline_probes.estimators.agreement import AGGREGATORS, Multisampling, agreement
from tests.unit.estimators.subjects import CODE, subject

RIGHT = CODE.replace("-", "+")


def test_a_token_that_differs_is_not_shared():
    """Only the sign differs."""
    one = subject()
    kept = agreement(CODE, one.spans, RIGHT)
    assert [CODE[a:b] for a, b in one.spans[~kept]] == ["-"]


def test_what_stands_before_an_insertion_is_not_shared():
    """As labels have it: the token behind inserted text is edited."""
    one = subject()
    kept = agreement(CODE, one.spans, CODE.replace("return a", "return 2 * a"))
    assert [CODE[a:b] for a, b in one.spans[~kept]] == ["a"]


def test_tokens_cut_elsewhere_need_all_their_pieces():
    """A supervisor's token over two pieces is kept only with both."""
    spans = np.asarray([(0, 4), (4, 8), (8, 20)])
    assert agreement("aaaa bbb = 1, 2, 3", spans, "aaaa ccc = 1, 2, 3").tolist() == [True, False, True]


def test_confidence_is_the_share_of_samples():
    """Three of four have the sign."""
    estimate = Multisampling().estimate(subject(samples=[CODE, CODE, RIGHT, CODE]))
    assert estimate.token.min() == pytest.approx(0.75)
    assert estimate.line[0] == 1.0


@pytest.mark.parametrize(
    ("aggregator", "expected"),
    [("mean", 0.75), ("gmean", np.sqrt(0.5)), ("min", 0.5), ("pre_min", 0.5), ("pre_mean", 0.5)],
)
def test_aggregators_by_hand(aggregator, expected):
    """Two samples, two tokens, one missed by one sample. Half of a sample's tokens are no majority."""
    assert AGGREGATORS[aggregator](np.asarray([[True, True], [True, False]])) == pytest.approx(expected)


def test_without_samples_it_says_nothing():
    """And counts it."""
    estimate = Multisampling().estimate(subject())
    assert np.isnan(estimate.problem)
    assert estimate.counts["without samples"] == 1
