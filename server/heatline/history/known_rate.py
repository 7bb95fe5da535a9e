"""Scaling to a repository whose share of edited lines a person knows, when its history tells too little to learn it.

Moving the intercept by the difference of two base rates supposes that the code is of the kind that the probe was
calibrated on (``calibration.rate_shift``).  With lines of the repository at hand that need not be supposed: the slope
is the shipped one, and the intercept is such that their mean risk is the share that is known.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import calibrator_from_json
from heatline.calibration.calibrators import PlattCalibrator, checked_rate
from heatline.calibration.logistic import log_odds
from heatline.errors import InputError, ProbeError
from heatline.history.repository import Repository
from heatline.history.workspace_scaling import FORMAT_VERSION, WorkspaceScaling, repository_key
from heatline.probe import SpanProbe
from heatline.scorer import Scorer

FEWEST_LINES = 100
MOST_OF_FILE = 100
"""Lines of one file: many files say more than many lines of one."""


def score_some_lines(
    files: Sequence[Path],
    read: Callable[[Path], str | None],
    scorer: Scorer,
    *,
    most_lines: int,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.float64]:
    """The probe's logits of P(kept) of lines of ``files``, ``(n,)``: files in a seeded order until there are enough.

    Files that ``read`` gives no text of are passed over.
    """
    draw = random.Random(seed)
    found: list[float] = []
    for path in draw.sample(sorted(files), len(files)):
        if len(found) >= most_lines:
            break
        if (text := read(path)) is None:
            continue
        unscaled = [line.unscaled_confidence for line in scorer.score(text, path=path).lines]
        found += draw.sample(unscaled, min(MOST_OF_FILE, len(unscaled)))
        progress(min(len(found), most_lines), most_lines)
    return log_odds(np.asarray(found[:most_lines], np.float64))


def shipped_scaling(probe: SpanProbe) -> PlattCalibrator:
    """What a probe's lines are scaled by; raises ``ProbeError`` when that isn't Platt scaling."""
    shipped = calibrator_from_json(probe.card.calibrators["line"])
    if not isinstance(shipped, PlattCalibrator):
        raise ProbeError(
            f"The probe {probe.name} has no Platt scaling of lines to start from. Use a probe that was calibrated."
        )
    return shipped


def scaling_at_rate(
    logits: NDArray[np.float64], edited: float, probe: SpanProbe, repository: Repository
) -> WorkspaceScaling:
    """The scaling under which the mean risk of the lines with ``logits`` ``(n,)`` is ``edited``.

    Raises ``InputError`` when the lines are too few to say how the code looks to the probe or to have an edited one
    among them, ``ProbeError`` for a rate that is none and as ``shipped_scaling`` does.
    """
    checked_rate(edited)
    lines = len(logits)
    needed = max(FEWEST_LINES, int(np.ceil(1 / min(edited, 1 - edited))))
    if lines < needed:
        raise InputError(
            f"Only {lines:,} lines of this repository were scored, and {needed:,} are needed. Score more with --lines, "
            'or set "baseRate" in the settings, which needs none.'
        )
    moved = replace(shipped_scaling(probe), base_rate=1 - edited).matched(logits)
    return WorkspaceScaling(
        format_version=FORMAT_VERSION,
        probe=probe.name,
        probe_sha256=probe.card.sha256,
        bundle_hash=probe.bundle_hash,
        repository=repository_key(repository),
        head=repository.head(),
        created=int(time.time()),
        rules="",
        outcome="edited",
        horizon_days=0.0,
        lines=lines,
        commits=0,
        edited=0,
        slope=moved.slope,
        intercept=moved.intercept,
        threshold=float(np.quantile(1 - moved.predict(logits), 0.9)),
        given_rate=edited,
    )
