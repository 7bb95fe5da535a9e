"""A repository's own tests judge a function; what fakes a pass, or harms the copy, does not get through."""

import os
import sys
from pathlib import Path

import pytest

from heatline_probes.errors import SandboxError
from heatline_probes.patches.repository_tests import RepositoryTests, check_tests

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="runs generated code on Linux only")

RIGHT = "def half(x):\n    return x / 2\n"
TESTS = """
from src_of.sizes import half

def test_even():
    assert half(4) == 2

def test_odd():
    assert half(3) == 1.5
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "src_of").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "src_of" / "sizes.py").write_text(RIGHT)
    (root / "tests" / "test_sizes.py").write_text(TESTS)
    return root


def test_the_right_passes_and_the_wrong_fails(repository: Path) -> None:
    tests = RepositoryTests(repository, ["tests"])
    right = tests.run({"src_of/sizes.py": RIGHT})
    assert (right.passes, right.tests) == (True, 2)
    wrong = tests.run({"src_of/sizes.py": RIGHT.replace("/", "//")})
    assert not wrong.passes
    assert "assert" in wrong.detail
    assert (repository / "src_of" / "sizes.py").read_text() == RIGHT


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
        "import pytest\npytest.skip('no', allow_module_level=True)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "raise SystemExit",
        "def half(x:",
    ],
)
def test_leaving_early_is_no_pass(repository: Path, code: str) -> None:
    assert not RepositoryTests(repository).run({"src_of/sizes.py": code + "\n" + RIGHT}).passes


def test_a_test_without_end_is_stopped(repository: Path) -> None:
    tests = RepositoryTests(repository, seconds=3)
    run = tests.run({"src_of/sizes.py": "def half(x):\n    while True: pass\n"})
    assert (run.passes, run.detail) == (False, "over 3 s")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs a network namespace for sure")
def test_there_is_no_network_and_what_remains_open_is_said(repository: Path) -> None:
    connecting = "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)\n"
    run = RepositoryTests(repository).run({"src_of/sizes.py": connecting + RIGHT})
    assert not run.passes
    sentence = RepositoryTests(repository).not_isolated()
    assert "can reach your files" in sentence
    assert "network" not in sentence


def test_tests_that_fail_as_it_is_or_notice_nothing_are_refused(repository: Path) -> None:
    broken = "def half(x):\n    raise NotImplementedError\n"
    assert check_tests(RepositoryTests(repository), "src_of/sizes.py", RIGHT, broken) == 2
    with pytest.raises(SandboxError, match="don't pass as it is"):
        check_tests(RepositoryTests(repository), "src_of/sizes.py", broken, broken)
    with pytest.raises(SandboxError, match="even when the function raises"):
        check_tests(RepositoryTests(repository), "src_of/sizes.py", RIGHT, RIGHT)
