"""Statements that can never run: the sign of a patch that goes around the old code and does not mend it.

Inserting a right answer before the wrong code makes the tests pass with few edited tokens, and would label
the wrong code as kept. Such patches are refused while minimising.
"""

import ast


def dead_statements(tree: ast.Module) -> int:
    """How many statements follow one that always leaves their block, or are functions defined anew.

    A unary plus counts too.
    """
    count = 0
    for node in ast.walk(tree):
        # ``a + b`` with the a left out is a shorter edit than without the plus, but nobody's repair.
        count += isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                count += _dead_in(block)
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
