"""Run untrusted programs against the tests of their problems, several thousand a minute.

    with Sandbox() as sandbox, sandbox.problem(problem) as tests:
        verdict = tests.run(code)

Every program runs in its own forked process (see `forkserver`, `confinement`, `harness`): without a network,
as an unprivileged user where the caller is root, within limits on CPU, wall clock, memory, files, output
and processes, in a scratch folder, and killed with everything it started.
"""

import contextlib
import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import heatline_probes
from heatline_probes.corpus.programs import Problem
from heatline_probes.errors import SandboxError
from heatline_probes.patches.confinement import Isolation, Limits
from heatline_probes.patches.coverage import Spectrum

# Imported once in the server, so that no program pays for them.
# fmt: off
STANDARD_IMPORTS = (
    "bisect", "cmath", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal",
    "enum", "fractions", "functools", "hashlib", "heapq", "io", "itertools", "json", "math",
    "numbers", "operator", "os", "random", "re", "statistics", "string", "sys", "time",
    "traceback", "typing",
)
# fmt: on

_START = (
    "import sys; root = sys.argv[1]; sys.path.insert(0, root); "
    "from heatline_probes.patches.forkserver import serve; sys.path.remove(root); serve()"
)


class Outcome(StrEnum):
    """What the tests said."""

    PASS = "pass"
    FAIL = "fail"  # a test's assertion did not hold
    ERROR = "error"  # anything else went wrong: syntax, exception, exit, crash
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one program: with the kind of error and the test input that failed, where known."""

    outcome: Outcome
    detail: str = ""
    failing_test: int | None = None
    seconds: float = 0.0  # of processor time
    flaky: bool = False  # another run of the same program said otherwise

    @property
    def passes(self) -> bool:
        """Whether all tests passed, each time they were run."""
        return self.outcome is Outcome.PASS and not self.flaky


class Sandbox:
    """One fork server. Not for use by several threads at once; make one for each job."""

    def __init__(self, *, limits: Limits | None = None, imports: Sequence[str] = ()) -> None:
        if sys.platform != "linux":
            raise SandboxError("Untrusted programs are run on Linux only. Use a Linux machine or container.")
        self._limits = limits or Limits()
        self._imports = (*STANDARD_IMPORTS, *imports)
        self._scratch = tempfile.TemporaryDirectory(prefix="heatline-", ignore_cleanup_errors=True)
        Path(self._scratch.name).chmod(0o777)
        self._server: subprocess.Popen[bytes] | None = None
        self.isolation = Isolation(False, False, False, False)
        self.missing: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server and everything it started, and remove the scratch folder."""
        self._stop()
        self._scratch.cleanup()

    @contextlib.contextmanager
    def problem(self, problem: Problem, *, first: int | None = None) -> Iterator["ProblemTests"]:
        """The tests of `problem`, prepared to be run on many programs, one problem at a time.

        first: use only the first so many test inputs (for problems whose tests take too long).
        Raises SandboxError when the tests can't be prepared.
        """
        load = asdict(problem) | {"first": first}
        tests = ProblemTests(self, load)
        tests._load()
        try:
            yield tests
        finally:
            tests._unload()

    @contextlib.contextmanager
    def stdio(self, samples: Sequence[tuple[str, str]], preamble: str = "") -> Iterator["ProblemTests"]:
        """Pairs (standard input, expected standard output) of a problem whose programs read and write.

        Outputs are compared by their words, as judges do.
        """
        load = {
            "test_kind": "stdio",
            "entry_point": "",
            "alt_entry": "",
            "preamble": preamble,
            "samples": list(samples),
        }
        tests = ProblemTests(self, load)
        tests._load()
        try:
            yield tests
        finally:
            tests._unload()

    def _start(self) -> None:
        root = str(Path(heatline_probes.__file__).parent.parent)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": self._scratch.name,
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "MPLBACKEND": "Agg",
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        }
        self._server = subprocess.Popen(
            # -s -P and not -I: with -I the hash seed would be ignored and set orders differ from run to run.
            [sys.executable, "-s", "-P", "-c", _START, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        setup = {"limits": asdict(self._limits), "imports": self._imports, "scratch": self._scratch.name}
        answer = self._ask(setup)
        if answer is None:
            raise SandboxError(
                "The fork server did not start. Check that this Python can start a subprocess."
            )
        self.missing = tuple(answer["missing"])
        self.isolation = Isolation(answer["network"], False, answer["user"], answer["filesystem"])

    def _stop(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        with contextlib.suppress(OSError):
            cast(IO[bytes], server.stdin).close()
        server.kill()
        server.wait()
        cast(IO[bytes], server.stdout).close()

    def _restart(self) -> None:
        self._stop()
        self._start()

    def _ask(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        """One frame there and back; None when the server is gone."""
        if self._server is None:
            raise SandboxError("The sandbox is closed. Open it with a with statement.")
        body = json.dumps(frame).encode()
        stdin, stdout = cast(IO[bytes], self._server.stdin), cast(IO[bytes], self._server.stdout)
        try:
            stdin.write(struct.pack(">I", len(body)) + body)
            stdin.flush()
        except OSError:
            return None
        head = stdout.read(4)
        if len(head) < 4:
            return None
        answer = stdout.read(struct.unpack(">I", head)[0])
        return cast(dict[str, Any], json.loads(answer))


class ProblemTests:
    """The prepared tests of one problem."""

    def __init__(self, sandbox: Sandbox, load: dict[str, Any]) -> None:
        self._sandbox = sandbox
        self._problem = load
        self.order: list[int] = []  # test inputs that failed before, the latest first: they are run first
        self.runs = 0
        self.seconds = 0.0  # of processor time, of all runs

    def run(self, code: str, *, timeout: float = 10.0) -> Verdict:
        """The verdict of one run of `code`; timeout: seconds of processor time."""
        frame = {"code": code, "order": self.order, "timeout": timeout}
        answer = self._sandbox._ask(frame)
        self.runs += 1
        if answer is None:
            # Only a program that killed its own harness gets here; it must not take the others along.
            self._sandbox._restart()
            self._load()
            return Verdict(Outcome.ERROR, "Exit: ended the process that ran it")
        self.seconds += answer["seconds"]
        verdict = Verdict(
            Outcome(answer["outcome"]), answer.get("detail", ""), answer.get("at"), answer["seconds"]
        )
        if verdict.failing_test is not None:
            self._try_first(verdict.failing_test)
        return verdict

    def confirm(self, code: str, *, timeout: float = 10.0, runs: int = 2) -> Verdict:
        """The verdict of several runs of `code`, marked as flaky when they disagree."""
        verdicts = [self.run(code, timeout=timeout) for _ in range(runs)]
        flaky = len({verdict.outcome for verdict in verdicts}) > 1
        return replace(verdicts[0], flaky=flaky)

    def screen(self, codes: Sequence[str], *, timeout: float = 10.0) -> list[bool]:
        """Which of `codes` certainly fail, found out in one process for all; timeout: seconds for each.

        For variants of one program: they can disturb each other, so that only failures mean anything. False says
        nothing; run those that matter.
        """
        frame = {"codes": list(codes), "code": "", "order": self.order, "each": timeout}
        answer = self._sandbox._ask(frame | {"timeout": timeout * len(codes) + 1.0})
        self.runs += 1
        if answer is None:
            self._sandbox._restart()
            self._load()
            return [False] * len(codes)
        self.seconds += answer["seconds"]
        found = answer.get("detail", "").split(",") if answer["outcome"] == "screened" else []
        failed_at = dict(item.split(":") for item in found if item.count(":") == 1)
        for index in failed_at.values():
            if index.isdigit():
                self._try_first(int(index))
        return [str(number) in failed_at for number in range(len(codes))]

    def scores(self, codes: Sequence[str], *, timeout: float = 10.0) -> tuple[int, list[int]]:
        """How many single tests there are, at most 12, and how many of them each of `codes` passes.

        For variants of one program, found out in one process as in `screen`, so a full score proves nothing.
        timeout: seconds for each. (0, zeros) when it can't be found out.
        """
        nothing = (0, [0] * len(codes))
        frame = {"codes": list(codes), "code": "", "order": self.order, "each": timeout, "scores": True}
        answer = self._sandbox._ask(frame | {"timeout": timeout * len(codes) + 1.0})
        self.runs += 1
        if answer is None:
            self._sandbox._restart()
            self._load()
            return nothing
        self.seconds += answer["seconds"]
        most, _, scores = answer.get("detail", "").partition(";")
        found = scores.split(",")
        if answer["outcome"] != "scored" or len(found) != len(codes) or not most.isdigit():
            return nothing
        return int(most), [int(score) if score.isdigit() else 0 for score in found]

    def spectrum(self, code: str, *, timeout: float = 10.0) -> Spectrum | None:
        """Which lines of `code` single tests run and whether they pass; None when that can't be found out.

        A program can lie about this; it is good for nothing but the order in which things are tried.
        """
        frame = {"code": code, "order": self.order, "timeout": timeout, "spectrum": True}
        answer = self._sandbox._ask(frame)
        self.runs += 1
        if answer is None:
            self._sandbox._restart()
            self._load()
            return None
        if answer["outcome"] != "spectrum":
            return None
        try:
            return Spectrum.decode(answer.get("detail", ""))
        except ValueError:
            return None

    def _try_first(self, index: int) -> None:
        if index in self.order:
            self.order.remove(index)
        self.order.insert(0, index)
        del self.order[64:]

    def _load(self) -> None:
        answer = self._sandbox._ask(self._problem)
        if answer is None or not answer["ready"]:
            why = "the fork server ended" if answer is None else answer["detail"]
            if answer is None:
                self._sandbox._restart()
            raise SandboxError(f"The tests of this problem can't be prepared ({why}). Leave the problem out.")
        self._sandbox.isolation = replace(self._sandbox.isolation, processes=bool(answer["processes"]))

    def _unload(self) -> None:
        if self._sandbox._server is not None:
            self._sandbox._ask({"close": True})


def default_jobs() -> int:
    """How many sandboxes to run side by side: the processors this process may use."""
    return len(os.sched_getaffinity(0))
