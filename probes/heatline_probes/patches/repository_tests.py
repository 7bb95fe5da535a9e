"""Run a repository's own pytest tests on a changed copy of it.

What is isolated: the copy is thrown away, sockets have no interface where the kernel grants a network namespace, and
everything the tests start dies with them where it grants a process namespace; processor time, wall clock, memory and
file sizes are limited. What is not: the tests run as the user who starts them and need that user's environment, so
code under test can read and write what the user can. Run it in a container when the generator is not trusted.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

import heatline_probes
from heatline_probes.errors import SandboxError
from heatline_probes.patches.confinement import Limits

LIMITS = Limits(memory=8 << 30, file_size=1 << 30, open_files=1024)
_LEFT_OUT = (
    ".git",
    ".hg",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    ".tox",
    ".mypy_cache",
    ".ruff_cache",
)
_LONGEST_REPORT = 8 << 20  # bytes
_NO_TESTS = 5  # pytest's exit code
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from heatline_probes.patches.confined_command import main; main()"
)


@dataclass(frozen=True, slots=True)
class TestRun:
    """What pytest said: how many tests ran, whether all passed, and the first failure."""

    __test__ = False  # for pytest, which takes it for a test

    passes: bool
    tests: int
    detail: str = ""


class RepositoryTests:
    """The tests of one repository; `arguments` are passed to pytest, e.g. the files that test one function."""

    def __init__(
        self,
        repository: Path,
        arguments: Sequence[str] = (),
        *,
        python: str = sys.executable,
        seconds: float = 300.0,
    ) -> None:
        if sys.platform != "linux":
            raise SandboxError("Generated code is tested on Linux only. Use a Linux machine or container.")
        self._repository = repository
        self._arguments = tuple(arguments)
        self._python = python
        self._seconds = seconds  # wall clock for one run

    def not_isolated(self) -> str:
        """What the kernel or this way of testing leaves open, for a person."""
        done = subprocess.run([*_launcher(), "{}"], capture_output=True, text=True, check=False)
        granted = json.loads(done.stdout) if done.returncode == 0 else {"network": False, "processes": False}
        open_ = ["tests run as you and can reach your files"]
        open_ += [] if granted["network"] else ["there is no own network namespace"]
        open_ += [] if granted["processes"] else ["there is no own process namespace"]
        return "; ".join(open_)

    def run(self, files: Mapping[str, str]) -> TestRun:
        """Copy the repository, write `files` (relative path → text) into the copy and run its tests there."""
        with tempfile.TemporaryDirectory(prefix="heatline-", ignore_cleanup_errors=True) as scratch:
            copy, report = Path(scratch) / self._repository.resolve().name, Path(scratch) / "report.xml"
            try:
                shutil.copytree(
                    self._repository, copy, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=True
                )
            except (OSError, shutil.Error) as error:
                raise SandboxError(
                    f"The repository {self._repository} can't be copied ({error}). Check that it can be read."
                ) from error
            for path, text in files.items():
                (copy / path).write_text(text, encoding="utf-8")
            return self._pytest(copy, report)

    def _pytest(self, copy: Path, report: Path) -> TestRun:
        command = [self._python, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "VIRTUAL_ENV")},
            "HOME": str(copy.parent),
            "PYTHONPATH": os.pathsep.join([str(copy), str(copy / "src")]),
            "PYTHONHASHSEED": "0",
        }
        limits = json.dumps(asdict(LIMITS) | {"cpu_seconds": int(self._seconds) + 1})
        process = subprocess.Popen(
            [*_launcher(), limits, *command, *self._arguments],
            cwd=copy,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            return TestRun(False, 0, f"over {self._seconds:.0f} s")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return _read_report(report, code)


def check_tests(tests: RepositoryTests, path: str, text: str, broken: str) -> int:
    """How many tests pass as things are; raises SandboxError unless they do, and notice a function that raises.

    text: the file `path` as it is. broken: the same with the function's body raising.
    """
    before = tests.run({path: text})
    if not before.passes:
        raise SandboxError(
            f"The repository's tests don't pass as it is ({before.detail}). Mend them, or choose others with "
            "--pytest-argument."
        )
    if tests.run({path: broken}).passes:
        raise SandboxError(
            "The repository's tests pass even when the function raises. Choose tests that call it with "
            "--pytest-argument."
        )
    return before.tests


def _launcher() -> list[str]:
    # The launcher has our interpreter and path; the tests have the repository's.
    root = str(Path(heatline_probes.__file__).parent.parent)
    return [sys.executable, "-I", "-c", _START, root]


def _read_report(report: Path, code: int) -> TestRun:
    """A run counts only with pytest's own report: a program that ends the process with 0 leaves none."""
    if code == _NO_TESTS:
        return TestRun(False, 0, "no tests were found")
    try:
        if report.stat().st_size > _LONGEST_REPORT:
            return TestRun(False, 0, "the report of pytest is too long")
        root = ElementTree.fromstring(report.read_text(encoding="utf-8"))
        suites = list(root.iter("testsuite"))
        tests = sum(int(suite.get("tests", "0")) - int(suite.get("skipped", "0")) for suite in suites)
        wrong = sum(int(suite.get(kind, "0")) for suite in suites for kind in ("failures", "errors"))
    except (OSError, ValueError, ElementTree.ParseError):
        return TestRun(False, 0, f"pytest ended with code {code} before its report")
    failure = next((node for node in root.iter() if node.tag in ("failure", "error")), None)
    detail = "" if failure is None else failure.get("message", "").strip().split("\n")[0][:300]
    return TestRun(code == 0 and wrong == 0 and tests > 0, tests, detail)
