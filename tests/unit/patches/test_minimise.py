"""Programs are cut, changed and minimised without losing what they mean."""

import ast
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from heatline_probes.patches.deadcode import dead_statements
from heatline_probes.patches.labels import EditKind
from heatline_probes.patches.minimise import (
    join,
    minimise,
    reduce_hunks,
    settle,
    split_by_line,
    split_by_token,
    total_size,
)
from heatline_probes.patches.renaming import rename_onto
from heatline_probes.patches.templates import proposals
from heatline_probes.patches.units import Hunk, apply, cut, difference, difference_by_lines, edits_of

LINES = st.sampled_from(
    [
        "x = 1",
        "    y = f(x, 2)",
        "# why",
        '    """Doc."""',
        "",
        "return [a,",
        "  b]",
        "if x > 0:",
        "    pass",
        "'é'",
    ]
)
PROGRAMS = st.lists(LINES, max_size=10).map("\n".join)


@given(st.one_of(st.text(max_size=40), PROGRAMS))
def test_a_program_without_changes_is_itself(code: str) -> None:
    assert "".join(u.gap + u.raw for u in cut(code).units) + cut(code).tail == code


@given(PROGRAMS, PROGRAMS)
def test_all_hunks_together_make_the_other_program(failing: str, passing: str) -> None:
    old, new = cut(failing), cut(passing)
    for align in (difference, difference_by_lines):
        hunks = align(old, new)
        texts = []
        position = 0
        for hunk in hunks:
            texts += old.texts[position : hunk.first] + [unit.text for unit in hunk.new]
            position = hunk.last
        assert new.texts == texts + old.texts[position:]


@given(PROGRAMS, PROGRAMS)
def test_finer_hunks_change_the_same(failing: str, passing: str) -> None:
    source = cut(failing)
    hunks = difference(source, cut(passing))
    for split in (split_by_line, split_by_token):
        finer = [part for hunk in hunks for part in split(hunk, source)]
        assert apply(source, hunks) == apply(source, finer) == apply(source, join(finer))
        assert total_size(hunks) == total_size(join(finer))


@given(PROGRAMS, PROGRAMS)
def test_edits_cover_whatever_the_hunks_delete(failing: str, passing: str) -> None:
    source = cut(failing)
    hunks = difference(source, cut(passing))
    edits = edits_of(source, hunks)
    assert bool(edits) == bool(hunks)
    for edit in edits:
        assert 0 <= edit.start <= edit.end <= len(failing)
        assert (edit.start == edit.end) == (edit.kind is EditKind.INSERTION)


class Asked:
    """Trials that a function decides; what screening was told to fail is not asked again."""

    def __init__(self, decide: Callable[[Sequence[Hunk]], bool]) -> None:
        self._decide = decide
        self._failed: list[list[Hunk]] = []
        self.asked = 0

    def passes(self, hunks: Sequence[Hunk]) -> bool:
        if list(hunks) in self._failed:
            return False
        self.asked += 1
        return self._decide(hunks)

    def screen(self, changes: Sequence[Sequence[Hunk]]) -> None:
        self._failed += [list(hunks) for hunks in changes if not self._decide(hunks)]


@given(st.sets(st.integers(0, 15), min_size=1))
def test_only_what_passes_is_left_to_run_after_screening(needed: set[int]) -> None:
    hunks = [Hunk(n, n + 1, ()) for n in range(16)]
    trials = Asked(lambda trial: needed <= {hunk.first for hunk in trial})
    reduce_hunks(hunks, trials)
    assert trials.asked <= 16 - len(needed)


@given(st.sets(st.integers(0, 15), min_size=1))
def test_exactly_the_needed_hunks_are_kept(needed: set[int]) -> None:
    hunks = [Hunk(n, n + 1, ()) for n in range(16)]
    kept = reduce_hunks(hunks, Asked(lambda trial: needed <= {hunk.first for hunk in trial}))
    assert sorted(needed) == [hunk.first for hunk in kept]


def test_what_the_tests_do_not_need_is_undone_down_to_tokens() -> None:
    failing = cut("def f(a, b):\n    # add\n    total = a - b\n    return total\n")
    passing = cut("def f(a, b):\n    result = a + b\n    print(result)\n    return result\n")

    def passes(hunks: Sequence[Hunk]) -> bool:
        scope: dict[str, object] = {"print": print}
        try:
            exec(apply(failing, hunks), scope)
            return bool(scope["f"](2, 3) == 5)  # type: ignore[operator]
        except Exception:
            return False

    small = minimise(difference(failing, passing), failing, Asked(passes))
    assert apply(failing, small) == "def f(a, b):\n    # add\n    total = a + b\n    return total\n"
    assert total_size(small) == 1


def test_inserted_brackets_are_undone_in_pairs() -> None:
    failing = cut("y = n // 2 * k")
    hunks = difference(failing, cut("y = (n / 2) * (k)"))

    def passes(trial: Sequence[Hunk]) -> bool:
        try:
            return bool(eval(apply(failing, trial)[4:], {"n": 3, "k": 2}) == 3.0)
        except SyntaxError:
            return False

    small = minimise(hunks, failing, Asked(passes))
    assert apply(failing, small) == "y = n / 2 * k"


def test_lines_inserted_before_a_docstring_move_behind_it() -> None:
    failing = cut('def f(x):\n    """Doc."""\n    return y\n')
    hunks = difference(failing, cut("def f(x):\n    y = x\n    return y\n"))
    settled = settle(hunks, failing)
    assert apply(failing, settled) == 'def f(x):\n    """Doc."""\n    y = x\n    return y\n'


def test_layout_and_comments_are_no_difference() -> None:
    one = cut("def f(a,\n      b):\n    '''Doc.'''\n    # why\n    return (a +\n        b)\n")
    other = cut("def f(a, b):\n\n    return (a + b)  # so\n")
    assert difference(one, other) == []


def test_a_blank_inside_a_line_never_becomes_indentation() -> None:
    failing, passing = cut("for i in x: f(i)"), "for i in x:\n    f(i)"
    assert apply(failing, difference(failing, cut(passing))) == passing
    assert apply(cut("x"), difference(cut("x"), cut("\nimport re"))) == "import re"


def test_words_do_not_grow_together() -> None:
    failing = cut("return(x)")
    hunks = difference(failing, cut("return x"))
    assert apply(failing, hunks) == "return x"


def test_a_renamed_program_has_the_failing_ones_names() -> None:
    failing = (
        "def f(nums):\n    best = nums[0]\n    for n in nums:\n        best = min(best, n)\n    return best"
    )
    passing = "def f(xs):\n    m = xs[0]\n    for x in xs:\n        m = max(m, x)\n    return m"
    assert failing.replace("min", "max") == rename_onto(failing, passing, frozenset({"f"}))


def test_renaming_never_merges_two_names() -> None:
    failing, passing = "def f(a):\n    b = a\n    return b", "def f(b):\n    a = b\n    return a"
    assert failing == rename_onto(failing, passing, frozenset({"f"}))


def test_parameters_are_renamed_by_their_places_and_swapped_where_names_are_taken() -> None:
    failing = "def f(low, high):\n    return low"
    passing = "def f(a, low):\n    high = a + low\n    return high"
    renamed = "def f(low, high):\n    a = low + high\n    return a"
    assert renamed == rename_onto(failing, passing, frozenset({"f"}))


def test_what_edits_most_is_undone_first() -> None:
    hunks = [Hunk(1, 2, ()), Hunk(4, 9, ()), Hunk(11, 12, ())]
    # Any two of them are enough, so the order decides which.
    assert [hunks[0], hunks[2]] == reduce_hunks(hunks, Asked(lambda trial: len(trial) > 1))


def test_renaming_leaves_attributes_and_builtins_and_follows_f_strings() -> None:
    renamed = rename_onto(
        "def f(s):\n    return f'{s.x}'", "def f(x):\n    return f'{x.x}'", frozenset({"f"})
    )
    assert renamed == "def f(s):\n    return f'{s.x}'"
    assert rename_onto("def f(list): return list", "def f(xs): return xs", frozenset({"f"})) is None
    assert rename_onto("x", "def f(:", frozenset()) is None


def test_code_that_goes_around_the_old_code_is_counted() -> None:
    assert dead_statements(ast.parse("def f(x):\n    if x:\n        return 1\n    return 2")) == 0
    assert dead_statements(ast.parse("def f(x):\n    return 1\n    return 2")) == 1
    assert (
        dead_statements(
            ast.parse("def f(x):\n    if x:\n        return 1\n    else:\n        return 2\n    x = 3")
        )
        == 1
    )
    assert dead_statements(ast.parse("def f(): pass\ndef f(): pass")) == 1
    assert dead_statements(ast.parse("def f(x):\n    y = x\n    return x")) == 1
    assert dead_statements(ast.parse("def f(x):\n    for _ in x:\n        a, b = _\n        return a")) == 0
    around = "def f(x):\n    y = 0\n    for v in x:\n        y += v * 2\n    y = sum(x)\n    return y"
    assert dead_statements(ast.parse(around)) == 1
    assert dead_statements(ast.parse(around.replace("sum(x)", "y // 2"))) == 0
    assert (
        dead_statements(ast.parse("def f(x):\n    while True:\n        x += 1\n    x -= 1\n    x *= 2")) == 2
    )


def test_template_edits_start_at_suspicious_places_and_are_bounded() -> None:
    failing = cut("def f(a, b):\n    return a < b and a + 1 > 2")
    place = failing.texts.index("+")
    first = next(proposals(failing, [place], 10))
    assert place == first[0].first
    assert len(list(proposals(failing, [place], 10))) == 10


def test_blanks_in_a_string_are_an_edit() -> None:
    failing = cut("x = ' '.join(y)")
    (edit,) = edits_of(failing, difference(failing, cut("x = ''.join(y)")))
    assert failing.code[edit.start : edit.end] == "' '"
