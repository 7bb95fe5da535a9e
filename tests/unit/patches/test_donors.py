"""Which passing programs a failing one is compared with, and which of their differences come first."""

from heatline_probes.patches.donors import Candidate, diverse, least_edited, nearest_donors
from heatline_probes.patches.nearest import PassingPool
from heatline_probes.patches.units import apply, cut, difference

FAILING = "def f(values):\n    best = values[0]\n    for v in values:\n        best = min(best, v)\n    return best\n"
SHORT = "def f(values):\n    return max(values)\n"
LONG = (
    "def f(xs):\n    if not xs:\n        raise ValueError('nothing to choose from')\n    m = xs[0]\n    for x in xs:\n"
    "        m = max(m, x)\n    return m\n"
)
NAMES = frozenset({"f"})
FAILING_SOURCE = cut(FAILING)


def test_a_longer_program_that_keeps_the_failing_ones_tokens_comes_before_a_short_one() -> None:
    donors = nearest_donors(FAILING_SOURCE, PassingPool([SHORT, LONG]), ["a", "b"], [], NAMES, 2)
    assert donors.variants[0].origin == "b renamed"
    assert least_edited(donors.variants[0].hunks) == 2  # the guard is inserted, min replaced
    assert "if not values" in donors.sources[0].code


def test_every_difference_makes_a_program_that_passes() -> None:
    extra = [Candidate("def f(v):\n    return sorted(v)[-1]\n", "reference")]
    donors = nearest_donors(FAILING_SOURCE, PassingPool([SHORT, LONG]), ["a", "b"], extra, NAMES, 2)
    for variant in donors.variants:
        function: dict[str, object] = {}
        exec(apply(FAILING_SOURCE, variant.hunks), function)
        assert function["f"]([3, 9, 4]) == 9  # type: ignore[operator]
    assert {"a", "b", "b renamed", "reference", "reference renamed"} >= {v.origin for v in donors.variants}
    assert sorted(v.size for v in donors.variants) == [v.size for v in donors.variants]


def test_no_program_has_a_second_turn_before_all_had_a_first() -> None:
    pool = PassingPool([SHORT, LONG, SHORT.replace("max(values)", "sorted(values)[-1]")])
    variants = nearest_donors(FAILING_SOURCE, pool, ["a", "b", "c"], [], NAMES, 3).variants
    first = diverse(variants)[: len({v.program for v in variants})]
    assert {v.program for v in variants} == {v.program for v in first}
    assert set(variants) == set(diverse(variants))


def test_at_most_so_many_programs_are_aligned() -> None:
    pool = PassingPool([SHORT.replace("max", f"max{n}") for n in range(20)])
    donors = nearest_donors(FAILING_SOURCE, pool, ["p"] * 20, [], NAMES, 5)
    assert len(donors.sources) == 5


def test_a_program_that_is_the_failing_one_makes_no_difference() -> None:
    assert difference(FAILING_SOURCE, FAILING_SOURCE) == []
    donors = nearest_donors(FAILING_SOURCE, PassingPool([FAILING]), ["a"], [], NAMES, 3)
    assert donors.variants == ()
