"""One line of source on a terminal."""

from __future__ import annotations

from rich.cells import cell_len

from heatline.report.source_line import riskiest_tokens, source_lines
from heatline.scoring.result import ScoredSpan, ScoredToken


def span(start: int, end: int) -> ScoredSpan:
    return ScoredSpan(start, end, 0.5, 0.5)


def test_lines_end_as_the_scorer_counts_them() -> None:
    text = "a\r\nb\rc\n\x0cd\u2028e"
    assert [text[line.start : line.end] for line in source_lines(text)] == ["a", "b", "c", "\x0cd\u2028e"]


def test_a_last_line_end_starts_no_line() -> None:
    assert len(source_lines("a\n")) == 1
    assert source_lines("") == []


def test_carets_stand_under_the_token_without_its_space() -> None:
    text = "if a <= b:"
    assert source_lines(text)[0].carets(text, [span(4, 7)]) == "     ^^"


def test_carets_stand_right_after_tabs_and_wide_characters() -> None:
    text = "\tx = '漢字' + y"
    line = source_lines(text)[0]
    carets = line.carets(text, [span(text.index("y"), len(text))])
    assert carets == " " * cell_len("    x = '漢字' + ") + "^"
    assert line.code(text, []).plain == "    x = '漢字' + y"


def test_a_token_that_reaches_over_the_line_is_marked_within_it() -> None:
    text = "a\nb c\nd"
    assert source_lines(text)[1].carets(text, [span(0, 3), span(4, 7)]) == "^ ^"


def test_overlapping_spans_are_marked_once() -> None:
    text = "abcdef"
    assert source_lines(text)[0].carets(text, [span(0, 4), span(2, 6)]) == "^^^^^^"


def test_styles_follow_the_token_through_tabs() -> None:
    text = "\tx y"
    code = source_lines(text)[0].code(text, [(2, 4, "bold")])
    assert [(code.plain[s.start : s.end], s.style) for s in code.spans] == [("y", "bold")]


def test_only_tokens_near_the_riskiest_stand_out() -> None:
    text = "a b c  d"
    tokens = [
        ScoredToken(0, 1, 0.4, 0.4, 0),
        ScoredToken(1, 3, 0.7, 0.7, 0),
        ScoredToken(3, 5, 0.8, 0.8, 0),
        ScoredToken(5, 6, 0.1, 0.1, 0),
    ]
    assert riskiest_tokens(text, tokens, lambda token: token.risk) == [tokens[0], tokens[1]]


def test_a_line_without_visible_tokens_has_none_that_stand_out() -> None:
    assert riskiest_tokens("  ", [ScoredToken(0, 2, 0.1, 0.1, 0)], lambda token: token.risk) == []
