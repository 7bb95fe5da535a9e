"""The whole protocol on made-up predictions: one form for all contenders, and no leak between folds."""

import dataclasses
import json

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

from heatline.calibration import PlattCalibrator
from heatline.calibration.calibrators import sigmoid
from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.baselines import dataset_identity, token_probability
from heatline_probes.evaluation.comparisons import compare_calibrations, compare_runs
from heatline_probes.evaluation.features import syntax_features
from heatline_probes.evaluation.protocol import EvaluationSettings, code_lines, evaluate_run
from heatline_probes.evaluation.results import card_metrics
from heatline_probes.evaluation.scaling import (
    Rates,
    evaluation_sets,
    fit_alike,
    fit_platt,
    from_unseen,
    scaled,
    transferred,
)
from heatline_probes.evaluation.subsets import of_datasets, only_programs
from heatline_probes.evaluation.views import Run
from tests.unit.evaluation.synthetic import LINES, synthetic

pytestmark = pytest.mark.probes

FAST = EvaluationSettings(resamples=30)
PLAIN = EvaluationSettings(resamples=30, baselines=False)


@pytest.fixture(scope="module")
def evaluated():
    return evaluate_run(synthetic(80), FAST)


def test_every_level_and_contender_has_the_same_form(evaluated):
    """The four headline figures with intervals, per dataset, averaged and pooled; baselines too."""
    assert set(evaluated.levels) == {"token", "line", "code_line", "problem"}
    for contenders in evaluated.levels.values():
        assert {"unscaled", "scaled", "transferred", "baseline_dataset_identity"} <= set(contenders)
        assert "baseline_token_probability_lowest" in contenders
        for found in contenders.values():
            assert {"bss_within_dataset", "bss_pooled", "ece", "auc", "per_dataset", "mean", "pooled"} <= set(
                found
            )
            assert set(found["per_dataset"]) == {"a", "b"}
            assert set(found["auc"]) == {"value", "low", "high"}


def test_the_figures_are_json(evaluated):
    """No NaN, nothing numpy; a card's part is a fraction of it, without rows by dataset of moved base rates."""
    whole = json.dumps(evaluated.to_json(), allow_nan=False)
    part = json.dumps(card_metrics([evaluated.to_json()]), allow_nan=False)
    line = json.loads(part)["by_problem"]["line"]
    assert {name for name, found in line.items() if "per_dataset" not in found} == {"transferred_base_rate"}
    assert len(part) < len(whole)


def test_a_skilful_probe_beats_what_is_trivial(evaluated):
    """The planted signal is found, and dataset identity has nothing within datasets."""
    line = {name: found["bss_within_dataset"]["value"] for name, found in evaluated.levels["line"].items()}
    assert line["scaled"] > 0.1
    assert line["scaled"] > line["baseline_syntax_logistic"]
    assert abs(line["baseline_dataset_identity"]) < 0.02


def test_code_lines_are_fewer_and_only_code():
    """Comments, docstrings, imports and signatures are left out; blank lines are in neither."""
    predictions = synthetic(10)
    view = Run(predictions).view("line")
    assert len(view) == 10 * sum(bool(line.strip()) for line in LINES)
    assert set(code_lines(view).kind.tolist()) == {"code"}
    assert len(code_lines(view)) == 10 * 8


def test_scaling_within_the_set_never_sees_the_group_it_scales():
    """Turning around the labels of one group changes nothing about that group's own confidences."""
    predictions = synthetic(60)
    view = Run(predictions).view("line")
    sets = evaluation_sets("by_problem", view)
    before = scaled(view, sets)
    group = view.group == view.group[0]
    turned = dataclasses.replace(view, kept=np.where(group, ~view.kept, view.kept))
    after = scaled(turned, sets)
    assert np.array_equal(before[group], after[group])
    assert not np.array_equal(before[~group], after[~group])


@pytest.mark.parametrize(
    "scaling",
    [lambda p, v: transferred(p, v), lambda p, v: from_unseen(p, v, v)],
    ids=["transferred", "shipped"],
)
def test_transfer_never_sees_what_was_left_out(scaling):
    """Turning around all labels of the left-out dataset leaves its confidences alone, and changes the other's."""
    predictions = synthetic(60, protocol="leave_one_dataset_out")
    # every group is in one dataset here, so that the other may be learned from
    group = np.asarray([f"{d}{i}" for i, d in enumerate(predictions.programs.dataset)])
    predictions = dataclasses.replace(
        predictions, programs=dataclasses.replace(predictions.programs, group=group)
    )
    view = Run(predictions).view("line")
    held = view.fold == 0
    turned = dataclasses.replace(view, kept=np.where(held, ~view.kept, view.kept))
    before, after = (scaling(predictions, v) for v in (view, turned))
    assert np.array_equal(before[held], after[held])
    assert not np.array_equal(before[~held], after[~held])


def other_folds(view, fold):
    """Platt scaling of the spans that the fold does not hold."""
    other = view.fold != fold
    return fit_platt(view.logit[other], view.kept[other])


def test_what_is_transferred_was_fitted_on_the_other_folds():
    """Slope and intercept of the spans that the fold's probe may learn from."""
    predictions = synthetic(40)
    view = Run(predictions).view("line")
    fold = view.fold == 3
    expected = other_folds(view, 3).predict(view.logit[fold])
    assert transferred(predictions, view)[fold] == pytest.approx(expected)


def test_known_base_rates_move_the_calibrator_of_each_fold_and_dataset():
    """One number is known of each dataset: how many of its lines are kept."""
    predictions = synthetic(80)
    view = Run(predictions).view("line")
    got = transferred(predictions, view, rates=Rates.SHIFTED)
    found = other_folds(view, 3)
    assert len(np.unique(view.dataset)) > 1
    for dataset in np.unique(view.dataset):
        own = (view.fold == 3) & (view.dataset == dataset)
        rate, before = view.kept[own].mean(), found.base_rate
        shift = np.log(rate / (1 - rate)) - np.log(before / (1 - before))
        moved = PlattCalibrator(found.slope, found.intercept + shift, rate)
        assert got[own] == pytest.approx(moved.predict(view.logit[own]))


def test_matching_makes_the_mean_confidence_of_a_dataset_its_base_rate():
    """The slope stays what the other folds gave."""
    predictions = synthetic(80)
    view = Run(predictions).view("line")
    got = transferred(predictions, view, rates=Rates.MATCHED)
    for dataset in np.unique(view.dataset):
        own = (view.fold == 3) & (view.dataset == dataset)
        assert got[own].mean() == pytest.approx(view.kept[own].mean())
        slope = np.polyfit(view.logit[own], np.log(got[own] / (1 - got[own])), 1)[0]
        assert slope == pytest.approx(other_folds(view, 3).slope)


def test_what_was_left_out_is_scaled_on_its_own():
    """A dataset's own base rate is what scaling within it gives a logit that says nothing."""
    predictions = synthetic(200, protocol="leave_one_dataset_out")
    view = Run(predictions).view("line")
    flat = scaled(view, evaluation_sets("leave_one_dataset_out", view), np.zeros(len(view)))
    for fold in (0, 1):
        chosen = view.fold == fold
        assert flat[chosen].mean() == pytest.approx(view.kept[chosen].mean(), abs=0.01)


def test_spans_without_a_logit_are_not_measured():
    """Programs that no fold tested are left out of every figure."""
    predictions = synthetic(40)
    part = only_programs(predictions, of_datasets(predictions, ["a"]))
    found = evaluate_run(part, PLAIN)
    assert set(found.levels["line"]["scaled"]["per_dataset"]) == {"a"}
    assert found.to_json()["programs"] == 20


def test_dataset_identity_is_the_rate_in_the_other_folds():
    """By hand for one fold and dataset."""
    run = Run(synthetic(60))
    view = run.view("line")
    logit = dataset_identity(run, view)
    chosen, known = (view.fold == 1) & (view.dataset == "a"), (view.fold != 1) & (view.dataset == "a")
    rate = (view.kept[known].sum() + 1) / (known.sum() + 2)
    assert logit[chosen] == pytest.approx(np.log(rate / (1 - rate)))


def test_token_probability_is_pooled_over_a_span():
    """The lowest of a scope's tokens, and their geometric mean."""
    run = Run(synthetic(4))
    tokens, scopes = run.predictions.levels["token"], run.predictions.levels["scope"]
    view = run.view("scope")
    own = tokens.log_probability[scopes.first[2] : scopes.last[2]]
    for pooling, expected in (("lowest", own.min()), ("mean", own.mean())):
        p = np.exp(expected)
        assert token_probability(run, "scope", view, pooling)[2] == pytest.approx(np.log(p / (1 - p)))


def test_syntax_features_know_nothing_of_names():
    """Renaming everything leaves position, length in tokens and kind alone."""
    run = Run(synthetic(2))
    features = syntax_features(run, "line")
    assert features.shape[0] == len(run.predictions.levels["line"])
    assert np.isfinite(features).all()
    assert np.array_equal(features[: len(features) // 2], features[len(features) // 2 :])


def test_calibrators_are_compared_with_platt_scaling():
    """Every other calibrator has a paired difference; Platt's own is zero."""
    found = compare_calibrations(synthetic(60), settings=FAST)
    for mode in ("scaled", "transferred"):
        assert list(found[mode]) == ["platt", "beta", "venn_abers", "platt_by_kind", "unscaled"]
        assert found[mode]["platt"]["difference"]["ece"]["value"] == 0


def test_runs_over_the_same_spans_are_compared_in_pairs():
    """A run that knows less loses, on every level it shares."""
    good, bad = synthetic(80), synthetic(80)
    line = bad.levels["line"]
    noise = np.random.default_rng(9).normal(0, 6, len(line))
    bad = dataclasses.replace(bad, levels={"line": dataclasses.replace(line, logit=line.logit + noise)})
    found = compare_runs(good, bad, FAST)
    assert set(found) == {"line", "code_line"}
    assert found["line"]["other"]["difference"]["bss_within_dataset"]["high"] < 0


def test_runs_of_other_programs_are_not_compared():
    """One sentence instead of a wrong difference."""
    with pytest.raises(EvaluationError, match="other programs"):
        compare_runs(synthetic(20), synthetic(30), FAST)


def _planted(generator, rates, slope, count):
    """Logits and outcomes of datasets whose kept spans become likelier by one slope, at other base rates."""
    logit = generator.normal(0, 1.5, (len(rates), count))
    kept = generator.random(logit.shape) < sigmoid(slope * logit + np.asarray(rates)[:, None])
    return logit.ravel(), kept.ravel(), np.repeat([f"d{i}" for i in range(len(rates))], count)


def test_datasets_weigh_the_same_in_the_shipped_scaling():
    """Each span of one dataset twice: the same calibrator; its base rate is the mean of theirs."""
    logit, kept, dataset = _planted(np.random.default_rng(1), [1.5, 0.0], 1.0, 300)
    again = np.concatenate([np.arange(600), np.arange(300)])
    one, other = fit_alike(logit, kept, dataset), fit_alike(logit[again], kept[again], dataset[again])
    assert isinstance(one, PlattCalibrator)
    assert isinstance(other, PlattCalibrator)
    assert one.base_rate == pytest.approx((kept[:300].mean() + kept[300:].mean()) / 2)
    assert (other.slope, other.intercept) == pytest.approx((one.slope, one.intercept), abs=5e-3)
