"""How a risk looks and reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline.report.heat import BAR_STYLES, BUCKETS, TOKEN_STYLES, bar, bucket, frequency, percent, printable

RISKS = st.floats(0, 1)


@given(RISKS, RISKS)
def test_more_risk_never_looks_like_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert bucket(low) <= bucket(high)
    assert len(bar(low, 6).rstrip()) <= len(bar(high, 6).rstrip())


@given(RISKS, st.booleans())
def test_a_bar_is_as_wide_as_it_was_asked_to_be(risk: float, ascii_only: bool) -> None:
    drawn = bar(risk, 6, ascii_only=ascii_only)
    assert len(drawn) == 6
    assert drawn.isascii() or not ascii_only


def test_a_bar_is_full_only_at_one() -> None:
    assert [bar(0.0, 4), bar(0.5, 4), bar(0.97, 4), bar(1.0, 4)] == ["    ", "██  ", "███▉", "████"]


def test_every_bucket_has_its_styles() -> None:
    assert len(BAR_STYLES) == len(TOKEN_STYLES) == len(BUCKETS) + 1 == 6


@pytest.mark.parametrize("drawn_by", ["server/heatline/report/page/report.js", "client-vscode/src/heat.ts"])
def test_whatever_draws_heat_uses_the_same_buckets(drawn_by: str) -> None:
    source = (Path(__file__).parents[3] / drawn_by).read_text(encoding="utf-8")
    written = re.search(r"EDGES = \[([\d., ]+)\]", source)
    assert written is not None
    assert tuple(map(float, written.group(1).split(","))) == BUCKETS


@pytest.mark.parametrize(
    ("risk", "words"),
    [(0.0, "<1 %"), (0.004, "<1 %"), (0.006, "1 %"), (0.314, "31 %"), (0.994, "99 %"), (0.999, ">99 %")],
)
def test_per_cents_are_whole_and_never_falsely_certain(risk: float, words: str) -> None:
    assert percent(risk) == words


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (0.001, "fewer than 1 in 200"),
        (0.02, "about 1 in 50"),
        (0.074, "about 1 in 14"),
        (0.08, "about 1 in 10"),
        (0.31, "about 3 in 10"),
        (0.97, "nearly all"),
    ],
)
def test_a_risk_reads_as_a_frequency(risk: float, words: str) -> None:
    assert frequency(risk) == words


@given(st.text())
def test_printable_text_keeps_its_offsets_and_controls_nothing(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not any((ord(char) < 0x20 and char != "\t") or 0x7F <= ord(char) < 0xA0 for char in shown)


def test_a_right_to_left_override_is_shown_not_obeyed() -> None:
    assert printable("a\u202eb") == "a\ufffdb"
