"""Statements that a failing program lacks: where they are put, and which are left out."""

import ast
import builtins

from heatline_probes.patches.insertions import inserted_statements
from heatline_probes.patches.units import apply, cut

KNOWN = frozenset(dir(builtins))
FAILING = "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total\n"
DONOR = (
    "def f(xs):\n    xs = list(xs)\n    total = 0\n    for x in xs:\n        if x < 0:\n            continue\n"
    "        total += x\n    total = round(total, 2)\n    return total\n"
)


def proposed(donors: list[str], weights: list[float] | None = None) -> list[str]:
    failing = cut(FAILING)
    given = weights or [0.5] * len(failing.units)
    return [
        apply(failing, hunks) for hunks in inserted_statements(failing, list(map(cut, donors)), KNOWN, given)
    ]


def test_a_missing_statement_goes_where_the_other_program_has_it() -> None:
    found = proposed([DONOR])
    assert FAILING.replace("    return", "    total = round(total, 2)\n    return") in found
    assert FAILING.replace("        total", "        if x < 0:\n            continue\n        total") in found
    assert FAILING.replace("    total = 0", "    xs = list(xs)\n    total = 0") in found


def test_every_proposal_parses_and_only_inserts() -> None:
    failing = cut(FAILING)
    for hunks in inserted_statements(failing, [cut(DONOR)], KNOWN, [0.5] * len(failing.units)):
        assert ast.parse(apply(failing, hunks))
        assert all(hunk.first == hunk.last for hunk in hunks)


def test_statements_with_unknown_names_are_left_out() -> None:
    assert not any("helper" in code for code in proposed([DONOR.replace("round(total, 2)", "helper(total)")]))


def test_what_many_programs_have_comes_first() -> None:
    other = DONOR.replace("    xs = list(xs)\n", "").replace("        if x < 0:\n            continue\n", "")
    assert "round" in proposed([DONOR, other, other + "\n"])[0]


def test_what_the_program_has_is_not_inserted_again() -> None:
    assert proposed([FAILING]) == []
    assert proposed([]) == []
    assert list(inserted_statements(cut(""), [cut(DONOR)], KNOWN, [])) == []
