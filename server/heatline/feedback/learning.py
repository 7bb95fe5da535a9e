"""What live outcomes say of the risks that were shown: rates, drift, and a scaling fitted to them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.calibrators import PlattCalibrator
from heatline.calibration.logistic import sigmoid
from heatline.feedback.store import EDITED, KEPT, REVIEWED, Outcome
from heatline.history.written_lines import Fate, WrittenLines

FEWEST_FOR_DRIFT = 100
FEWEST_OF_EACH = 50
Z = 2.576  # 99 %: the alarm is looked at again and again
RECENT = 2_000
"""Outcomes that drift is judged on, the newest."""


@dataclass(frozen=True)
class Drift:
    """How often lines were edited, with its 99 % interval, and how often their risks said they would be."""

    lines: int
    observed: float
    low: float
    high: float
    predicted: float

    @property
    def alarm(self) -> bool:
        """Whether the predicted rate is outside what was observed."""
        return not self.low <= self.predicted <= self.high

    def sentence(self) -> str:
        """What a person is told."""
        return (
            f"Risks have drifted: of the last {self.lines:,} lines {self.observed:.0%} were edited, and "
            f"{self.predicted:.0%} were expected. Run `heatline calibrate`, or look at `heatline feedback show`."
        )


def decided(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those whose fate is known; a reviewed line was looked at and left, so it is kept."""
    return [
        replace(each, fate=KEPT if each.fate == REVIEWED else each.fate)
        for each in outcomes
        if each.fate in (KEPT, EDITED, REVIEWED)
    ]


def drift(outcomes: Sequence[Outcome]) -> Drift | None:
    """Drift over the newest decided outcomes; None while there are fewer than ``FEWEST_FOR_DRIFT``.

    The interval is Wilson's, on as many lines as the files stand for: lines of one file share their fate, so ``n``
    lines of a file count as ``√n``.
    """
    known = sorted(decided(outcomes), key=lambda each: each.decided or each.shown)[-RECENT:]
    if len(known) < FEWEST_FOR_DRIFT:
        return None
    files: dict[tuple[str, int], int] = {}
    for each in known:
        key = (each.repository, each.file)
        files[key] = files.get(key, 0) + 1
    effective = sum(math.sqrt(count) for count in files.values())
    observed = sum(each.fate == EDITED for each in known) / len(known)
    predicted = 1 - sum(each.confidence for each in known) / len(known)
    low, high = wilson(observed, effective)
    return Drift(len(known), observed, low, high, predicted)


def wilson(rate: float, count: float, z: float = Z) -> tuple[float, float]:
    """Wilson's interval of a rate seen in ``count`` trials (Wilson 1927)."""
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(rate * (1 - rate) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)


class OnlinePlatt:
    """Platt scaling that follows outcomes as they come, from a calibrator to start with.

    One step of stochastic Newton an outcome, on slope and intercept, with the running sum of curvatures as step
    size, so that early outcomes can't throw it.  The slope stays at or above 0.
    """

    def __init__(self, start: PlattCalibrator, weight: float = 50.0) -> None:
        """``weight``: how many outcomes the start counts as."""
        self._values = np.asarray([start.slope, start.intercept])
        rate = start.base_rate
        self._curvature = np.eye(2) * max(weight * rate * (1 - rate), 1e-3)
        self._rate = rate
        self.seen = 0

    def learn(self, logit: float, kept: bool) -> None:
        """Take one outcome."""
        x = np.asarray([logit, 1.0])
        p = float(sigmoid(self._values @ x))
        self._curvature += p * (1 - p) * np.outer(x, x)
        self._values = self._values - np.linalg.solve(self._curvature, (p - float(kept)) * x)
        self._values[0] = max(float(self._values[0]), 0.0)
        self.seen += 1
        self._rate += (float(kept) - self._rate) / (self.seen + 50)

    @property
    def calibrator(self) -> PlattCalibrator:
        """The scaling so far."""
        return PlattCalibrator(float(self._values[0]), float(self._values[1]), self._rate)


@dataclass(frozen=True)
class LiveArrays:
    """Decided outcomes as arrays ``(n,)``, in the order in which they were shown; ``group`` is the file."""

    logits: NDArray[np.float64]
    confidences: NDArray[np.float64]
    kept: NDArray[np.bool_]
    group: NDArray[np.int64]

    @property
    def enough(self) -> bool:
        """Whether both fates are there often enough to fit and judge a scaling."""
        edited = int((~self.kept).sum())
        return min(edited, len(self.kept) - edited) >= FEWEST_OF_EACH


def live_arrays(outcomes: Sequence[Outcome]) -> LiveArrays:
    """Decided outcomes as arrays."""
    known = decided(outcomes)
    _, group = np.unique([f"{o.repository}/{o.file}" for o in known] or [""], return_inverse=True)
    return LiveArrays(
        np.asarray([o.logit for o in known], np.float64),
        np.asarray([o.confidence for o in known], np.float64),
        np.asarray([o.fate == KEPT for o in known], bool),
        group[: len(known)].astype(np.int64),
    )


def predicted_before(live: LiveArrays, start: PlattCalibrator) -> NDArray[np.float64]:
    """What online scaling said of each outcome before it knew it: a fair test of it."""
    online = OnlinePlatt(start)
    said = np.empty(len(live.logits))
    for i, (logit, kept) in enumerate(zip(live.logits.tolist(), live.kept.tolist(), strict=True)):
        said[i] = online.calibrator.predict(logit)
        online.learn(logit, kept)
    return said


def joined_with_history(outcomes: Sequence[Outcome], lines: WrittenLines, horizon: float) -> list[Outcome]:
    """Outcomes that were kept at commit, with what became of them since: a line that was fixed later is edited.

    Lines are known by the hash of their text; of several, the one that was committed first after it was shown.
    """
    fates = lines.fates_so_far(horizon)
    by_content: dict[int, list[int]] = {}
    for row, content in enumerate(lines.content.tolist()):
        by_content.setdefault(content, []).append(row)
    joined = []
    for each in outcomes:
        rows = [row for row in by_content.get(each.line, ()) if lines.times[lines.commit[row]] >= each.shown]
        if each.fate in (KEPT, REVIEWED) and rows:
            first = min(rows, key=lambda row: int(lines.times[lines.commit[row]]))
            if fates[first] == int(Fate.FIXED):
                death = int(lines.times[lines.death_commit[first]])
                each = replace(each, fate=EDITED, decided=death)
        joined.append(each)
    return joined
