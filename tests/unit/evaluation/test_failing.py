"""Hit rates and recall within failing programs, by hand, by brute force, and against chance."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pandas", reason="needs the probes extra")

from heatline_probes.evaluation.estimates import draw_programs
from heatline_probes.evaluation.failing import rank_units, summarise

pytestmark = pytest.mark.probes


def one(confidence, kept):
    n = len(kept)
    return rank_units(
        np.asarray(confidence, float), np.asarray(kept, bool), np.zeros(n, np.int64), np.zeros(n, np.int64)
    ).values


def test_hits_by_hand():
    """The edited line is the second riskiest of ten: no hit at one, a hit at three."""
    kept = [True] * 10
    kept[4] = False
    values = one([0.5, 0.6, 0.7, 0.1, 0.2, 0.8, 0.9, 0.95, 0.96, 0.97], kept)
    assert (values["top_1"][0], values["top_3"][0]) == (0.0, 1.0)
    assert (values["top_1_chance"][0], values["top_3_chance"][0]) == (pytest.approx(0.1), pytest.approx(0.3))
    assert (values["recall_10"][0], values["recall_20"][0]) == (0.0, 1.0)
    assert values["auc"][0] == pytest.approx(8 / 9)


def test_a_ranking_that_knows_nothing_scores_exactly_chance():
    """All lines tied: every value is what a random order gives in expectation."""
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(50), rng.integers(1, 15, 50))
    kept = rng.random(len(unit)) < 0.7
    values = rank_units(np.full(len(unit), 0.4), kept, unit, unit).values
    for name in ("top_1", "top_3", "recall_10", "recall_20"):
        assert values[name] == pytest.approx(values[f"{name}_chance"])
    assert values["auc"][np.isfinite(values["auc"])] == pytest.approx(0.5)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), min_size=1, max_size=6))
def test_ties_count_as_the_mean_over_all_orders(rows):
    """Against brute force over every order that respects the risks."""
    confidence, kept = [r[0] for r in rows], [r[1] for r in rows]
    if all(kept):
        return
    n = len(rows)
    orders = [
        o
        for o in itertools.permutations(range(n))
        if all(confidence[a] <= confidence[b] for a, b in itertools.pairwise(o))
    ]
    values = one(confidence, kept)
    for k in (1, 3):
        expected = np.mean([any(not kept[i] for i in o[:k]) for o in orders])
        assert values[f"top_{k}"][0] == pytest.approx(expected)
    reviewed = int(np.ceil(0.2 * n))
    found = np.mean([sum(not kept[i] for i in o[:reviewed]) for o in orders])
    assert values["recall_20"][0] == pytest.approx(found / sum(not k for k in kept))


def test_units_without_an_edited_line_are_left_out():
    """A passing function says nothing about ranking."""
    kept = np.asarray([True, True, False, True])
    unit = np.asarray([0, 0, 1, 1])
    units = rank_units(np.asarray([0.1, 0.2, 0.3, 0.4]), kept, unit, np.asarray([7, 7, 9, 9]))
    assert units.program.tolist() == [9]
    assert units.lines.tolist() == [2]


def test_where_all_lines_are_edited_there_is_no_auc():
    """Nothing to rank: undefined, and left out of the mean."""
    units = rank_units(
        np.asarray([0.1, 0.2, 0.3, 0.4]),
        np.asarray([False, False, False, True]),
        np.asarray([0, 0, 1, 1]),
        np.asarray([0, 0, 1, 1]),
    )
    summary = summarise(units, draw_programs(np.asarray(["a", "a"]), resamples=50))
    assert summary["units"] == 2
    assert summary["auc"]["value"] == 1.0


def test_nothing_fails():
    """No failing program: a count of zero, no figures."""
    units = rank_units(np.asarray([0.5]), np.asarray([True]), np.asarray([0]), np.asarray([0]))
    assert summarise(units, draw_programs(np.asarray(["a"]), resamples=5)) == {"units": 0}
