"""Statements that can never matter: the sign of a patch that goes around the old code and does not mend it.

Inserting a right answer before or behind the wrong code makes the tests pass with few edited tokens, and would
label the wrong code as kept. Such patches are refused while minimising.
"""

import ast
from collections.abc import Iterator, Sequence


def dead_statements(tree: ast.Module) -> int:
    """How many statements or assignments can never matter; only the difference between two programs means much.

    Counted are: statements behind one that always leaves their block, functions defined anew, local names that
    are assigned and never read, assignments that the same block overwrites before anything reads them, and
    (nobody's repair, but a shorter edit) a unary plus.
    """
    count = 0
    for node in ast.walk(tree):
        # ``a + b`` with the a left out is a shorter edit than without the plus.
        count += isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count += _never_read(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                count += _dead_in(block) + _overwritten_in(block)
    return count


def _dead_in(block: list[ast.stmt]) -> int:
    for index, statement in enumerate(block):
        if _leaves(statement):
            return len(block) - index - 1
    named = [s.name for s in block if isinstance(s, ast.FunctionDef | ast.ClassDef)]
    return len(named) - len(set(named))


def _leaves(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return True
    if isinstance(statement, ast.If):
        if isinstance(statement.test, ast.Constant):
            chosen = statement.body if statement.test.value else statement.orelse
            return any(map(_leaves, chosen))
        return any(map(_leaves, statement.body)) and any(map(_leaves, statement.orelse))
    if isinstance(statement, ast.While):
        endless = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        return endless and not any(isinstance(n, ast.Break) for n in ast.walk(statement))
    if isinstance(statement, ast.With):
        return any(map(_leaves, statement.body))
    return False


def _never_read(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    inside = [node for statement in function.body for node in ast.walk(statement)]
    # Loop variables and parts of a tuple are left unread by good programs too.
    stored = {n.id for node in inside for n in _targets(node) if isinstance(n, ast.Name)}
    stored |= {node.name for node in inside if isinstance(node, ast.FunctionDef)}
    read = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    shared = {name for n in inside if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names}
    arguments = {n.arg for n in ast.walk(function.args) if isinstance(n, ast.arg)}
    return sum(not name.startswith("_") for name in stored - read - shared - arguments)


def _targets(node: ast.AST) -> Sequence[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []


def _overwritten_in(block: Sequence[ast.stmt]) -> int:
    """Names that a statement assigns although a later one assigns them anew before anything reads them."""
    count = 0
    waiting: set[str] = set()  # assigned so far in this block, and not read since
    for statement in block:
        read, stored = set(_names(statement, ast.Load)), set(_names(statement, ast.Store))
        if isinstance(statement, ast.Assign):
            count += len((waiting & stored) - read)
        # A loop that only feeds a name to itself has not used it yet; one that leaves with it has.
        used = read - stored if isinstance(statement, ast.For | ast.While | ast.AugAssign) else read
        if any(isinstance(n, ast.Return | ast.Yield) for n in ast.walk(statement)):
            used = read
        waiting = (waiting - used) | stored
    return count


def _names(node: ast.AST, context: type[ast.expr_context]) -> Iterator[str]:
    return (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, context))
