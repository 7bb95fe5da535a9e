"""Calibrators and the metrics they are judged by; numpy alone."""

from heatline.calibration.calibrators import (
    BetaCalibrator,
    Calibrator,
    IdentityCalibrator,
    PlattCalibrator,
)
from heatline.calibration.metrics import (
    area_under_roc,
    bin_coverage,
    brier_score,
    brier_skill_score,
    debiased_calibration_error,
    expected_calibration_error,
)
from heatline.calibration.reading import calibrator_from_json, calibrators_at
from heatline.calibration.smooth import smooth_calibration_error
from heatline.calibration.venn_abers import VennAbersCalibrator

__all__ = [
    "BetaCalibrator",
    "Calibrator",
    "IdentityCalibrator",
    "PlattCalibrator",
    "VennAbersCalibrator",
    "area_under_roc",
    "bin_coverage",
    "brier_score",
    "brier_skill_score",
    "calibrator_from_json",
    "calibrators_at",
    "debiased_calibration_error",
    "expected_calibration_error",
    "smooth_calibration_error",
]
