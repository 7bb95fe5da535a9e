"""Calibrators and the metrics they are judged by; numpy alone."""

from heatline.calibration.binning import HistogramCalibrator, IsotonicCalibrator
from heatline.calibration.calibrators import (
    BetaCalibrator,
    Calibrator,
    IdentityCalibrator,
    PlattCalibrator,
)
from heatline.calibration.local_platt import LocalPlattCalibrator
from heatline.calibration.metrics import (
    area_under_roc,
    bin_coverage,
    brier_score,
    brier_skill_score,
    debiased_calibration_error,
    expected_calibration_error,
)
from heatline.calibration.reading import calibrator_from_json, calibrators_at
from heatline.calibration.sharpness import (
    adaptive_calibration_error,
    collapse_warning,
    full_calibration_error,
    kendall_tau_b,
    maximum_calibration_error,
    median_skewness,
    negative_log_likelihood,
    wasserstein_distance,
)
from heatline.calibration.smooth import smooth_calibration_error
from heatline.calibration.temperature import TemperatureCalibrator
from heatline.calibration.venn_abers import VennAbersCalibrator

__all__ = [
    "BetaCalibrator",
    "Calibrator",
    "HistogramCalibrator",
    "IdentityCalibrator",
    "IsotonicCalibrator",
    "LocalPlattCalibrator",
    "PlattCalibrator",
    "TemperatureCalibrator",
    "VennAbersCalibrator",
    "adaptive_calibration_error",
    "area_under_roc",
    "bin_coverage",
    "brier_score",
    "brier_skill_score",
    "calibrator_from_json",
    "calibrators_at",
    "collapse_warning",
    "debiased_calibration_error",
    "expected_calibration_error",
    "full_calibration_error",
    "kendall_tau_b",
    "maximum_calibration_error",
    "median_skewness",
    "negative_log_likelihood",
    "smooth_calibration_error",
    "wasserstein_distance",
]
