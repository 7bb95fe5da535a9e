"""Which lines of a failing program its failing tests run and its passing tests don't.

Standard library only: `record` runs inside the process that is given up for a program. The score is Ochiai's
(Abreu, Zoeteweij & van Gemund, "An evaluation of similarity coefficients for software fault localization", 2006):
failing runs through a line, over the root of all failing runs times all runs through the line.
"""

import contextlib
import math
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

MOST_TESTS = 16
_SECONDS = 0.25  # of processor time for each test; one that takes longer counts as failing
_MOST_LINES = 250  # what fits into one answer


@dataclass(slots=True)
class Spectrum:
    """How many failing and passing tests ran each line (from 1)."""

    failed: int = 0  # tests
    passed: int = 0
    lines: dict[int, list[int]] = field(default_factory=dict)  # line -> [failing, passing] tests that ran it

    def add(self, lines: set[int], passes: bool) -> None:
        """Count one test."""
        self.passed += passes
        self.failed += not passes
        for line in lines:
            self.lines.setdefault(line, [0, 0])[passes] += 1

    def ochiai(self) -> dict[int, float]:
        """The suspiciousness of every line that was run, 0..1; 1 for a line that all failing tests and no other run."""
        return {
            line: failing / math.sqrt(self.failed * (failing + passing)) if failing else 0.0
            for line, (failing, passing) in self.lines.items()
        }

    def encode(self) -> str:
        """As one line of text, cut where it would be too long for an answer."""
        lines = [f"{line}:{a}:{b}" for line, (a, b) in sorted(self.lines.items())[:_MOST_LINES]]
        return f"{self.failed};{self.passed};{','.join(lines)}"

    @classmethod
    def decode(cls, text: str) -> "Spectrum":
        """The opposite of `encode`. Raises ValueError for anything else."""
        failed, passed, lines = text.split(";")
        spectrum = cls(int(failed), int(passed))
        for item in filter(None, lines.split(",")):
            line, a, b = map(int, item.split(":"))
            spectrum.lines[line] = [a, b]
        return spectrum


def record(tests: Sequence[Callable[[], Any]], filename: str) -> Spectrum:
    """Run each of at most `MOST_TESTS` tests and count the lines of `filename` that ran."""
    spectrum = Spectrum()
    for test in tests[:MOST_TESTS]:
        ran: set[int] = set()
        passes = True
        with _time_limit(_SECONDS):
            sys.settrace(_tracer(filename, ran))
            try:
                test()
            except BaseException:
                passes = False
            finally:
                sys.settrace(None)
        if ran or not passes:
            spectrum.add(ran, passes)
    return spectrum


def runnable(code: CodeType, namespace: dict[str, Any], **changed: Any) -> Callable[[], None]:
    """A test that runs `code` in `namespace` after changing it."""

    def test() -> None:
        namespace.update(changed)
        exec(code, namespace)

    return test


def _tracer(filename: str, ran: set[int]) -> Callable[[FrameType, str, Any], Any]:
    def local(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            ran.add(frame.f_lineno)
        return local

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        return local if frame.f_code.co_filename == filename else None

    return enter


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except TimeoutError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
