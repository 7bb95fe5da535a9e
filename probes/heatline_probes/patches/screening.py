"""Several variants of one program in one process, to find those that fail without a process for each.

Standard library only: this runs inside the process that is given up for the variants. They can disturb each other,
on purpose or not, so a pass is never believed here.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from heatline_probes.patches.harness import Plan, run_once

MOST_INPUTS = 16  # those that failed last come first; whoever survives them has a process and all inputs


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
