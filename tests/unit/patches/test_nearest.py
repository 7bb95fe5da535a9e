"""The nearest passing program is the one difflib would find by trying them all."""

from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st

from heatline_probes.patches.lexing import code_tokens, counted
from heatline_probes.patches.nearest import nearest_passing

PROGRAMS = st.lists(st.sampled_from(["a", "b", "+", "(", ")", "return", "\n    "]), max_size=12).map(" ".join)


def ratio(failing: str, passing: str) -> float:
    old, new = ([t.text for t in code_tokens(text)] for text in (failing, passing))
    return SequenceMatcher(None, new, old, autojunk=False).ratio()


@given(PROGRAMS, st.lists(PROGRAMS, max_size=8), st.integers(1, 4))
def test_the_prefilter_changes_nothing(failing: str, passing: list[str], count: int) -> None:
    first_of = {tuple(t.text for t in code_tokens(text)): i for i, text in reversed(list(enumerate(passing)))}
    expected = sorted((-ratio(failing, passing[i]), i) for i in first_of.values())[:count]
    assert [(i, -negative) for negative, i in expected] == nearest_passing(failing, passing, count)


def test_comments_do_not_count() -> None:
    assert nearest_passing("x = 1", ["x = 2", "x = 1  # as asked"]) == [(1, 1.0)]


def test_a_string_is_one_token_and_a_broken_one_is_still_lexed() -> None:
    assert [t.text for t in code_tokens('s = "a b"\nt = \'a')] == [
        "s",
        "=",
        '"a b"',
        "\n",
        "t",
        "=",
        "'",
        "a",
    ]


def test_docstrings_and_comments_are_not_counted() -> None:
    code = 'def f(a):\n    """Doc."""\n    # why\n    return "a"'
    texts = [t.text for t in counted(code_tokens(code))]
    assert '"""Doc."""' not in texts
    assert "# why" not in texts
    assert '"a"' in texts
