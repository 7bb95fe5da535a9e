"""`heatline check --watch`: looks at the files every now and then, and checks those that changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from heatline.cli.check_run import CheckRun
from heatline.cli.checking import STDIN
from heatline.cli.destinations import Format, Order
from heatline.cli.discover import Candidate
from heatline.cli.output import complain, emit
from heatline.errors import SettingsError
from heatline.report.ranking import count

_SHORTEST_PAUSE = 0.5  # seconds
_SHARE = 0.05  # of the time at most goes into looking, however many files there are

Signature = tuple[int, int, int]


def watch_files(run: CheckRun, pause: Callable[[float], None] = time.sleep) -> int:
    """Checks everything, then what changes, until an interruption; the exit code, which is 0.

    Files are looked at rather than watched by the system: that works on network drives and in containers, and
    needs no handle for each folder.  Raises SettingsError when the report would not go to the terminal.
    """
    if STDIN in run.wish.paths:
        raise SettingsError("Standard input can't be watched. Name files or folders.")
    if run.wish.orders != (Order(Format.terminal, None),):
        raise SettingsError("--watch reports on the terminal. Leave --format and --output out.")
    known: dict[Path, Signature | None] | None = None
    said: set[str] = set()
    try:
        with run:
            while True:
                began = time.monotonic()
                candidates, failures = run.candidates()
                new = [failed for failed in failures if failed.message not in said]
                said.update(failed.message for failed in new)
                now = {candidate.path: _signature(candidate.path) for candidate in candidates}
                changed = _changed(candidates, now, known)
                if changed:
                    if known is not None:
                        emit(f"\n{time.strftime('%H:%M:%S')}  {count(len(changed), 'file')} changed\n\n")
                    run.check(changed, new)
                else:
                    for failed in new:
                        complain(failed.message)
                if known is None:
                    complain(f"Watching {count(len(candidates), 'file')}; Ctrl-C ends it.")
                known = now
                pause(max(_SHORTEST_PAUSE, (time.monotonic() - began) * (1 / _SHARE) if not changed else 0.0))
    except KeyboardInterrupt:
        return 0


def _changed(
    candidates: list[Candidate],
    now: dict[Path, Signature | None],
    known: dict[Path, Signature | None] | None,
) -> list[Candidate]:
    if known is None:
        return candidates
    return [
        each for each in candidates if now[each.path] != known.get(each.path) and now[each.path] is not None
    ]


def _signature(path: Path) -> Signature | None:
    """What changes when a file is written; None for one that isn't there."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
