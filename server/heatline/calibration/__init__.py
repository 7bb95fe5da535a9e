"""Calibrators and the metrics they are judged by; numpy alone."""

from heatline.calibration.calibrators import (
    Calibrator,
    IdentityCalibrator,
    PlattCalibrator,
    calibrator_from_json,
)
from heatline.calibration.metrics import (
    area_under_roc,
    brier_score,
    brier_skill_score,
    expected_calibration_error,
)

__all__ = [
    "Calibrator",
    "IdentityCalibrator",
    "PlattCalibrator",
    "area_under_roc",
    "brier_score",
    "brier_skill_score",
    "calibrator_from_json",
    "expected_calibration_error",
]
