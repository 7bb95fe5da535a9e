"""Examples of problem statements are read, believed only when passing programs agree, and rule candidates out."""

from dataclasses import replace

from heatline_probes.corpus.programs import Problem, Program, code_sha
from heatline_probes.patches.samples import SampleVerdict, call_samples, open_samples, stdio_samples
from heatline_probes.patches.sandbox import Sandbox
from heatline_probes.patches.unverified import WITHOUT_SAMPLES, nearest_patches

CONTEST = (
    "Add them.\n\nSample Input 1\n\n1\r\n2\n\nSample Output 1\n\n3\r\n\nOne and two.\n\n"
    "Sample Input 2\n\n4 5\n\nSample Output 2\n\n9"
)
CALLS = (
    "Find it.\nExample 1:\n\nInput: xs = [1,2], flag = true\nOutput: 3\nExplanation: the sum.\n"
    "Example 2:\nInput: xs = [], flag = null\nOutput: -1\n\nConstraints:\n"
)
PROBLEM = Problem("t:1", "t", "1", "python", CONTEST, "", "", "", "", "recorded_only", *[""] * 6)
RIGHT = "import sys\nprint(sum(map(int, sys.stdin.read().split())))\n"
WRONG = "import sys\nprint(max(map(int, sys.stdin.read().split())))\n"
OTHER = (
    "import sys\nnumbers = sys.stdin.read().split()\ntotal = 0\n"
    "for n in numbers:\n    total += int(n)\nprint(total)\n"
)
SLOPPY = "import sys\nprint(min(map(int, sys.stdin.read().split())))\n"


def program(code: str, *, passes: bool) -> Program:
    return Program(
        code_sha(code), "t", "t:1", "python", "m", "solution", "s", "MIT", passes, "recorded", code
    )


def test_samples_are_read_from_the_statement() -> None:
    assert stdio_samples(CONTEST) == [("1\n2\n", "3\n"), ("4 5\n", "9\n")]
    assert call_samples(CALLS) == [([[1, 2], True], 3), ([[], None], -1)]
    assert call_samples("Input: xs = [1\nOutput: 2\nInput: x = open('f')\nOutput: 1\n") == []
    assert not stdio_samples(CALLS)
    assert not call_samples(CONTEST)


def test_samples_are_run_and_the_wrong_is_told_from_the_right() -> None:
    calls = replace(PROBLEM, prompt=CALLS)
    method = "class Solution:\n    def find(self, a: List[int], b):\n        return {}\n"
    with Sandbox() as sandbox:
        with open_samples(sandbox, PROBLEM, [RIGHT]) as samples:
            assert samples.verdict(OTHER) is SampleVerdict.PASS
            assert samples.verdict(WRONG) is SampleVerdict.FAIL
        with open_samples(sandbox, calls, [method.format("sum(a) or -1")]) as samples:
            assert samples.verdict(method.format("-1 if b is None else sum(a)")) is SampleVerdict.PASS
            assert samples.verdict(method.format("sum(a)")) is SampleVerdict.FAIL


def test_samples_that_passing_programs_fail_are_not_believed() -> None:
    with Sandbox() as sandbox, open_samples(sandbox, PROBLEM, [WRONG, RIGHT]) as samples:
        assert samples.verdict(RIGHT) is samples.verdict(WRONG) is SampleVerdict.NONE
    with Sandbox() as sandbox, open_samples(sandbox, replace(PROBLEM, prompt="?"), [RIGHT]) as samples:
        assert samples.verdict(RIGHT) is SampleVerdict.NONE


def test_a_candidate_that_fails_the_samples_is_not_used() -> None:
    failing = [program(SLOPPY, passes=False)]
    # Four that are right outvote one whose recorded verdict can't be.
    passing = [program(f"{OTHER}# {n}\nx{n} = {n}\n", passes=True) for n in range(4)]
    (plain,) = nearest_patches(failing, [program(WRONG, passes=True), *passing])
    assert (plain.edited_tokens, plain.samples) == (1, "none")
    with (
        Sandbox() as sandbox,
        open_samples(sandbox, PROBLEM, [p.code for p in passing]) as samples,
    ):
        (patch,) = nearest_patches(failing, [program(WRONG, passes=True), *passing], (), samples)
        assert nearest_patches(failing, [program(WRONG, passes=True)], (), samples) == []
        (near,) = nearest_patches(failing, [program(RIGHT, passes=True)], (), samples)
    assert patch.samples == "pass"
    assert patch.edited_tokens > 1
    unknown = nearest_patches(failing, [program(RIGHT, passes=True)])[0]
    assert unknown.quality == WITHOUT_SAMPLES * near.quality
