"""Risk in words and digits."""

from __future__ import annotations

import pytest

from heatline.lsp.wording import bar, code, in_plain_words, percent


@pytest.mark.parametrize(
    ("risk", "shown"), [(0.0, "under 1 %"), (0.014, "1 %"), (0.31, "31 %"), (0.996, "over 99 %")]
)
def test_a_risk_is_a_whole_percentage_and_never_certain(risk: float, shown: str) -> None:
    assert percent(risk) == shown


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (0.01, "fewer than 1 in 20"),
        (0.05, "about 1 in 20"),
        (0.1, "about 1 in 10"),
        (0.15, "about 3 in 20"),
        (0.31, "about 3 in 10"),
        (0.94, "about 9 in 10"),
        (0.99, "nearly all"),
    ],
)
def test_a_scaled_risk_is_a_share_of_lines(risk: float, words: str) -> None:
    assert in_plain_words(risk, "scaled") == f"{words} lines like this get edited"


def test_an_unscaled_risk_claims_nothing_about_lines() -> None:
    assert in_plain_words(0.31, "unscaled") == "the probe's own figure, not calibrated"


@pytest.mark.parametrize(("text", "shown"), [(" a\n b", "`a b`"), ("x`y", "`` x`y ``"), ("``", "``` `` ```")])
def test_code_in_markdown_survives_backticks_and_line_ends(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize(("risk", "full"), [(0.0, 0), (0.04, 0), (0.31, 3), (0.5, 5), (1.0, 10)])
def test_a_bar_shows_tenths_of_risk(risk: float, full: int) -> None:
    """It is always ten cells long, so that bars under each other compare."""
    assert bar(risk) == "▰" * full + "▱" * (10 - full)
