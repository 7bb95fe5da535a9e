"""Calibrators read back from a card, and moved to a project's own base rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.binning import HistogramCalibrator, IsotonicCalibrator
from heatline.calibration.calibrators import (
    BetaCalibrator,
    Calibrator,
    IdentityCalibrator,
    PlattCalibrator,
    checked_rate,
)
from heatline.calibration.temperature import TemperatureCalibrator
from heatline.calibration.venn_abers import VennAbersCalibrator
from heatline.errors import ProbeError

LARGEST_EDITED_SHARE = 0.99  # of the spans of a level, however the base rate of lines is chosen


def calibrator_from_json(raw: Mapping[str, object]) -> Calibrator:
    """Read what ``to_json`` wrote; raises ``ProbeError`` for an unknown or malformed calibrator."""
    try:
        kind = raw["kind"]
        if kind == "identity":
            return IdentityCalibrator()
        if kind == "platt":
            return PlattCalibrator(*_numbers(raw, "slope", "intercept", "base_rate"))
        if kind == "beta":
            return BetaCalibrator(*_numbers(raw, "a", "b", "c", "base_rate"))
        if kind == "venn_abers":
            return _venn_abers(raw)
        if kind == "temperature":
            return _temperature(raw)
        if kind == "isotonic":
            return _isotonic(raw)
        if kind == "histogram":
            return _histogram(raw)
    except (KeyError, ValueError, TypeError):
        pass
    raise ProbeError(
        f"The calibrator {dict(raw)!r} is unknown or malformed. Use a probe made for this version."
    )


def calibrators_at(
    calibrators: Mapping[str, Mapping[str, Any]], edited_lines: float
) -> dict[str, dict[str, Any]]:
    """A card's calibrators moved to code where a share ``edited_lines`` of the lines has to be edited.

    People can say how many lines of theirs are wrong, not how many tokens: the other levels' edited shares
    change in the same proportion as the lines', which is what happens when more or fewer programs fail and
    failing ones stay as they are.  Raises ``ProbeError`` for a share outside (0, 1) or an uncalibrated probe.
    """
    read = {level: calibrator_from_json(raw) for level, raw in calibrators.items()}
    checked_rate(edited_lines)
    if "line" not in calibrators or "base_rate" not in calibrators["line"]:
        raise ProbeError(
            "This probe is not calibrated, so it can't be moved to another base rate. Use a calibrated probe, "
            "or leave the base rate out."
        )
    factor = edited_lines / (1 - float(calibrators["line"]["base_rate"]))
    moved = {}
    for level, calibrator in read.items():
        trained = 1 - float(calibrators[level].get("base_rate", calibrators["line"]["base_rate"]))
        share = min(trained * factor, LARGEST_EDITED_SHARE)
        moved[level] = calibrator.shifted(1 - share).to_json()
    return moved


def _numbers(raw: Mapping[str, object], *keys: str) -> list[float]:
    values = [float(str(raw[key])) for key in keys]
    if not np.isfinite(values).all():
        raise ValueError("not finite")
    return values


def _venn_abers(raw: Mapping[str, Any]) -> VennAbersCalibrator:
    edges, low, high = (np.asarray(raw[key], np.float64) for key in ("edges", "low", "high"))
    ordered = bool((np.diff(edges) > 0).all())
    shares = np.concatenate([low, high])
    if not (
        ordered
        and edges.ndim == low.ndim == high.ndim == 1
        and len(low) == len(high) == len(edges) + 1
        and np.isfinite(edges).all()
        and ((shares >= 0) & (shares <= 1)).all()
    ):
        raise ValueError("malformed steps")
    rate, shift = _numbers(raw, "base_rate", "shift")
    return VennAbersCalibrator(tuple(edges.tolist()), tuple(low.tolist()), tuple(high.tolist()), rate, shift)


def _temperature(raw: Mapping[str, Any]) -> TemperatureCalibrator:
    temperature, rate, shift = _numbers(raw, "temperature", "base_rate", "shift")
    if temperature <= 0:
        raise ValueError("no temperature")
    return TemperatureCalibrator(temperature, rate, shift)


def _isotonic(raw: Mapping[str, Any]) -> IsotonicCalibrator:
    logits, confidences = (np.asarray(raw[key], np.float64) for key in ("logits", "confidences"))
    rising = bool((np.diff(logits) > 0).all() and (np.diff(confidences) >= 0).all())
    if not (rising and logits.ndim == 1 and logits.shape == confidences.shape and len(logits)):
        raise ValueError("malformed knots")
    _check_shares(logits, confidences)
    rate, shift = _numbers(raw, "base_rate", "shift")
    return IsotonicCalibrator(tuple(logits.tolist()), tuple(confidences.tolist()), rate, shift)


def _histogram(raw: Mapping[str, Any]) -> HistogramCalibrator:
    edges, confidences = (np.asarray(raw[key], np.float64) for key in ("edges", "confidences"))
    if not (edges.ndim == confidences.ndim == 1 and len(confidences) == len(edges) + 1):
        raise ValueError("malformed bins")
    if not (np.diff(edges) > 0).all():
        raise ValueError("unordered bins")
    _check_shares(edges, confidences)
    rate, shift = _numbers(raw, "base_rate", "shift")
    return HistogramCalibrator(tuple(edges.tolist()), tuple(confidences.tolist()), rate, shift)


def _check_shares(logits: NDArray[np.float64], confidences: NDArray[np.float64]) -> None:
    if not (np.isfinite(logits).all() and ((confidences >= 0) & (confidences <= 1)).all()):
        raise ValueError("no shares")
