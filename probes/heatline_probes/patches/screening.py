"""Several variants of one program in one process: which of them fail, or how many tests each passes.

Standard library only: this runs inside the process that is given up for the variants. They can disturb each other,
on purpose or not, so a pass is never believed here.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from heatline_probes.patches.harness import Plan, program_of, run_once, single_tests

MOST_INPUTS = 16  # those that failed last come first; whoever survives them has a process and all inputs

MOST_SCORED = 12  # each is run by itself, which takes longer


class _TimeUpError(BaseException):
    """Raised inside a variant; no ``except Exception`` of the variant's catches it."""


def screen(
    plan: Plan, codes: Sequence[str], order: list[int], seconds: float, send: Callable[[bytes], None]
) -> None:
    """Run each of `codes` on the tests until one fails, and send ``number:test`` of those that fail.

    seconds: of processor time, for each. order: indices of test inputs to try first; grows while it runs, so that
    what ruled out one variant is tried first on the next.
    """
    order = list(order)
    failed = []
    for number, code in enumerate(codes):
        at = [-1]
        try:
            with _time_limit(seconds):
                run_once(plan, code, order, at, MOST_INPUTS)
        except BaseException:
            failed.append(f"{number}:{at[0]}")
            if at[0] in order:
                order.remove(at[0])
            if at[0] >= 0:
                order.insert(0, at[0])
    send(f"screened\t-1\t\t{','.join(failed)}".encode())


def score(
    plan: Plan, codes: Sequence[str], order: list[int], seconds: float, send: Callable[[bytes], None]
) -> None:
    """Run each of `codes` on at most `MOST_SCORED` single tests and send how many there are, and how many pass.

    seconds: of processor time, for each of `codes`; what it has not reached by then counts as failing.
    """
    most = 0
    scores = []
    for code in codes:
        passed = 0
        # The time may be up inside any statement, so that nothing but the whole of it can be guarded.
        with contextlib.suppress(BaseException), _time_limit(seconds):
            tests = single_tests(plan, program_of(plan, code), order)[:MOST_SCORED]
            most = max(most, len(tests))
            for test in tests:
                passed += _passes(test)
        scores.append(passed)
    send(f"scored\t-1\t\t{most};{','.join(map(str, scores))}".encode())


def _passes(test: Callable[[], object]) -> bool:
    try:
        test()
    except _TimeUpError:
        raise
    except BaseException:
        return False
    return True


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise _TimeUpError

    signal.signal(signal.SIGPROF, stop)
    # Again and again, for a variant that swallows the first one.
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
