"""Untrusted programs get an honest verdict, and neither fake one nor harm the machine."""

import os
import select
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

from heatline_probes.corpus.programs import Problem
from heatline_probes.errors import SandboxError
from heatline_probes.patches.confinement import FIRST_UNPRIVILEGED_UID, Limits
from heatline_probes.patches.sandbox import Outcome, ProblemTests, Sandbox, Verdict

TESTS = """
import numpy as np

def assertion(out, exp, atol):
    exact_match = out == exp
    if not exact_match and atol != 0:
        assert np.allclose(out, exp, rtol=1e-07, atol=atol)
    else:
        assert exact_match

inputs = [[1], [2], [3], [40]]
results = [2, 3, 4, 41]
for i, (inp, exp) in enumerate(zip(inputs, results)):
    assertion(f(*inp), exp, 0)
"""
RIGHT = "def f(x):\n    return x + 1\n"
WRONG = "def f(x):\n    return x - 1\n"
UNITTESTS = """
import unittest
class TestCases(unittest.TestCase):
    def test_small(self):
        self.assertEqual(f(1), 2)
    def test_large(self):
        self.assertEqual(f(40), 41)
"""
LIMITS = Limits(memory=1 << 30, cpu_seconds=5, file_size=1 << 20, processes=8, scratch_size=4 << 20)


def problem(tests: str = TESTS, kind: str = "exec") -> Problem:
    return Problem("toy:1", "toy", "1", "python", "", "f", RIGHT, "", tests, kind, "", "", "", "", "", "")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limits=LIMITS) as box:
        yield box


@pytest.fixture
def tests(sandbox: Sandbox) -> Iterator[ProblemTests]:
    with sandbox.problem(problem()) as prepared:
        yield prepared


def judged(tests: ProblemTests, code: str, timeout: float = 10.0) -> Verdict:
    """The verdict, after which a right program must still pass: nothing was left behind or broken."""
    verdict = tests.run(code, timeout=timeout)
    assert Outcome.PASS is tests.run(RIGHT).outcome
    return verdict


def test_right_wrong_and_broken_programs_are_told_apart(tests: ProblemTests) -> None:
    assert judged(tests, RIGHT).passes
    assert Outcome.FAIL is judged(tests, WRONG).outcome
    assert "SyntaxError" in judged(tests, "def f(x:").detail
    assert "NameError" in judged(tests, "def f(x):\n    return y").detail
    assert "NameError" in judged(tests, "x = 1").detail
    assert Outcome.TIMEOUT is judged(tests, "def f(x):\n    while True: pass", timeout=0.3).outcome
    assert Outcome.TIMEOUT is judged(tests, "import time\ndef f(x): time.sleep(99)", timeout=0.3).outcome
    deaf = "import signal\nsignal.signal(signal.SIGPROF, signal.SIG_IGN)\ndef f(x):\n    while True: pass"
    assert judged(tests, deaf, timeout=0.1).outcome in (Outcome.TIMEOUT, Outcome.ERROR)


def test_an_input_that_failed_before_is_tried_first(tests: ProblemTests) -> None:
    only_last = "def f(x):\n    return x + 1 if x < 40 else 0\n"
    assert tests.run(only_last).failing_test == 3
    seen = "def f(x):\n    raise KeyError(x)\n"
    assert tests.run(seen).detail == "KeyError: 40"


def test_all_inputs_count_whatever_the_order(tests: ProblemTests) -> None:
    for bad in (1, 2, 3, 40):
        assert not tests.run(f"def f(x):\n    return x + 1 if x != {bad} else 0\n").passes


def test_unittest_cases_must_all_pass(sandbox: Sandbox) -> None:
    with sandbox.problem(problem(UNITTESTS, "unittest")) as tests:
        assert tests.run(RIGHT).passes
        assert Outcome.FAIL is tests.run("def f(x):\n    return 2\n").outcome


def test_standard_streams_are_compared_by_words(sandbox: Sandbox) -> None:
    with sandbox.stdio([("1 2\n", "3\n"), ("5 5\n", "10\n")]) as tests:
        assert tests.run("print(sum(map(int, input().split())))").passes
        assert tests.run("import sys\nprint(' ', sum(map(int, input().split())), '\\n')\nsys.exit(0)").passes
        assert Outcome.FAIL is tests.run("print(4)").outcome
        assert tests.run("print(3)").failing_test == 1
        assert Outcome.ERROR is tests.run("import sys\nprint(3)\nsys.exit(1)").outcome


def test_a_verdict_that_differs_from_run_to_run_is_marked(tests: ProblemTests, tmp_path: Path) -> None:
    flaky = "import os\ndef f(x):\n    return x + int.from_bytes(os.urandom(1)) % 2\n"
    verdicts = [tests.confirm(flaky, runs=12) for _ in range(4)]
    assert not any(verdict.passes for verdict in verdicts)
    assert not tests.confirm(RIGHT).flaky


FAKED_PASSES = {
    "exits with 0 at import": "import sys\nsys.exit(0)",
    "exits with 0 in the function": "import sys\ndef f(x):\n    sys.exit(0)",
    "leaves the process": "import os\ndef f(x):\n    os._exit(0)",
    "leaves at import": "import os\nos._exit(0)",
    "prints a success": "print('pass')\nimport os\nfor n in range(3, 64):\n    try: os.write(n, b'pass')\n"
    "    except OSError: pass\nos._exit(0)",
    "equals everything": "class E:\n    def __eq__(self, other): return True\ndef f(x):\n    return E()",
    "equals everything, as an int": "class E(int):\n    def __eq__(self, other): return True\ndef f(x):\n"
    "    return E(0)",
    "equals everything, and denies its module": "class E:\n    __module__ = 'builtins'\n"
    "    def __eq__(self, other): return True\ndef f(x):\n    return E()",
    "replaces allclose": "import numpy\nnumpy.allclose = lambda *a, **k: True\ndef f(x):\n    return 0",
    "replaces zip": "import builtins\nbuiltins.zip = lambda *a: []\ndef f(x):\n    return 0",
    "replaces enumerate for real": "import builtins\nbuiltins.enumerate = lambda *a: []\n" + RIGHT,
    "redefines the assertion": "def assertion(*a): pass\ndef f(x):\n    return 0",
    "empties the inputs": "inputs = []\nresults = []\ndef f(x):\n    return 0",
    "raises the exit": "def f(x):\n    raise SystemExit(0)",
    "kills itself": "import os, signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize("code", FAKED_PASSES.values(), ids=FAKED_PASSES.keys())
def test_a_pass_can_not_be_faked(tests: ProblemTests, code: str) -> None:
    assert not judged(tests, code).passes


FAKED_UNITTESTS = {
    "replaces assertEqual": "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\n"
    "def f(x):\n    return 0",
    "replaces run": "import unittest\nunittest.TestCase.run = lambda *a, **k: None\ndef f(x):\n    return 0",
    "skips": "import unittest\ndef f(x):\n    raise unittest.SkipTest('no')",
}


@pytest.mark.parametrize("code", FAKED_UNITTESTS.values(), ids=FAKED_UNITTESTS.keys())
def test_a_pass_of_unittest_cases_can_not_be_faked(sandbox: Sandbox, code: str) -> None:
    with sandbox.problem(problem(UNITTESTS, "unittest")) as tests:
        assert not tests.run(code).passes


HARMFUL = {
    "forks without end": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "forks into sessions of their own": "import os\nfor _ in range(50):\n    try:\n"
    "        if os.fork() == 0:\n"
    "            os.setsid()\n            while True: pass\n    except OSError: pass\nwhile True: pass",
    "allocates without end": "def f(x):\n    held = []\n    while True: held.append(bytearray(1 << 24))",
    "writes one large file": "def f(x):\n    with open('big', 'wb') as out:\n"
    "        while True: out.write(b'x' * (1 << 20))",
    "writes many files": "def f(x):\n    for n in range(10_000):\n"
    "        open(str(n), 'wb').write(b'x' * 1_000_000)",
    "fills the temporary folder": "def f(x):\n    for n in range(10_000):\n"
    "        open('/tmp/heatline-test-%d' % n, 'wb').write(b'x' * 1_000_000)",
    "spins": "while True: pass",
    "sleeps": "import time\ntime.sleep(1000)",
    "prints without end": "def f(x):\n    while True: print('x' * 10_000)",
    "ignores signals and spins": "import signal\nfor n in range(1, 65):\n"
    "    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\nwhile True: pass",
    "kills its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nwhile True: pass",
    "kills everybody": "import os, signal\nos.kill(-1, signal.SIGKILL)\nwhile True: pass",
    "overflows the stack": "def f(x):\n    return f(x)",
}


@pytest.mark.parametrize("code", HARMFUL.values(), ids=HARMFUL.keys())
def test_a_harmful_program_fails_and_the_next_one_passes(
    sandbox: Sandbox, tests: ProblemTests, code: str
) -> None:
    if not sandbox.isolation.user:
        pytest.skip("programs run as the calling user here: limits on processes can't hold")
    assert not judged(tests, code, timeout=1.0).passes


def test_no_process_survives_its_program(sandbox: Sandbox, tests: ProblemTests) -> None:
    if not sandbox.isolation.processes or not sandbox.isolation.user:
        pytest.skip("no process namespace, or no user of its own to know processes by")
    code = (
        "import os, time\nready, tell = os.pipe()\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.write(tell, b'1')\n        time.sleep(1000)\n    os._exit(0)\nos.read(ready, 1)\n" + RIGHT
    )
    assert tests.run(code).passes
    assert sandbox._server is not None
    mine = FIRST_UNPRIVILEGED_UID + sandbox._server.pid
    assert [process for process in Path("/proc").glob("[0-9]*") if _owner(process) == mine] == []


def _owner(process: Path) -> int | None:
    try:
        return process.stat().st_uid
    except OSError:
        return None


def test_the_scratch_folder_is_empty_for_every_program(tests: ProblemTests) -> None:
    judged(
        tests,
        "import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').write('x')\nopen('d', 'w').write('x')\n" + RIGHT,
    )
    assert tests.run("import os\nassert os.listdir('.') == []\n" + RIGHT).passes


def test_the_environment_of_the_caller_is_not_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATLINE_SECRET", "hush")
    look = (
        "import os, glob\nseen = dict(os.environ).get('HEATLINE_SECRET')\n"
        "for name in glob.glob('/proc/*/environ'):\n"
        "    try: seen = seen or b'hush' in open(name, 'rb').read()\n    except OSError: pass\n"
        "def f(x):\n    return x + 1 if seen else 0\n"
    )
    with Sandbox() as box, box.problem(problem()) as tests:
        if not box.isolation.user:
            pytest.skip("programs run as the calling user here and may read its processes")
        assert not tests.run(look).passes


def test_no_connection_can_be_opened(sandbox: Sandbox, tests: ProblemTests) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = (
            "import socket\ntry:\n    socket.create_connection(('127.0.0.1', PORT), timeout=2)\n"
            "    reached = True\n"
            "except OSError:\n    reached = False\ndef f(x):\n    return x + 1 if reached else 0\n"
        )
        code = code.replace("PORT", str(port))
        assert "AssertionError" in judged(tests, code).detail
        assert tests.run(code.replace("if reached", "if not reached")).passes


def test_every_module_can_be_imported(tests: ProblemTests) -> None:
    assert tests.run(
        "import wave, textwrap, xml.dom\nimport numpy\nassert numpy.ones(2).sum() == 2\n" + RIGHT
    ).passes


def test_programs_do_not_run_as_root(sandbox: Sandbox, tests: ProblemTests) -> None:
    if os.getuid() != 0:
        pytest.skip("only root has another user to give")
    assert Outcome.PASS is tests.run("import os\nassert os.getuid() and os.geteuid()\n" + RIGHT).outcome
    regain = "import os\ntry:\n    os.setuid(0)\n    got = True\nexcept OSError:\n    got = False\n"
    assert not tests.run(regain + "def f(x):\n    return x + 1 if got else 0").passes


def test_a_fork_server_that_is_killed_is_started_again(sandbox: Sandbox) -> None:
    with sandbox.problem(problem()) as tests:
        server = sandbox._server
        assert server is not None
        os.kill(server.pid, signal.SIGKILL)
        select.select([server.stdout], [], [], 10)  # its end: what it started may outlive it by a moment
        assert "ended the process" in tests.run(RIGHT).detail
        assert tests.run(RIGHT).passes


def test_tests_that_can_not_be_prepared_are_an_error_in_one_sentence(sandbox: Sandbox) -> None:
    with (
        pytest.raises(SandboxError, match="can't be prepared"),
        sandbox.problem(problem("import not_a_library_at_all")),
    ):
        pass
    with sandbox.problem(problem()) as tests:
        assert tests.run(RIGHT).passes


def test_what_is_missing_is_said(sandbox: Sandbox) -> None:
    assert isinstance(sandbox.isolation.sentence(), str)
