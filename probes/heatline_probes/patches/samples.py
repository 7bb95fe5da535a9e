"""The examples that a problem statement shows, run as necessary conditions where the full tests are hidden.

A program that fails them is wrong; one that passes them may still be. Contest problems show pairs of standard input
and output, LeetCode's show arguments and a result. Statements are written for people, so an example is believed
only when programs that are known to pass agree with it.
"""

import ast
import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from heatline_probes.corpus.programs import Problem
from heatline_probes.errors import SandboxError
from heatline_probes.patches.mining import STANDARD_PREAMBLE
from heatline_probes.patches.sandbox import ProblemTests, Sandbox

TRIED = 5  # passing programs that samples are tried on
LEAST_AGREEING = 0.8  # of these
_TIMEOUT = 4.0  # seconds for all samples of one problem

_STDIO = re.compile(
    r"Sample Input \d+\s*\n\n(?P<stdin>.*?)\n\s*\nSample Output \d+\s*\n\n(?P<stdout>.*?)(?=\n\s*\n|\Z)",
    re.DOTALL,
)
_CALL = re.compile(
    r"^Input:?\s*(?P<arguments>.+?)\s*^Output:?\s*(?P<result>[^\n]+)", re.DOTALL | re.MULTILINE
)
_JSON_NAMES = {"true": True, "false": False, "null": None}


class SampleVerdict(StrEnum):
    """What the samples of a problem say of a program."""

    PASS = "pass"
    FAIL = "fail"
    NONE = "none"  # there are none that can be believed


def stdio_samples(prompt: str) -> list[tuple[str, str]]:
    """Pairs of standard input and expected standard output."""
    text = prompt.replace("\r\n", "\n")
    return [(match["stdin"] + "\n", match["stdout"] + "\n") for match in _STDIO.finditer(text)]


def call_samples(prompt: str) -> list[tuple[list[object], object]]:
    """Pairs of positional arguments and the expected result, of literals only."""
    found = []
    for match in _CALL.finditer(prompt.replace("\r\n", "\n")):
        with contextlib.suppress(ValueError, SyntaxError):
            call = ast.parse(f"f({match['arguments']})", mode="eval").body
            if isinstance(call, ast.Call):
                arguments = [_literal(value) for value in (*call.args, *(k.value for k in call.keywords))]
                found.append((arguments, _literal(ast.parse(match["result"].strip(), mode="eval").body)))
    return found


class Samples:
    """The public samples of one problem, ready to be run; use `open_samples`."""

    def __init__(self, tests: ProblemTests | None) -> None:
        self._tests = tests
        self._known: dict[str, SampleVerdict] = {}

    def verdict(self, code: str) -> SampleVerdict:
        """What the samples say of a program."""
        if self._tests is None:
            return SampleVerdict.NONE
        if code not in self._known:
            passes = self._tests.run(code, timeout=_TIMEOUT).passes
            self._known[code] = SampleVerdict.PASS if passes else SampleVerdict.FAIL
        return self._known[code]

    def is_believable(self, passing: Sequence[str]) -> bool:
        """Whether programs that are known to pass agree with the samples."""
        tried = passing[:TRIED]
        agreeing = sum(self.verdict(code) is SampleVerdict.PASS for code in tried)
        return bool(tried) and agreeing >= LEAST_AGREEING * len(tried)


@contextlib.contextmanager
def open_samples(sandbox: Sandbox, problem: Problem, passing: Sequence[str]) -> Iterator[Samples]:
    """The samples of `problem`, none where it shows none that most of the `passing` programs agree with."""
    pairs, calls = stdio_samples(problem.prompt), call_samples(problem.prompt)
    with contextlib.ExitStack() as stack:
        tests: ProblemTests | None = None
        with contextlib.suppress(SandboxError):
            if pairs:
                tests = stack.enter_context(sandbox.stdio(pairs, STANDARD_PREAMBLE))
            elif calls:
                asserts = replace(
                    problem, tests=_as_tests(calls), test_kind="exec", entry_point="", alt_entry=""
                )
                tests = stack.enter_context(
                    sandbox.problem(replace(asserts, preamble=STANDARD_PREAMBLE + problem.preamble))
                )
        samples = Samples(tests)
        yield samples if tests is not None and samples.is_believable(passing) else Samples(None)


def _as_tests(calls: Sequence[tuple[list[object], object]]) -> str:
    lines = ["_method = next(name for name in vars(Solution) if not name.startswith('_'))"]
    lines += [
        f"assert getattr(Solution(), _method)(*{arguments!r}) == {result!r}" for arguments, result in calls
    ]
    return "\n".join(lines)


def _literal(node: ast.expr) -> object:
    """The value of a literal in Python's or JSON's words. Raises ValueError for anything else."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id not in _JSON_NAMES:
            raise ValueError(inner.id)

    class Python(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.Constant:
            return ast.copy_location(ast.Constant(_JSON_NAMES[name.id]), name)

    value: object = ast.literal_eval(Python().visit(node))
    return value
