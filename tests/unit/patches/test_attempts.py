"""A function without a body is no attempt; anything with a statement is."""

import pytest

from heatline_probes.patches.attempts import is_attempt

STUBS = {
    "a docstring": 'def f(x):\n    """Add one."""\n',
    "pass": "def f(x):\n    pass\n",
    "dots behind a docstring": "def f(x):\n    'Doc.'\n    ...\n",
    "a helper, but nothing in the entry": "def g(x):\n    return x\n\ndef f(x):\n    pass\n",
    "the last definition counts": "def f(x):\n    return x\n\ndef f(x):\n    pass\n",
    "imports only": "import math\nfrom typing import List\n",
    "nothing": "\n",
    "other names without a body": "def g(x):\n    ...\n",
    "a class of stubs": "class Solution:\n    def f(self):\n        pass\n",
}
ATTEMPTS = {
    "a statement": "def f(x):\n    return x\n",
    "a statement behind a docstring": "def f(x):\n    'Doc.'\n    raise NotImplementedError\n",
    "another name with a body": "def g(x):\n    return x\n",
    "a method": "class Solution:\n    def f(self):\n        return 1\n",
    "loose code": "print(input())\n",
    "what does not parse": "def f(x:\n",
}


@pytest.mark.parametrize("code", STUBS.values(), ids=STUBS)
def test_a_program_without_a_body_is_no_attempt(code: str) -> None:
    assert not is_attempt(code, {"f"})


@pytest.mark.parametrize("code", ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_program_that_does_something_is_an_attempt(code: str) -> None:
    assert is_attempt(code, {"f"})
