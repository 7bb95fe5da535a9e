"""Token labels follow §4.1 of the paper for any text and any tokenizer."""

from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatline_probes.patches.labels import (
    Edit,
    EditKind,
    edit_spans,
    label_spans,
    label_token_sequences,
    label_tokens,
)
from heatline_probes.patches.lexing import fine_tokens

PIECES = st.sampled_from(
    [
        "x",
        "return",
        " ",
        "\n    ",
        "\n",
        "\r\n\t",
        "+",
        "(",
        "ä",
        "日本",
        "e\u0301",
        "\u2028",
        "\U0001f600",
        "''",
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map("".join))


def offsets(text: str) -> np.ndarray:
    return np.array([(t.start, t.end) for t in fine_tokens(text)], dtype=np.int64).reshape(-1, 2)


def edited_words(failing: str, patched: str) -> list[str]:
    kept = label_tokens(offsets(failing), edit_spans(failing, patched))
    return [token.text for token, keep in zip(fine_tokens(failing), kept, strict=True) if not keep]


def test_a_replaced_token_is_edited_and_its_neighbours_are_kept() -> None:
    assert edited_words("return a < b", "return a <= b") == ["b"]
    assert edited_words("return a + b", "return a - b") == ["+"]


def test_the_token_directly_after_an_insertion_is_edited() -> None:
    assert edited_words("f(x)", "f(x, y)") == [")"]


def test_an_insertion_at_the_end_marks_the_last_token() -> None:
    assert edited_words("x = 1", "x = 1\nreturn x") == ["1"]


def test_indentation_is_an_edit_and_other_whitespace_is_none() -> None:
    assert edited_words("if x:\n  y\nz", "if x :\n\n  y \n  z") == ["\n"]


def test_kinds_name_what_happens() -> None:
    assert [Edit(4, 5, EditKind.REPLACED)] == list(edit_spans("a = b", "a = c"))
    assert [Edit(2, 3, EditKind.DELETED)] == list(edit_spans("a b c", "a c"))
    assert [Edit(2, 2, EditKind.INSERTION)] == list(edit_spans("a c", "a b c"))


def test_a_tokenizer_that_glues_the_blank_to_the_word_gets_the_same_labels() -> None:
    glued = np.array([(0, 6), (6, 8), (8, 10), (10, 12)])  # "return", " a", " <", " b"
    edits = edit_spans("return a < b", "return a > b")
    assert label_tokens(glued, edits).tolist() == [True, True, False, True]
    edits = edit_spans("return a < b", "return a < -b")
    assert label_tokens(glued, edits).tolist() == [True, True, True, False]


def test_a_span_is_kept_when_all_its_tokens_are() -> None:
    kept = np.array([True, False, True])
    assert label_spans(kept, [(0, 1), (0, 2), (0, 3), (2, 3), (1, 1)]).tolist() == [
        True,
        False,
        False,
        True,
        True,
    ]


@given(TEXTS)
def test_a_program_that_is_its_own_patch_is_all_kept(text: str) -> None:
    assert edit_spans(text, text) == ()
    assert label_tokens(offsets(text), ()).all()


@given(TEXTS, TEXTS)
def test_edits_are_ordered_disjoint_and_inside_the_text(failing: str, patched: str) -> None:
    edits = edit_spans(failing, patched)
    last = 0
    for edit in edits:
        assert last <= edit.start <= edit.end <= len(failing)
        assert (edit.start == edit.end) == (edit.kind is EditKind.INSERTION)
        last = edit.end


@given(TEXTS, TEXTS)
def test_both_routes_agree_at_the_grain_of_the_alignment(failing: str, patched: str) -> None:
    direct = label_token_sequences(
        [t.text for t in fine_tokens(failing)], [t.text for t in fine_tokens(patched)]
    )
    assert direct.tolist() == label_tokens(offsets(failing), edit_spans(failing, patched)).tolist()


@given(TEXTS, TEXTS)
def test_kept_tokens_occur_in_the_patch_in_order(failing: str, patched: str) -> None:
    tokens = fine_tokens(failing)
    kept = label_tokens(offsets(failing), edit_spans(failing, patched))
    rest = iter([t.text for t in fine_tokens(patched)])
    assert all(token.text in rest for token, keep in zip(tokens, kept, strict=True) if keep)


@given(TEXTS, TEXTS)
def test_different_token_sequences_are_never_all_kept(failing: str, patched: str) -> None:
    old, new = ([t.text for t in fine_tokens(text)] for text in (failing, patched))
    kept = label_tokens(offsets(failing), edit_spans(failing, patched))
    assert bool(kept.all()) == (old == new or not old)


@given(TEXTS, TEXTS, st.data())
def test_a_coarser_tokenizer_keeps_a_token_only_if_all_its_parts_are_kept(
    failing: str, patched: str, data: st.DataObject
) -> None:
    edits = [e for e in edit_spans(failing, patched) if e.start < len(failing)]
    fine = offsets(failing)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(failing)))) | {0, len(failing)})
    coarse = np.array(list(pairwise(cuts)), dtype=np.int64).reshape(-1, 2)
    kept_fine, kept_coarse = label_tokens(fine, edits), label_tokens(coarse, edits)
    for (start, end), kept in zip(coarse, kept_coarse, strict=True):
        if kept:
            assert kept_fine[(fine[:, 0] >= start) & (fine[:, 1] <= end)].all()


@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), max_size=30))
def test_direct_labels_follow_difflib(failing: list[int], patched: list[int]) -> None:
    kept = label_token_sequences(failing, patched)
    matched = sum(
        b.size for b in SequenceMatcher(None, failing, patched, autojunk=False).get_matching_blocks()
    )
    assert kept.sum() <= matched
