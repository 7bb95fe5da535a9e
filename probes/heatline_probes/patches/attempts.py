"""Whether a failing program is an attempt at all: a function without a body has nothing that could be patched."""

import ast
from collections.abc import Collection

from heatline_probes.corpus.programs import Problem

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def entry_points(problem: Problem) -> frozenset[str]:
    """The names by which the tests of a problem may call a program."""
    return frozenset(name for name in (problem.entry_point, problem.alt_entry) if name)


def is_attempt(code: str, names: Collection[str]) -> bool:
    """Whether the entry function (the last definition of one of `names`) has a body.

    Docstrings, ``pass`` and ``...`` are no body. A program without such a function is an attempt when it holds
    any statement besides imports and functions without a body; one that does not parse counts as an attempt
    unless it is empty.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return bool(code.strip())
    functions = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]
    entries = [function for function in functions if function.name in names]
    if entries:
        return _has_body(entries[-1])
    loose = [s for s in tree.body if not isinstance(s, (*_FUNCTIONS, ast.Import, ast.ImportFrom))]
    classes = [s for s in loose if isinstance(s, ast.ClassDef)]
    said = [s for s in loose if s not in classes and not _says_nothing(s)]
    return bool(said) or any(map(_has_body, functions))


def _has_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return not all(map(_says_nothing, function.body))


def _says_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
