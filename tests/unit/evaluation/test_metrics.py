"""The evaluation protocol against hand-computed cases."""

import numpy as np
import pytest

from heatline.calibration import area_under_roc, brier_skill_score, expected_calibration_error
from heatline_probes.evaluation.estimates import Estimate, draw_programs, mean_estimate
from heatline_probes.evaluation.metrics import Outcomes, describe, measure, recall_reviewed, reliability


@pytest.fixture(scope="module")
def outcomes():
    generator = np.random.default_rng(0)
    confidence = generator.random(600)
    kept = (generator.random(600) < confidence).astype(float)
    return Outcomes(confidence, kept, np.repeat(np.arange(60), 10), np.repeat(["a", "b"], 300))


def test_values_are_those_of_the_plain_metrics(outcomes):
    row = describe(outcomes, resamples=200)["per_dataset"]["a"]
    p, y = outcomes.confidence[:300], outcomes.kept[:300]
    assert row["bss"]["value"] == pytest.approx(brier_skill_score(p, y), abs=1e-5)
    assert row["ece"]["value"] == pytest.approx(expected_calibration_error(p, y), abs=1e-5)
    assert row["base_rate"] == pytest.approx(y.mean(), abs=1e-5)
    assert (row["spans"], row["programs"]) == (300, 30)


def test_intervals_hold_the_value_and_shrink_with_programs(outcomes):
    result = describe(outcomes, resamples=200)
    for metric in ("bss", "auc"):
        pooled, part = result["pooled"][metric], result["per_dataset"]["a"][metric]
        assert pooled["low"] < pooled["value"] < pooled["high"]
        assert pooled["high"] - pooled["low"] < part["high"] - part["low"]


def test_the_headline_is_the_mean_over_datasets(outcomes):
    result = describe(outcomes, resamples=200)
    values = [row["bss"]["value"] for row in result["per_dataset"].values()]
    assert result["mean"]["bss_within_dataset"]["value"] == pytest.approx(np.mean(values), abs=1e-5)
    assert result["bss_within_dataset"] == result["mean"]["bss_within_dataset"]


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


def test_every_metric_has_an_interval_around_its_value(outcomes):
    """Rounding to groups and resampling never move a metric off its own interval."""
    for name, estimate in describe(outcomes, resamples=200)["pooled"].items():
        if isinstance(estimate, dict):
            assert estimate["low"] <= estimate["value"] + 1e-6, name
            assert estimate["value"] <= estimate["high"] + 1e-6, name


def test_an_interval_holds_the_true_value_about_as_often_as_it_says():
    """Over forty samples of one distribution, with programs of unequal size."""
    hits = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        sizes = generator.integers(2, 12, 150)
        program = np.repeat(np.arange(150), sizes)
        p = generator.uniform(0.2, 1, len(program))
        y = (generator.random(len(program)) < p).astype(float)
        row = describe(Outcomes(p, y, program, np.repeat("a", len(p))), seed, resamples=100)["pooled"][
            "brier"
        ]
        true = 0.6 - (0.2**2 + 0.2 + 1) / 3  # E[p] − E[p²] of the uniform distribution
        hits += row["low"] <= true <= row["high"]
    assert 33 <= hits <= 40


def test_resampled_metrics_are_those_of_the_drawn_programs():
    """The sums give what the plain metric gives on programs repeated as drawn."""
    generator = np.random.default_rng(4)
    p = generator.random(240).round(2)
    y = (generator.random(240) < p).astype(float)
    program = np.repeat(np.arange(40), 6)
    draws = draw_programs(np.repeat("a", 40), resamples=5, seed=1)
    report = measure(Outcomes(p, y, program, np.repeat("a", 240)), draws)
    for r in range(5):
        times = draws.weights["a"][r].astype(int)
        rows = np.repeat(np.arange(240), times[program])
        assert report.pooled.metrics["bss"].resampled[r] == pytest.approx(
            brier_skill_score(p[rows], y[rows]), abs=1e-5
        )
        assert report.pooled.metrics["auc"].resampled[r] == pytest.approx(
            area_under_roc(p[rows], y[rows]), abs=5e-3
        )


def test_the_same_contender_differs_from_itself_by_nothing(outcomes):
    """Paired draws: the interval of a difference knows that both saw the same programs."""
    draws = draw_programs(np.repeat(["a", "b"], 30), resamples=200)
    one = measure(outcomes, draws)
    worse = Outcomes(outcomes.confidence * 0.9, outcomes.kept, outcomes.program, outcomes.dataset)
    other = measure(worse, draws)
    same = one.mean["bss_within_dataset"].minus(one.mean["bss_within_dataset"])
    paired = one.mean["bss_within_dataset"].minus(other.mean["bss_within_dataset"])
    alone = one.mean["bss_within_dataset"]
    assert same.interval == (0, 0)
    assert np.ptp(paired.interval) < np.ptp(alone.interval)


def test_a_tiny_dataset_is_listed_but_is_no_voice_of_the_mean():
    """Eleven programs would weigh as much as thousands."""
    generator = np.random.default_rng(4)
    program = np.arange(400) // 4
    dataset = np.where(program < 95, "large", "tiny")
    kept = generator.integers(0, 2, 400).astype(float)
    confidence = np.clip(0.5 + (kept - 0.5) * np.where(dataset == "large", 0.6, -0.6), 0, 1)
    result = describe(Outcomes(confidence, kept, program, dataset), resamples=20)
    assert result["per_dataset"]["tiny"]["bss"]["value"] < 0
    assert result["mean"]["bss_within_dataset"]["value"] == result["per_dataset"]["large"]["bss"]["value"]


def test_a_dataset_with_one_outcome_has_no_skill_and_spoils_no_mean():
    """Undefined is null on paper and left out of the mean."""
    p, y = np.full(40, 0.9), np.ones(40)
    y[:5] = 0
    dataset = np.repeat(["mixed", "kept"], 20)
    result = describe(Outcomes(p, y, np.arange(40), dataset))
    assert result["per_dataset"]["kept"]["bss"] == {"value": None, "low": None, "high": None}
    assert result["mean"]["bss_within_dataset"]["value"] == result["per_dataset"]["mixed"]["bss"]["value"]


def test_recall_under_review_by_hand():
    """Ten spans; the riskiest fifth holds two of three edited ones, the riskiest tenth one."""
    confidence = np.asarray([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
    kept = np.asarray([0, 0, 1, 1, 1, 0, 1, 1, 1, 1.0])
    assert recall_reviewed(confidence, kept, 0.1) == pytest.approx(1 / 3)
    assert recall_reviewed(confidence, kept, 0.2) == pytest.approx(2 / 3)
    assert recall_reviewed(np.full(10, 0.5), kept, 0.2) == pytest.approx(0.2)  # ties: chance
    assert np.isnan(recall_reviewed(confidence, np.ones(10), 0.2))


def test_whole_units_are_drawn_together():
    """Programs of one problem group come in the same number of copies."""
    unit = np.asarray(["g1", "g1", "g2", "g3", "g3", "g3"])
    weights = draw_programs(np.repeat("a", 6), unit, resamples=50).weights["a"]
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights.sum(axis=1) > 0).all()


def test_means_are_taken_resample_by_resample():
    """Datasets where a resample is undefined are left out of that resample only."""
    nan = float("nan")
    mean = mean_estimate(
        [
            Estimate(1.0, np.asarray([1.0, nan])),
            Estimate(3.0, np.asarray([3.0, 5.0])),
            Estimate(nan, np.full(2, nan)),
        ]
    )
    assert mean.value == 2.0
    assert mean.resampled.tolist() == [2.0, 5.0]


def test_reliability_points_by_hand():
    """Two bins are used; their points are mean confidence and share kept."""
    outcome = Outcomes(
        np.asarray([0.12, 0.18, 0.92, 0.98]),
        np.asarray([0, 1.0, 1, 1]),
        np.arange(4),
        np.repeat("a", 4),
    )
    points = reliability(outcome, draw_programs(np.repeat("a", 4), resamples=200))
    assert points["confidence"] == pytest.approx([0.15, 0.95])
    assert points["kept"] == [0.5, 1.0]
    assert points["spans"] == [2, 2]
    assert (points["low"][0], points["high"][0]) == (0.0, 1.0)
