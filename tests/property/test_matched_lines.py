"""Lines that a merge is found to have of its parents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from heatline.history.joining import matched

LINES = st.lists(st.sampled_from([b"a", b"b", b"c", b"d", b"e", b"f", b"g"]), max_size=40)


@given(LINES, LINES)
def test_matched_lines_are_equal_and_in_the_same_order(old: list[bytes], new: list[bytes]) -> None:
    found = matched(old, new)
    assert all(old[i] == new[j] for i, j in found.items())
    ordered = [found[i] for i in sorted(found)]
    assert ordered == sorted(set(ordered))


@given(LINES)
def test_a_text_matches_itself_whole(lines: list[bytes]) -> None:
    assert matched(lines, lines) == {i: i for i in range(len(lines))}


@given(LINES, LINES, LINES)
def test_what_is_put_into_a_text_takes_no_line_of_it_away(
    head: list[bytes], tail: list[bytes], more: list[bytes]
) -> None:
    """The inserted lines are of another kind, so every old line has its counterpart."""
    inserted = [b"+" + line for line in more]
    assert len(matched(head + tail, head + inserted + tail)) == len(head + tail)
