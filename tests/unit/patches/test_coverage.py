"""Lines that failing tests run and passing tests don't are the suspicious ones."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline_probes.corpus.programs import Problem
from heatline_probes.patches.coverage import Spectrum
from heatline_probes.patches.sandbox import Sandbox
from heatline_probes.patches.suspicion import most_suspicious_first, suspicion
from heatline_probes.patches.units import Hunk, cut

LOOP = """
def check(candidate):
    inputs = [[3], [-4], [0], [-9]]
    results = [3, 4, 0, 9]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assert candidate(*inp) == exp

check(size)
"""
ASSERTS = "assert size(3) == 3\nassert size(-4) == 4\nassert size(0) == 0\nassert size(-9) == 9\n"
CASES = """
import unittest

class Cases(unittest.TestCase):
    def test_positive(self):
        self.assertEqual(size(3), 3)
    def test_zero(self):
        self.assertEqual(size(0), 0)
    def test_negative(self):
        self.assertEqual(size(-4), 4)
    def test_more_negative(self):
        self.assertEqual(size(-9), 9)
"""
FAILING = "def size(x):\n    y = x\n    if x < 0:\n        y = x + 1\n    return y\n"
PROBLEM = Problem("toy:1", "toy", "1", "python", "", "size", "", "", LOOP, "exec", *[""] * 6)


@pytest.mark.parametrize(
    ("tests", "kind"),
    [(LOOP, "exec"), (ASSERTS, "exec"), (CASES, "unittest")],
    ids=["loop", "asserts", "cases"],
)
def test_every_kind_of_tests_is_run_one_by_one(tests: str, kind: str) -> None:
    with Sandbox() as sandbox, sandbox.problem(replace(PROBLEM, tests=tests, test_kind=kind)) as prepared:
        spectrum = prepared.spectrum(FAILING)
    assert spectrum is not None
    assert (spectrum.failed, spectrum.passed) == (2, 2)
    assert spectrum.lines == {2: [2, 2], 3: [2, 2], 4: [2, 0], 5: [2, 2]}
    scores = spectrum.ochiai()
    assert scores[4] == 1.0
    assert scores[2] == pytest.approx(0.5**0.5)


def test_a_test_that_never_ends_counts_as_failing_and_the_others_are_still_run() -> None:
    endless = FAILING.replace("y = x + 1", "\n        while True: pass")
    with Sandbox() as sandbox, sandbox.problem(PROBLEM) as prepared:
        spectrum = prepared.spectrum(endless)
    assert spectrum is not None
    assert (spectrum.failed, spectrum.passed) == (2, 2)


@pytest.mark.parametrize(
    "code", ["def size(x:", "import os\nos._exit(0)", "raise SystemExit", "print('1;2;3:4')"]
)
def test_a_program_that_reaches_no_test_has_no_spectrum_or_no_passing_test(code: str) -> None:
    with Sandbox() as sandbox, sandbox.problem(PROBLEM) as prepared:
        spectrum = prepared.spectrum(code)
        assert not prepared.run(code).passes
    assert spectrum is None or spectrum.passed == 0


def test_the_places_of_failing_tests_alone_come_first_and_those_a_repair_touches_before_them() -> None:
    failing = cut(FAILING)
    spectrum = Spectrum(2, 2, {2: [2, 2], 3: [2, 2], 4: [2, 0], 5: [2, 2]})
    plus = failing.texts.index("+")
    alone = most_suspicious_first(suspicion(failing, spectrum, []))
    line = {i for i, unit in enumerate(failing.units) if FAILING.count("\n", 0, unit.start) == 3}
    assert set(alone[: len(line)]) == line
    repaired = suspicion(failing, spectrum, [[Hunk(plus, plus + 1, failing.units[:1])]])
    assert set(most_suspicious_first(repaired)[:3]) == {plus - 1, plus, plus + 1}
    assert most_suspicious_first(suspicion(failing, None, [])) == list(range(len(failing.units)))


COUNTS = st.integers(0, 20)


@given(st.dictionaries(st.integers(1, 100), st.tuples(COUNTS, COUNTS), max_size=30), COUNTS, COUNTS)
def test_a_spectrum_survives_being_sent_and_scores_stay_between_0_and_1(
    lines: dict[int, tuple[int, int]], more_failed: int, more_passed: int
) -> None:
    failed = max((a for a, _ in lines.values()), default=0) + more_failed
    spectrum = Spectrum(failed, more_passed, {line: list(pair) for line, pair in lines.items()})
    assert Spectrum.decode(spectrum.encode()) == spectrum
    assert all(0 <= score <= 1 for score in spectrum.ochiai().values())
