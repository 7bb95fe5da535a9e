"""Every calibrator that needs only logits and outcomes, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from numpy.typing import ArrayLike

from heatline.calibration.binning import HistogramCalibrator, IsotonicCalibrator
from heatline.calibration.calibrators import (
    BetaCalibrator,
    Calibrator,
    IdentityCalibrator,
    PlattCalibrator,
)
from heatline.calibration.logistic import smoothed_targets
from heatline.calibration.temperature import TemperatureCalibrator
from heatline.calibration.venn_abers import VennAbersCalibrator
from heatline.errors import SettingsError


def _identity(logits: ArrayLike, kept: ArrayLike) -> Calibrator:
    smoothed_targets(logits, kept, None)  # refuses what the others refuse
    return IdentityCalibrator()


CALIBRATORS: Mapping[str, Callable[[ArrayLike, ArrayLike], Calibrator]] = {
    "identity": _identity,
    "temperature": TemperatureCalibrator.fit,
    "platt": PlattCalibrator.fit,
    "beta": BetaCalibrator.fit,
    "isotonic": IsotonicCalibrator.fit,
    "histogram": HistogramCalibrator.fit,
    "venn-abers": VennAbersCalibrator.fit,
}


def fit_calibrator(name: str, logits: ArrayLike, kept: ArrayLike) -> Calibrator:
    """Fit the calibrator of this name on logits and outcomes ``(n,)``.

    Raises ``SettingsError`` for an unknown name and ``ValueError`` for input that nothing can be fitted on: one
    outcome only, logits that aren't finite, lists of different lengths.
    """
    if name not in CALIBRATORS:
        raise SettingsError(f"The calibrator {name!r} is unknown. Use one of {', '.join(CALIBRATORS)}.")
    return CALIBRATORS[name](logits, kept)
