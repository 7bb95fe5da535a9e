"""How many lines are flagged, and that flags stay put."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from heatline.noise.budget import within_budget
from heatline.noise.steady import steady_risk

RISKS = [0.1, 0.5, 0.3, 0.5, 0.9, 0.0, 0.2, 0.1, 0.1, 0.1]


def test_without_a_budget_the_threshold_decides() -> None:
    assert within_budget(RISKS, 0.3, None) == [1, 2, 3, 4]


def test_the_riskiest_go_first_and_of_equals_the_earlier() -> None:
    assert within_budget(RISKS, 0.3, 0.2) == [1, 4]


def test_a_budget_never_flags_what_is_below_the_threshold() -> None:
    assert within_budget(RISKS, 0.8, 1.0) == [4]


def test_a_small_file_has_one_line_at_least_unless_the_budget_is_none() -> None:
    assert within_budget([0.4, 0.6], 0.3, 0.05) == [1]
    assert within_budget([0.4, 0.6], 0.3, 0.0) == []


def test_a_share_that_is_a_whole_number_of_lines_is_that_number() -> None:
    assert len(within_budget([0.9] * 100, 0.5, 0.07)) == 7


def test_a_line_without_a_risk_shows_the_computed_one() -> None:
    assert steady_risk(None, 0.42) == 0.42


def test_a_risk_that_wavers_about_an_edge_stays() -> None:
    assert steady_risk(0.34, 0.36) == 0.34
    assert steady_risk(0.36, 0.34) == 0.36


def test_a_risk_that_moved_by_more_than_a_bucket_is_shown() -> None:
    assert steady_risk(0.05, 0.16) == 0.16
    assert steady_risk(0.05, 0.14) == 0.05
    assert steady_risk(0.55, 0.30) == 0.30


@given(st.floats(0, 1), st.floats(0, 1))
def test_there_and_back_shows_the_same_or_the_computed_risk(shown: float, computed: float) -> None:
    assert steady_risk(shown, computed) in (shown, computed)
    assert steady_risk(shown, shown) == shown
