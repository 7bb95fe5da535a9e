"""Several variants in one process: a failure is believed, a pass never."""

from heatline_probes.corpus.programs import Problem
from heatline_probes.patches.sandbox import Sandbox

TESTS = """
def check(candidate):
    inputs = [[n] for n in range(40)]
    results = [n + 1 for n in range(40)]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assert candidate(*inp) == exp

check(f)
"""
PROBLEM = Problem("toy:1", "toy", "1", "python", "", "f", "", "", TESTS, "exec", *[""] * 6)
RIGHT = "def f(x):\n    return x + 1\n"
WRONG = "def f(x):\n    return x\n"


def test_variants_that_fail_are_found_and_the_others_left_open() -> None:
    variants = [
        RIGHT,
        WRONG,
        "def f(x):\n    while True:\n        try:\n            while True: pass\n        except Exception: pass\n",
        "def f(x:\n",
        "raise SystemExit(0)",
        "def f(x):\n    return x + 1 if x < 39 else 0\n",
        RIGHT,
    ]
    with Sandbox() as sandbox, sandbox.problem(PROBLEM) as tests:
        assert tests.screen(variants, timeout=0.2) == [False, True, True, True, True, False, False]
        # What failed in the process of its own comes first from then on, and rules the late one out too.
        assert tests.run(variants[5]).failing_test == 39
        assert tests.screen(variants[5:], timeout=0.2) == [True, False]


def test_a_variant_that_ends_the_process_says_nothing_about_the_others() -> None:
    with Sandbox() as sandbox, sandbox.problem(PROBLEM) as tests:
        for ending in ("import os\nos._exit(0)", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"):
            assert tests.screen([WRONG, ending, WRONG], timeout=0.5) == [False] * 3
        forged = (
            "import os\nfor fd in range(3, 60):\n"
            "    try: os.write(fd, b'screened\\t-1\\t\\t7:x')\n    except OSError: pass\n"
        )
        assert tests.screen([forged, RIGHT], timeout=0.5)[1] is False
        assert tests.run(RIGHT).passes


def test_a_variant_scores_one_for_each_single_test_it_passes() -> None:
    variants = [
        RIGHT,
        "def f(x):\n    return x + 1 if x < 5 else 0\n",
        "def f(x):\n    while True:\n        try:\n            while True: pass\n        except Exception: pass\n",
        "def f(x:\n",
    ]
    with Sandbox() as sandbox, sandbox.problem(PROBLEM) as tests:
        assert tests.scores(variants, timeout=0.2) == (12, [12, 5, 0, 0])
        assert tests.scores([RIGHT, "import os\nos._exit(0)"], timeout=0.2) == (0, [0, 0])
