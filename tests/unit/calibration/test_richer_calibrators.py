"""Beta and Venn–Abers calibration against their definitions, and base rates moved by label shift."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline.calibration import (
    BetaCalibrator,
    IdentityCalibrator,
    PlattCalibrator,
    VennAbersCalibrator,
    brier_score,
    calibrator_from_json,
    calibrators_at,
)
from heatline.calibration.calibrators import sigmoid
from heatline.calibration.venn_abers import isotonic
from heatline.errors import ProbeError

FITTED = [
    PlattCalibrator(1.5, -0.25, 0.8),
    BetaCalibrator(1.2, 0.4, -0.3, 0.8),
    VennAbersCalibrator((-1.0, 0.0), (0.1, 0.5, 0.8), (0.2, 0.6, 0.9), 0.8),
]


@pytest.fixture(scope="module")
def crooked():
    """Logits that are right where the code is kept, and twice too sure where it is edited."""
    generator = np.random.default_rng(3)
    true = generator.normal(0.5, 1.5, 20_000)
    return np.where(true > 0, true, 2 * true), generator.random(20_000) < sigmoid(true)


def test_beta_finds_a_slope_for_each_end(crooked):
    """What is overconfident at one end only is mended there, where Platt scaling has to compromise."""
    logits, kept = crooked
    beta, platt = BetaCalibrator.fit(logits, kept), PlattCalibrator.fit(logits, kept)
    assert beta.a < beta.b
    assert brier_score(beta.predict(logits), kept) < brier_score(platt.predict(logits), kept)


def test_beta_is_logistic_regression_on_both_logarithms(crooked):
    """The fit is that of scikit-learn without a penalty."""
    linear = pytest.importorskip("sklearn.linear_model", reason="needs the probes extra")
    logits, kept = crooked[0][:3000], crooked[1][:3000]
    columns = np.stack([-np.logaddexp(0, -logits), np.logaddexp(0, logits)], axis=1)
    theirs = linear.LogisticRegression(C=np.inf, max_iter=500, tol=1e-8).fit(columns, kept)
    fitted = BetaCalibrator.fit(logits, kept)
    assert [fitted.a, fitted.b, fitted.c] == pytest.approx([*theirs.coef_[0], theirs.intercept_[0]], abs=0.02)


def test_beta_never_falls():
    """A slope that would be negative is set to zero: more confidence never means less."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 2, 4000)
    kept = generator.random(4000) < np.where(logits > 0, 0.9 - 0.1 * np.tanh(logits), sigmoid(logits))
    fitted = BetaCalibrator.fit(logits, kept)
    assert (np.diff(fitted.predict(np.linspace(-8, 8, 200))) >= -1e-12).all()


def test_isotonic_agrees_with_scikit_learn():
    """Pooling adjacent violators, with weights."""
    theirs = pytest.importorskip("sklearn.isotonic", reason="needs the probes extra")
    generator = np.random.default_rng(0)
    mass = generator.integers(1, 9, 50).astype(float)
    positive = generator.binomial(mass.astype(int), np.linspace(0.1, 0.9, 50)).astype(float)
    expected = theirs.isotonic_regression(positive / mass, sample_weight=mass)
    assert isotonic(positive, mass) == pytest.approx(expected)


def test_venn_abers_is_two_isotonic_fits_with_the_span_added():
    """Against the definition: add the span as edited, then as kept, and read both fits at it."""
    logits = np.asarray([-2.0, -1.0, 0.0, 1.0, 2.0])
    kept = np.asarray([0, 0, 1, 0, 1])
    fitted = VennAbersCalibrator.fit(logits, kept)
    # at 1.0, edited: groups 0,0,1,(0,0),1 → 0, 0, 1/3, 1; kept: 0,0,1,(0,1),1 → pooled 2/3
    group = int(np.searchsorted(fitted.edges, 1.0, side="right"))
    assert (fitted.low[group], fitted.high[group]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert fitted.predict([1.0])[0] == pytest.approx((2 / 3) / (1 - 1 / 3 + 2 / 3))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=4, max_size=60))
def test_venn_abers_rises_and_holds_its_own_bounds(rows):
    """Steps never fall, and the confidence lies between the two fits."""
    logits, kept = np.asarray([r[0] for r in rows]), np.asarray([r[1] for r in rows])
    if kept.all() or not kept.any():
        return
    fitted = VennAbersCalibrator.fit(logits, kept)
    p = fitted.predict(np.sort(logits))
    group = np.searchsorted(fitted.edges, np.sort(logits), side="right")
    low, high = np.asarray(fitted.low)[group], np.asarray(fitted.high)[group]
    assert (np.diff(p) >= -1e-12).all()
    assert ((low - 1e-12 <= p) & (p <= high + 1e-12)).all()


@pytest.mark.parametrize("calibrator", FITTED)
def test_round_trip_through_json(calibrator):
    """A card gives back the calibrator that was written, moved or not."""
    assert calibrator_from_json(calibrator.to_json()) == calibrator
    moved = calibrator.shifted(0.95)
    assert calibrator_from_json(moved.to_json()) == moved


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "beta", "a": 1, "b": 1, "c": "x", "base_rate": 0.5},
        {"kind": "venn_abers", "edges": [0.0], "low": [0.1], "high": [0.2], "base_rate": 0.5, "shift": 0.0},
        {"kind": "venn_abers", "edges": [1.0, 0.0], "low": [0.1] * 3, "high": [0.2] * 3, "base_rate": 0.5, "shift": 0},
        {"kind": "venn_abers", "edges": [], "low": [2.0], "high": [0.2], "base_rate": 0.5, "shift": 0.0},
    ],
)  # fmt: skip
def test_malformed_calibrators_are_refused(raw):
    """Damage is found when a card is read, not when a line is scored."""
    with pytest.raises(ProbeError, match="unknown or malformed"):
        calibrator_from_json(raw)


@pytest.mark.parametrize("calibrator", FITTED)
def test_moving_the_base_rate_moves_all_log_odds_alike(calibrator):
    """By ln(0.95/0.05) − ln(0.8/0.2), whatever the calibrator; and back again."""
    logits = np.asarray([-1.5, -0.5, 0.5])
    before, after = calibrator.predict(logits), calibrator.shifted(0.95).predict(logits)
    change = np.log(after / (1 - after)) - np.log(before / (1 - before))
    assert change == pytest.approx(np.full(3, np.log(19) - np.log(4)))
    assert calibrator.shifted(0.95).shifted(0.8).predict(logits) == pytest.approx(before)


def test_a_moved_calibrator_is_right_where_failures_are_rarer():
    """Drop four in five edited spans: the shifted calibrator is calibrated there, the old one is not."""
    generator = np.random.default_rng(5)
    kept = generator.random(40_000) < 0.7
    logits = generator.normal(np.where(kept, 1.0, -1.0), 1.2)
    fitted = PlattCalibrator.fit(logits, kept)
    rare = kept | (generator.random(40_000) < 0.2)
    rate = float(kept[rare].mean())
    assert abs(fitted.predict(logits[rare]).mean() - rate) > 0.05
    assert fitted.shifted(rate).predict(logits[rare]).mean() == pytest.approx(rate, abs=0.01)


def test_all_levels_move_in_the_proportion_of_the_lines():
    """Lines edited half as often: tokens and scopes too."""
    rates = {"token": 0.9, "line": 0.8, "scope": 0.5}
    raw = {level: PlattCalibrator(1.0, 0.0, rate).to_json() for level, rate in rates.items()}
    moved = calibrators_at(raw, edited_lines=0.1)
    assert {level: moved[level]["base_rate"] for level in rates} == pytest.approx(
        {"token": 0.95, "line": 0.9, "scope": 0.75}
    )


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_a_base_rate_must_be_a_share(share):
    """Nothing is always or never edited."""
    with pytest.raises(ProbeError, match="between 0 and 1"):
        calibrators_at({"line": FITTED[0].to_json()}, share)


def test_an_uncalibrated_probe_has_no_base_rate():
    """One sentence, not a wrong number."""
    with pytest.raises(ProbeError, match="not calibrated"):
        calibrators_at({"line": IdentityCalibrator().to_json()}, 0.1)
