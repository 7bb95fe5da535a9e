"""Single hunks of many differences: what is proposed, and what comes first."""

from heatline_probes.patches.donors import nearest_donors
from heatline_probes.patches.nearest import PassingPool
from heatline_probes.patches.units import apply, cut
from heatline_probes.patches.voting import voted_hunks

FAILING = """def f(s):
    parts = s.split('_')
    parts = [p.capitalize() for p in parts]
    return ''.join(parts)
"""
RIGHT = FAILING.replace("capitalize()", "capitalize() or '_'")


def proposed(passing: list[str]) -> list[str]:
    failing = cut(FAILING)
    donors = nearest_donors(failing, PassingPool(passing), ["p"] * len(passing), [], frozenset({"f"}), 10)
    hunks = voted_hunks(failing, donors.variants, [0.5] * len(failing.units))
    return [apply(failing, one) for one in hunks]


def test_one_part_of_a_difference_is_tried_alone() -> None:
    other = "def f(s):\n    parts = s.split('_')\n    return ''.join(p.capitalize() or '_' for p in parts)\n"
    assert RIGHT in proposed([other])


def test_what_more_programs_have_comes_first() -> None:
    several = [
        RIGHT,
        RIGHT.replace("return ''.join", "return str().join"),
        RIGHT.replace("split('_')", "split('-')"),
    ]
    assert proposed(several)[0] == RIGHT


def test_nothing_is_proposed_without_passing_programs() -> None:
    assert proposed([]) == []
