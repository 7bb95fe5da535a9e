"""Opens a supervisor on the device that was chosen, or, when that fails, on the processor."""

from __future__ import annotations

import logging
from pathlib import Path

from heatline.errors import DeviceError
from heatline.supervisor.devices import Choice, choose
from heatline.supervisor.session import SupervisorSession

log = logging.getLogger(__name__)


def open_supervisor(
    bundle: Path, threads: int | None = None, device: str = "auto", choice: Choice | None = None
) -> SupervisorSession:
    """A session on ``device``, a setting; ``bundle`` is the int8 build, ``choice`` what was chosen for them before.

    One warning is logged, and kept in the session, when it is another device than the one that was asked for.
    Raises ``SupervisorError`` when the processor can't run it either.
    """
    chosen = choice or choose(bundle, device)
    if chosen.warning:
        log.warning("%s", chosen.warning)
    if chosen.device != "cpu":
        try:
            return SupervisorSession(chosen.bundle, threads, chosen.device, chosen.why)
        except DeviceError as error:
            warning = f"{error} The processor is used instead."
            log.warning("%s", warning)
            return SupervisorSession(bundle, threads, "cpu", f"{chosen.device} failed", warning)
    return SupervisorSession(bundle, threads, "cpu", chosen.why, chosen.warning)
