"""Changes that repair a part of the tests each are put together until all pass."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from heatline_probes.patches.combining import Scored, combined, together
from heatline_probes.patches.units import Hunk, Unit


def change(first: int, last: int, text: str = "x") -> tuple[Hunk, ...]:
    return (Hunk(first, last, (Unit(text, text, " ", 0, 0),)),)


def test_changes_that_each_repair_a_part_are_found_together() -> None:
    tests = {0: change(1, 2), 1: change(5, 6), 2: change(9, 9)}

    def scores(changes: Sequence[Sequence[Hunk]]) -> tuple[int, list[int]]:
        return 3, [sum(set(needed) <= set(hunks) for needed in tests.values()) for hunks in changes]

    improving = [Scored(needed, 1) for needed in tests.values()]
    assert next(combined(improving, scores, 99)) == [*change(1, 2), *change(5, 6), *change(9, 9)]


def test_nothing_is_claimed_where_no_combination_is_better() -> None:
    improving = [Scored(change(1, 2), 1), Scored(change(5, 6), 1)]
    assert list(combined(improving, lambda changes: (3, [1] * len(changes)), 99)) == []
    assert list(combined([], lambda changes: (3, []), 99)) == []


HUNKS = st.tuples(st.integers(0, 6), st.integers(0, 3)).map(lambda at: change(at[0], at[0] + at[1]))


@given(HUNKS, HUNKS)
def test_changes_that_touch_are_never_put_together(one: tuple[Hunk, ...], other: tuple[Hunk, ...]) -> None:
    joined = together(one, other)
    if joined is not None:
        first, second = joined
        assert first.last <= second.first
        assert first.first < second.first
        assert {*one, *other} == {first, second}
