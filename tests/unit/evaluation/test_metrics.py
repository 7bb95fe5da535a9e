"""The evaluation protocol against hand-computed cases."""

import numpy as np
import pytest

from heatline.calibration import brier_skill_score, expected_calibration_error
from heatline_probes.evaluation.metrics import Outcomes, describe


@pytest.fixture(scope="module")
def outcomes():
    generator = np.random.default_rng(0)
    confidence = generator.random(600)
    kept = (generator.random(600) < confidence).astype(float)
    return Outcomes(confidence, kept, np.repeat(np.arange(60), 10), np.repeat(["a", "b"], 300))


def test_values_are_those_of_the_plain_metrics(outcomes):
    row = describe(outcomes)["per_dataset"]["a"]
    p, y = outcomes.confidence[:300], outcomes.kept[:300]
    assert row["bss"]["value"] == pytest.approx(brier_skill_score(p, y), abs=1e-5)
    assert row["ece"]["value"] == pytest.approx(expected_calibration_error(p, y), abs=1e-5)
    assert row["base_rate"] == pytest.approx(y.mean())
    assert (row["spans"], row["programs"]) == (300, 30)


def test_intervals_hold_the_value_and_shrink_with_programs(outcomes):
    result = describe(outcomes)
    for metric in ("bss", "auc"):
        pooled, part = result["pooled"][metric], result["per_dataset"]["a"][metric]
        assert pooled["low"] < pooled["value"] < pooled["high"]
        assert pooled["high"] - pooled["low"] < part["high"] - part["low"]


def test_the_headline_is_the_mean_over_datasets(outcomes):
    result = describe(outcomes)
    values = [row["bss"]["value"] for row in result["per_dataset"].values()]
    assert result["mean"]["bss_within_dataset"]["value"] == pytest.approx(np.mean(values))


def test_telling_datasets_apart_earns_nothing_within_them():
    kept = np.asarray([1.0] * 90 + [0.0] * 10 + [1.0] * 50 + [0.0] * 50)
    dataset = np.repeat(["easy", "hard"], 100)
    rates = np.where(dataset == "easy", 0.9, 0.5)
    result = describe(Outcomes(rates, kept, np.arange(200), dataset))
    assert result["mean"]["bss_within_dataset"]["value"] == pytest.approx(0, abs=1e-9)
    assert result["pooled"]["bss"]["value"] > 0.1


def test_intervals_resample_programs_not_spans():
    """Ten equal spans a program carry one program's worth of evidence."""
    generator = np.random.default_rng(1)
    p, y = generator.random(40), generator.integers(0, 2, 40).astype(float)
    single = describe(Outcomes(p, y, np.arange(40), np.repeat("a", 40)))["pooled"]["brier"]
    repeated = describe(
        Outcomes(np.repeat(p, 10), np.repeat(y, 10), np.repeat(np.arange(40), 10), np.repeat("a", 400))
    )["pooled"]["brier"]
    assert repeated == pytest.approx(single)
