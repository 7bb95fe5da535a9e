"""Run one program against the tests of its problem, inside the process that is given up for it.

Standard library only. `prepare` runs once per problem in a trusted process; `execute` runs in a forked child
that then ends. The program shares its process with the tests, so a program that is set on cheating and
knows this module could; what is ruled out is what a program may do by accident or by the usual tricks:

* a pass is claimed only by a secret that `execute` holds and sends over its own pipe after all tests ran,
  so neither printing nor exiting with 0 claims anything;
* tests run in their own namespace with the builtins as they were before the program ran, and nothing of the
  program but the names the tests mention is put there;
* what the tests trust (builtins, unittest, numpy.allclose) is compared with what it was when they end;
* a result whose class compares in its own way (an object equal to everything) is refused.
"""

import ast
import builtins
import importlib
import io
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from heatline_probes.patches import coverage, lazy_numpy

PROGRAM_NAME = "program_under_test"
PROGRAM_FILE = "<program>"
_ORDER = "__heatline_order__"
_BUILTIN_NAMES = frozenset(dir(builtins))
_PLAIN = (int, float, str, bool, bytes, complex, type(None), range)
_MESSAGE_LENGTH = 300


class TamperedError(Exception):
    """Raised when a program changed what the tests rely on."""


class Plan:
    """The tests of one problem, compiled, with everything that does not depend on a program already run."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.kind: str = problem["test_kind"]
        self.entry_points: tuple[str, ...] = tuple(
            n for n in (problem["entry_point"], problem["alt_entry"]) if n
        )
        self.preamble = compile(problem["preamble"] or "", "<preamble>", "exec", dont_inherit=True)
        self.samples: list[tuple[str, str]] = problem.get("samples", [])
        self.namespace: dict[str, Any] = {
            "__name__": "tests_of_program",
            "__builtins__": dict(vars(builtins)),
        }
        self.order: list[int] = list(problem.get("order", ()))
        self.first: int | None = problem.get("first")
        self.wanted: tuple[str, ...] = ()
        self.rest: types.CodeType | None = None
        self.takes_order = False  # the tests are a loop over inputs
        self.single: tuple[types.CodeType, ...] = ()  # the same as one piece of code for each assertion
        if self.kind in ("exec", "unittest"):
            self._compile(problem["tests"])
        self.trusted = _snapshot()

    def _compile(self, tests: str) -> None:
        ordered = _Ordered()
        tree = ordered.visit(ast.parse(tests))
        self.takes_order = ordered.found
        if self.kind == "unittest" or lazy_numpy.needed_by(tree):
            importlib.import_module("numpy")
        else:
            lazy_numpy.install()
        ast.fix_missing_locations(tree)
        bound = _bound_at_top(tree)
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        self.wanted = tuple(sorted(used - bound - _BUILTIN_NAMES - {_ORDER}))
        split = next(
            (i for i, node in enumerate(tree.body) if not self._is_independent(node)), len(tree.body)
        )
        before = ast.Module(tree.body[:split], [])
        exec(compile(before, "<tests>", "exec", dont_inherit=True), self.namespace)
        rest = tree.body[split:]
        self.rest = compile(ast.Module(rest, []), "<tests>", "exec", dont_inherit=True)
        asserts = [node for node in rest if isinstance(node, ast.Assert)]
        setup = [node for node in rest if not isinstance(node, ast.Assert)]
        if len(asserts) > 1:
            self.single = tuple(
                compile(ast.Module([*setup, node], []), "<tests>", "exec", dont_inherit=True)
                for node in asserts
            )

    def _is_independent(self, node: ast.stmt) -> bool:
        """Whether a statement of the tests can run before any program is there."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            return True
        if isinstance(node, ast.FunctionDef):
            return not node.decorator_list
        if isinstance(node, ast.Assign):
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            calls = any(isinstance(n, ast.Call) for n in ast.walk(node))
            return not calls and not names & set(self.wanted)
        return False


class _Ordered(ast.NodeTransformer):
    """Lets the harness choose the order in which a loop over test inputs runs."""

    def __init__(self) -> None:
        self.found = False

    def visit_For(self, node: ast.For) -> ast.For:
        if ast.unparse(node.iter) == "enumerate(zip(inputs, results))":
            self.found = True
            node.iter = ast.Call(ast.Name(_ORDER, ast.Load()), [node.iter], [])
        return node


def execute(
    plan: Plan,
    code: str,
    order: list[int],
    secret: bytes,
    send: Callable[[bytes], None],
    *,
    spectrum: bool = False,
) -> None:
    """Run `code` and the tests; `send` gets ``secret + b"pass"`` or a line that says what failed.

    order: indices of test inputs to try first. spectrum: send which lines single tests run instead (see
    `coverage`). Never returns normally from a program that ends the process.
    """
    at: list[int] = [-1]
    try:
        if spectrum:
            found = coverage.record(single_tests(plan, program_of(plan, code), order), PROGRAM_FILE)
            send(f"spectrum\t-1\t\t{found.encode()}".encode())
            return
        run_once(plan, code, order, at)
    except BaseException as error:
        send(_failure(error, at[0]))
        return
    send(secret + b"pass")


def run_once(plan: Plan, code: str, order: list[int], at: list[int], most: int | None = None) -> None:
    """Run `code` and the tests in this process; raises what a test or the program raises, whatever it is.

    at: a list of one element, the index of the test that is running. most: run only so many test inputs.
    """
    if plan.kind == "stdio":
        _run_samples(plan, compile(code, PROGRAM_FILE, "exec", dont_inherit=True), at)
    else:
        _run_tests(plan, program_of(plan, code), order, at, most)


def program_of(plan: Plan, code: str) -> dict[str, Any]:
    """What a program binds."""
    compiled = compile(code, PROGRAM_FILE, "exec", dont_inherit=True)
    module = types.ModuleType(PROGRAM_NAME)
    sys.modules[PROGRAM_NAME] = module
    exec(plan.preamble, vars(module))
    exec(compiled, vars(module))
    return vars(module)


def _run_samples(plan: Plan, compiled: types.CodeType, at: list[int]) -> None:
    for index, (given, expected) in enumerate(plan.samples):
        at[0] = index
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        output = io.StringIO()
        sys.stdin, sys.stdout = io.TextIOWrapper(io.BytesIO(given.encode())), output
        exec(plan.preamble, vars(module))
        try:
            exec(compiled, vars(module))
        except SystemExit as leaving:
            if leaving.code not in (None, 0):
                raise
        if output.getvalue().split() != expected.split():
            raise AssertionError("the output differs from the expected one")


def _run_tests(
    plan: Plan, program: dict[str, Any], order: list[int], at: list[int], most: int | None
) -> None:
    tests = _joined(plan, program)
    tests[_ORDER] = lambda pairs: islice(_in_order(pairs, order, plan.first, at), most)
    assert plan.rest is not None
    exec(plan.rest, tests)
    if plan.kind == "unittest":
        _run_unittest(tests, at)
    _check_untouched(plan)


def _joined(plan: Plan, program: dict[str, Any]) -> dict[str, Any]:
    """The namespace of the tests with the names of the program that they mention."""
    tests = plan.namespace
    for name in plan.wanted:
        if name in program:
            tests[name] = program[name]
    entry = next((n for n in plan.entry_points if n in program), None)
    if plan.kind == "exec" and entry is not None:
        wrapped = _guarded(program[entry])
        for name in plan.entry_points:
            tests[name] = wrapped
    return tests


def single_tests(plan: Plan, program: dict[str, Any], order: list[int]) -> list[Callable[[], Any]]:
    """Tests one by one, half of them such as failed for other programs; one for all where they can't be cut."""
    tests = _joined(plan, program)
    assert plan.rest is not None
    if plan.kind == "unittest":
        exec(plan.rest, tests)
        return [_raising(test) for test in _test_cases(tests)]
    if plan.single:
        return [coverage.runnable(code, tests) for code in plan.single]
    if not plan.takes_order:
        return [coverage.runnable(plan.rest, tests)]
    early = order[: coverage.MOST_TESTS // 2]
    chosen = [*early, *(i for i in range(coverage.MOST_TESTS) if i not in early)]
    return [
        coverage.runnable(plan.rest, tests, **{_ORDER: lambda pairs, i=index: list(pairs)[i : i + 1]})
        for index in chosen
    ]


def _raising(test: Any) -> Callable[[], Any]:
    return lambda: test.debug()


def _in_order(pairs: Iterable[Any], order: list[int], first: int | None, at: list[int]) -> Iterator[Any]:
    items = list(pairs)[:first]
    early = [i for i in order if i < len(items)]
    chosen = set(early)
    for index in (*early, *(i for i in range(len(items)) if i not in chosen)):
        at[0] = index
        yield items[index]


def _test_cases(tests: dict[str, Any]) -> list[Any]:
    import unittest  # only these tests need it, and it makes every fork slower

    cases = [
        value
        for value in tests.values()
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and value is not unittest.TestCase
    ]
    loader = unittest.TestLoader()
    return [case(name) for case in cases for name in loader.getTestCaseNames(case)]


def _run_unittest(tests: dict[str, Any], at: list[int]) -> None:
    import unittest

    suite = _test_cases(tests)
    if not suite:
        raise TamperedError("no test case was found")
    for index, test in enumerate(suite):
        at[0] = index
        result = unittest.TestResult()
        test.run(result)
        problems = [*result.failures, *result.errors]
        if problems:
            last = problems[0][1].strip().splitlines()[-1]
            raise AssertionError(last)
        planned = getattr(getattr(test, test.id().rsplit(".", 1)[-1]), "__unittest_skip__", False)
        if result.testsRun != 1 or result.unexpectedSuccesses or (result.skipped and not planned):
            raise TamperedError("a test case did not run")


def _guarded(function: Any) -> Any:
    if not isinstance(function, types.FunctionType):
        return function

    def call(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        _refuse_own_comparison(result, 0)
        return result

    return call


def _refuse_own_comparison(value: Any, depth: int) -> None:
    kind = type(value)
    if kind in _PLAIN or depth > 6:
        return
    if kind in (list, tuple, set, frozenset):
        for item in value:
            _refuse_own_comparison(item, depth + 1)
    elif kind is dict:
        for item in value.values():
            _refuse_own_comparison(item, depth + 1)
    else:
        for base in kind.__mro__:
            home = sys.modules.get(getattr(base, "__module__", ""))
            is_library = home is not None and vars(home).get(base.__name__) is base
            if (not is_library or base.__module__ == PROGRAM_NAME) and "__eq__" in vars(base):
                raise TamperedError(f"a result of class {kind.__name__} compares in its own way")


def _snapshot() -> list[tuple[str, types.MappingProxyType[str, Any] | dict[str, Any], dict[str, Any]]]:
    # Only what decides a verdict: looking at more makes the kernel copy more memory for every program.
    watched: list[tuple[str, Any]] = [("builtins", builtins)]
    if "unittest" in sys.modules:
        library = sys.modules["unittest"]
        watched += [
            (f"unittest.{name}", getattr(library, name)) for name in ("TestCase", "TestResult", "TestLoader")
        ]
    trusted = [(name, vars(thing), dict(vars(thing))) for name, thing in watched]
    numpy = sys.modules.get("numpy")
    if numpy is not None and "allclose" in vars(numpy):
        trusted.append(("numpy", vars(numpy), {"allclose": vars(numpy)["allclose"]}))
    return trusted


def _check_untouched(plan: Plan) -> None:
    for name, now, before in plan.trusted:
        for key, value in before.items():
            if now.get(key) is not value and key != "_":
                raise TamperedError(f"{name}.{key} was replaced")


def _bound_at_top(tree: ast.Module) -> set[str]:
    bound = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Assign):
            bound |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return bound


def _failure(error: BaseException, at: int) -> bytes:
    kind = "fail" if type(error) is AssertionError else "error"
    try:
        message = str(error)
    except BaseException:
        message = ""
    text = f"{kind}\t{at}\t{type(error).__name__}\t{message[:_MESSAGE_LENGTH]}"
    return text.encode("utf-8", "replace").replace(b"\n", b" ")
