"""Whether a changed program passes: remembered, compiled before it is run, within a budget of runs."""

import ast
import hashlib
import warnings
from collections.abc import Sequence

from heatline_probes.corpus.programs import Problem
from heatline_probes.patches.coverage import Spectrum
from heatline_probes.patches.deadcode import dead_statements
from heatline_probes.patches.sandbox import Outcome, ProblemTests
from heatline_probes.patches.state import MiningState
from heatline_probes.patches.units import Hunk, Source, apply

MOST_SCREENED = 32  # programs in one process


def tests_name(problem: Problem, first: int | None) -> str:
    """The name under which verdicts of these tests are kept: they are worthless for any other tests."""
    parts = (problem.preamble, problem.tests, problem.entry_point, problem.alt_entry, str(first))
    text = "\0".join(parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class Oracle:
    """The tests of one problem, asked about many programs."""

    def __init__(self, tests: ProblemTests, state: MiningState, name: str, *, timeout: float) -> None:
        self._tests = tests
        self._state = state
        self._name = name
        self.timeout = timeout  # seconds of processor time for one run
        self.runs = 0  # in all
        self._runs_left = 0
        self._last_second = 0.0  # of the processor time that all runs take
        self._dead_before = 0

    def start(self, failing: Source, *, runs: int, seconds: float) -> None:
        """A fresh budget for one failing program: runs of the tests, and seconds of processor time as a net."""
        tree = parse(failing.code)
        self._dead_before = dead_statements(tree) if tree is not None else 0
        self._runs_left = runs
        self._last_second = self._tests.seconds + seconds

    @property
    def exhausted(self) -> bool:
        """Whether the budget is spent: every unknown program counts as failing then."""
        return self._runs_left <= 0 or self._tests.seconds > self._last_second

    def patch_passes(self, failing: Source, hunks: Sequence[Hunk]) -> bool:
        """Whether `failing` passes after `hunks`, and has no more dead code than before."""
        code = apply(failing, hunks)
        known = self._state.verdict(self._name, code)
        if known is False or (known is None and self.exhausted):
            return False
        if not self._may_pass(code):
            return False
        return known if known is not None else self._run(code)

    def _may_pass(self, code: str) -> bool:
        tree = parse(code)
        return tree is not None and dead_statements(tree) <= self._dead_before

    def screen(self, failing: Source, changes: Sequence[Sequence[Hunk]]) -> None:
        """Run several changed programs in one process, to know cheaply which of them fail; the others stay unknown.

        Every program that is found to fail counts as one run.
        """
        unknown = []
        for hunks in changes:
            code = apply(failing, hunks)
            if self._state.verdict(self._name, code) is None and code not in unknown and self._may_pass(code):
                unknown.append(code)
        unknown = unknown[: max(0, min(self._runs_left, MOST_SCREENED))]
        if len(unknown) < 2 or self.exhausted:
            return  # one process each is as good
        for code, fails in zip(unknown, self._tests.screen(unknown, timeout=self.timeout), strict=True):
            if fails:
                self.runs += 1
                self._runs_left -= 1
                self._state.set_verdict(self._name, code, False)

    def scores(self, failing: Source, changes: Sequence[Sequence[Hunk]]) -> tuple[int, list[int]]:
        """How many single tests there are, and how many `failing` passes after each of `changes`; see `Sandbox`.

        What does not compile or goes around old code has the score -1. The caller bounds how many are asked.
        """
        scores = [-1] * len(changes)
        codes = [apply(failing, hunks) for hunks in changes]
        asked: dict[str, int] = {}
        for code in codes:
            if self._may_pass(code):
                asked.setdefault(code, len(asked))
        if not asked:
            return 0, scores
        self.runs += len(asked)
        most, found = self._tests.scores(list(asked), timeout=self.timeout)
        return most, [found[asked[code]] if code in asked else -1 for code in codes]

    def passes(self, code: str) -> bool:
        """Whether a whole program passes; runs it unless known, whatever is left of the budget."""
        known = self._state.verdict(self._name, code)
        if known is not None:
            return known
        return parse(code) is not None and self._run(code)

    def really_passes(self, code: str) -> bool:
        """Two fresh runs that both pass; what is said of a program is corrected otherwise."""
        self.runs += 2
        verdict = self._tests.confirm(code, timeout=max(5.0, 3 * self.timeout))
        if not verdict.passes:
            self._state.set_verdict(self._name, code, False)
        return verdict.passes

    def really_fails(self, code: str) -> bool:
        """Whether a program fails by two fresh runs; a timeout is tried again with more time."""
        self.runs += 1
        verdict = self._tests.run(code, timeout=2 * self.timeout)
        if verdict.outcome in (Outcome.FAIL, Outcome.ERROR) and verdict.failing_test is None:
            return True  # never reached a test: nothing random about it
        again = self._tests.run(code, timeout=2 * self.timeout)
        self.runs += 1
        return verdict.outcome is not Outcome.PASS and again.outcome is not Outcome.PASS

    def spectrum(self, code: str) -> Spectrum | None:
        """Which lines single tests run."""
        self.runs += 1
        return self._tests.spectrum(code, timeout=max(5.0, 2 * self.timeout))

    def failure(self, code: str) -> str:
        """What one run of a failing program says: the exception and its message."""
        self.runs += 1
        return self._tests.run(code, timeout=self.timeout).detail

    def _run(self, code: str) -> bool:
        self.runs += 1
        self._runs_left -= 1
        passes = self._tests.run(code, timeout=self.timeout).passes
        self._state.set_verdict(self._name, code, passes)
        return passes


def parse(code: str) -> ast.Module | None:
    """The tree of a program that also compiles, else None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
            compile(tree, "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree
