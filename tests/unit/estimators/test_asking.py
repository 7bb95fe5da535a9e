"""Endpoints that misbehave: asked again with back-off, then the documented fallback, all of it counted."""

import numpy as np
import pytest

from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.estimators.asking import Asker, Patience
from heatline_probes.estimators.reflective import DistractorAugmented, PTrue, Verbalized
from tests.unit.estimators.fake_endpoint import fake_endpoint, said
from tests.unit.estimators.subjects import subject

GOOD = said("The sign is wrong.\n[0.9, 0.2, 1.0]")


def asker(url, pauses, attempts=4, timeout=20.0):
    """An asker that writes its pauses down instead of sleeping."""
    model = Endpoint(url, "m", timeout=timeout, retries=0)
    return Asker(model, Patience(attempts, sleep=pauses.append), max_tokens=64)


@pytest.mark.parametrize(
    ("bad", "count"),
    [
        (429, "failed"),
        (500, "failed"),
        ("cut", "failed"),
        ("no JSON at all", "failed"),
        ({"choices": []}, "failed"),
        (said("All lines look right to me."), "malformed: no list"),
        (said("[0.9, 0.2]"), "malformed: too short"),
        (said("[0.9, 0.2, 0.3, 0.4]"), "malformed: too long"),
        (said("[0.9, NaN, 0.3]"), "malformed: not finite"),
        (said("[0.9, 1.2, 0.3]"), "malformed: outside 0 to 1"),
        (said('[0.9, "high", 0.3]'), "malformed: not a list of numbers"),
        (said("[0.9, true, 0.3]"), "malformed: not a list of numbers"),
        (said("I think that", finish="length"), "malformed: cut off"),
    ],
)
def test_a_bad_answer_is_asked_again(bad, count):
    """Whatever is wrong with the first, the second is used; and both are counted."""
    pauses = []
    with fake_endpoint(bad, GOOD) as (url, asked):
        estimate = Verbalized(asker(url, pauses)).estimate(subject())
    assert estimate.line.tolist() == [0.9, 0.2]
    assert estimate.counts[count] == 1
    assert (estimate.counts["requests"], estimate.counts["compliant"]) == (2, 0)
    assert len(asked) == 2
    assert pauses == [1.0]


def test_a_silent_endpoint_times_out_and_is_asked_again():
    """The client gives up after its time, not the test's."""
    with fake_endpoint("silent", GOOD) as (url, _):
        estimate = Verbalized(asker(url, [], timeout=0.3)).estimate(subject())
    assert estimate.line.tolist() == [0.9, 0.2]
    assert estimate.counts["failed"] == 1


def test_after_the_last_attempt_it_says_nothing():
    """Four times prose: no confidences, twice as long a pause each time, and one fallback."""
    pauses = []
    with fake_endpoint(said("Fine.")) as (url, _):
        estimate = Verbalized(asker(url, pauses)).estimate(subject())
    assert np.isnan(estimate.line).all()
    assert np.isnan(estimate.token).all()
    assert np.isnan(estimate.problem)
    assert estimate.counts["fell back"] == 1
    assert estimate.counts["malformed"] == 4
    assert pauses == [1.0, 2.0, 4.0]


def test_an_endpoint_that_is_gone_falls_back_too():
    """Nothing listens there."""
    estimate = Verbalized(asker("http://127.0.0.1:1/v1", [], attempts=2)).estimate(subject())
    assert estimate.counts["failed"] == 2
    assert estimate.counts["fell back"] == 1


def test_verbalized_gives_tokens_their_line_and_the_whole_the_lowest():
    """A good answer at once is compliant."""
    with fake_endpoint(GOOD) as (url, asked):
        estimate = Verbalized(asker(url, [])).estimate(subject())
    assert estimate.token.tolist() == [0.9] * 8 + [0.2] * 4
    assert estimate.problem == pytest.approx(0.2)
    assert estimate.counts["compliant"] == 1
    assert "2:     return a - b" in asked[0]["messages"][1]["content"]


def test_the_last_list_counts():
    """A list in the thoughts before is not the answer."""
    with fake_endpoint(said("[1, 2] is a case.\n[0.5, 0.6, 0.7]")) as (url, _):
        assert Verbalized(asker(url, [])).estimate(subject()).line.tolist() == [0.5, 0.6]


def test_p_true_reads_the_first_tokens_probabilities():
    """P(Yes) of Yes and No, however they are written; other tokens don't count."""
    choices = [(" yes", np.log(0.3)), ("Yes", np.log(0.3)), ("No", np.log(0.2)), ("Maybe", np.log(0.2))]
    with fake_endpoint(said("Yes", choices)) as (url, asked):
        estimate = PTrue(asker(url, [])).estimate(subject())
    assert estimate.problem == pytest.approx(0.75)
    assert np.isnan(estimate.line).all()
    assert asked[0]["top_logprobs"] > 1


def test_p_true_takes_impossible_log_probabilities_for_certainty():
    """An endpoint that gives a positive logarithm doesn't stop the run."""
    with fake_endpoint(said("Yes", [("Yes", 1000.0), ("No", np.log(0.25))])) as (url, _):
        assert PTrue(asker(url, [])).estimate(subject()).problem == pytest.approx(0.8)


def test_p_true_without_log_probabilities_takes_the_word():
    """And prose is malformed."""
    with fake_endpoint(said("Possibly."), said("No, it would not.")) as (url, _):
        estimate = PTrue(asker(url, [])).estimate(subject())
    assert estimate.problem == 0.0
    assert estimate.counts["malformed: neither yes nor no"] == 1


def test_distractors_are_shown_in_both_orders():
    """The program is A once and the last letter once; the mean of both counts."""
    one = said("A", [("A", np.log(0.8)), ("B", np.log(0.2))])
    other = said("A", [("A", np.log(0.6)), ("B", np.log(0.4))])
    sample = "def add(a, b):\n    return a + b\n"
    with fake_endpoint(one, other) as (url, asked):
        estimate = DistractorAugmented(asker(url, [])).estimate(subject(samples=[sample, sample]))
    assert estimate.problem == pytest.approx((0.8 + 0.4) / 2)
    texts = [body["messages"][1]["content"] for body in asked]
    assert texts[0].index("a - b") < texts[0].index("a + b")
    assert texts[1].index("a + b") < texts[1].index("a - b")


def test_without_a_different_answer_there_are_no_distractors():
    """Nothing is asked, and that is counted."""
    same = subject().code.replace("    ", "\t")
    with fake_endpoint(GOOD) as (url, asked):
        estimate = DistractorAugmented(asker(url, [])).estimate(subject(samples=[same]))
    assert np.isnan(estimate.problem)
    assert estimate.counts["without distractors"] == 1
    assert not asked
