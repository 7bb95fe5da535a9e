"""A program for a problem of ours."""

from heatline_probes.corpus.programs import Program, code_sha

GOOD = "import math\n\n\ndef f{i}(a, b):\n    total = a + b\n    return total * {i}\n"
QUOTAS = {"set-a": 60, "set-b": 60}


def program(
    problem: int, passes: bool, licence: str = "MIT", kind: str = "solution", model: str = "m"
) -> Program:
    """One that passes, or one that subtracts where it should add."""
    code = GOOD.replace("{i}", str(problem))
    if not passes:
        code = code.replace("a + b", "a - b")
    code += f"# {model}\n"
    return Program(
        code_sha(code), "set-a" if problem % 2 else "set-b", f"p{problem}", "python", model, kind, "own", licence,
        passes, "ran", code,
    )  # fmt: skip
