"""What counts as inserted in one go, and where it is after later edits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline.lsp.inserted_text import InsertedText, inserted_spans
from heatline.lsp.moving_ranges import MovingRanges, merged

PASTE = "def f(x):\n    return x\n"


class Edited:
    """A text under edit."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.inserted = InsertedText()

    def put(self, start: int, end: int, new: str) -> None:
        self.inserted.edit(self.text, start, end, new)
        self.text = self.text[:start] + new + self.text[end:]

    @property
    def marked(self) -> list[str]:
        return [self.text[start:end] for start, end in self.inserted.spans]


@pytest.mark.parametrize(
    ("new", "counts"),
    [
        ("x", False),
        ("\n    ", False),  # the Enter key, with indentation
        ("\n\n\n", False),
        ("a_name_of_forty_characters_is_long_enough", True),
        ("a_name_of_less_than_forty_is_not", False),
        ("x = 1\ny = 2", True),
        ("x = 1\n", False),
    ],
)
def test_two_lines_or_forty_characters_at_once_count(new: str, counts: bool) -> None:
    assert bool(inserted_spans("", new)) is counts


def test_a_mark_moves_with_edits_before_it_and_grows_with_edits_in_it() -> None:
    edited = Edited("import os\n")
    edited.put(10, 10, PASTE)
    edited.put(0, 0, "# a\n")
    edited.put(edited.text.index("return"), edited.text.index("return"), "y = 1; ")
    assert edited.marked == ["def f(x):\n    y = 1; return x\n"]


def test_undo_takes_the_mark_away_and_redo_brings_it_back() -> None:
    edited = Edited("import os\n")
    edited.put(10, 10, PASTE)
    edited.put(10, 10 + len(PASTE), "")
    assert edited.marked == []
    edited.put(10, 10, PASTE)
    assert edited.marked == [PASTE]


def test_undoing_the_deletion_of_ones_own_lines_marks_nothing() -> None:
    own = "first = 1\nsecond = 2\n"
    edited = Edited(own)
    edited.put(0, len(own), "")
    edited.put(0, 0, own)
    assert edited.marked == []


def test_undoing_a_deletion_marks_what_was_marked_of_it() -> None:
    edited = Edited("own = 1\n")
    edited.put(8, 8, PASTE)
    whole = edited.text
    edited.put(0, len(whole), "")
    edited.put(0, 0, whole)
    assert edited.marked == [PASTE]


def test_a_formatter_that_replaces_the_document_marks_nothing() -> None:
    edited = Edited("def f(x):\n  return x\n\nf(1)\n")
    edited.put(0, len(edited.text), "def f(x):\n    return x\n\n\nf(1)\n")
    assert edited.marked == []


def test_a_replacement_marks_only_its_new_lines() -> None:
    edited = Edited("a = 1\nb = 2\nc = 3\n")
    edited.put(0, len(edited.text), "a = 1\nx = 8\ny = 9\nc = 3\n")
    assert [each.strip() for each in edited.marked] == ["x = 8\ny = 9"]


EDITS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20), st.text("ab \n", max_size=50)), max_size=12
)


@settings(deadline=None)
@given(EDITS)
def test_marks_stay_within_the_text_and_apart(edits: list[tuple[int, int, str]]) -> None:
    edited = Edited("x = 1\ny = 2\n" * 3)
    for start, length, new in edits:
        first = min(start, len(edited.text))
        edited.put(first, min(first + length, len(edited.text)), new)
        spans = list(edited.inserted.spans)
        assert spans == merged(spans)
        assert all(0 <= start < end <= len(edited.text) for start, end in spans)


@settings(deadline=None)
@given(st.sets(st.integers(0, 29)), st.integers(0, 30), st.integers(0, 30), st.integers(0, 6))
def test_a_mark_stays_on_its_characters(marked: set[int], a: int, b: int, inserted: int) -> None:
    """Every character that is left is marked if and only if it was before."""
    start, end = min(a, b), max(a, b)
    ranges = MovingRanges()
    ranges.add((at, at + 1) for at in marked)
    ranges.edit(start, end, inserted)
    now = {at for first, last in ranges.spans for at in range(first, last)}
    kept = {at for at in marked if at < start} | {at - end + start + inserted for at in marked if at >= end}
    assert now - set(range(start, start + inserted)) == kept
