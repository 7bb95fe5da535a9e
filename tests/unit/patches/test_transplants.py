"""One line of another program at a time: what is proposed, and in which order."""

import ast

from heatline_probes.patches.transplants import inserted_guards, replaced_lines
from heatline_probes.patches.units import apply, cut

FAILING = "def fib(n):\n    a, b = 0, 1\n    for _ in range(n + 1):\n        a, b = b, a + b\n    return b\n"
DONOR = (
    "def fib(n):\n    if n < 0:\n        raise ValueError\n    if n < 2: return n\n    a, b = 0, 1\n"
    "    for _ in range(n):\n        a, b = b, a + b\n    return a\n"
)


def proposed(code: str, weights: list[float] | None = None) -> list[str]:
    failing = cut(code)
    given = weights or [0.5] * len(failing.units)
    return [apply(failing, hunks) for hunks in replaced_lines(failing, [cut(DONOR)], given)]


def test_a_line_becomes_the_like_line_of_another_program() -> None:
    found = proposed(FAILING)
    assert FAILING.replace("range(n + 1)", "range(n)") in found
    assert FAILING.replace("return b", "return a") in found
    assert all(ast.parse(code) for code in found[:2])


def test_the_more_suspicious_line_is_tried_first() -> None:
    failing = cut(FAILING)
    returned = failing.texts.index("return")
    weights = [1.0 if i >= returned else 0.0 for i in range(len(failing.units))]
    assert proposed(FAILING, weights)[0] == FAILING.replace("return b", "return a")


def test_guards_that_are_missing_go_to_the_start_of_the_function() -> None:
    failing = cut(FAILING)
    found = [apply(failing, hunks) for hunks in inserted_guards(failing, [cut(DONOR)])]
    assert len(found) == 2
    for code in found:
        assert ast.parse(code)
        assert code.splitlines()[1].startswith("    if n <")
        assert code.endswith(FAILING.removeprefix("def fib(n):"))


def test_what_more_programs_have_comes_first_and_what_the_program_has_is_left_out() -> None:
    failing = cut(FAILING.replace(":\n    a", ":\n    if n < 2: return n\n    a", 1))
    other = DONOR.replace("raise ValueError", "return 0").replace("n < 0", "n == 0")
    found = [
        apply(failing, hunks)
        for hunks in inserted_guards(failing, [cut(DONOR), cut(other), cut(other + "\nx = 1")])
    ]
    assert len(found) == 2
    assert "if n == 0" in found[0]
    assert "if n < 0" in found[1]


def test_nothing_is_proposed_without_donors_or_for_a_program_without_lines() -> None:
    assert list(replaced_lines(cut(FAILING), [], [0.5] * 100)) == []
    assert list(inserted_guards(cut(""), [cut(DONOR)])) == []
    assert list(replaced_lines(cut(""), [cut(DONOR)], [])) == []
