"""Local Platt scaling: two kinds of spans with opposite distortions, told apart by their states alone."""

import numpy as np
import pytest

from heatline.calibration import LocalPlattCalibrator, PlattCalibrator, brier_score
from heatline.calibration.calibrators import sigmoid
from heatline.calibration.local_platt import NOISE
from heatline.calibration.local_platt_fitting import (
    LocalSettings,
    choose_local_platt,
    fit_local_platt,
    umap_embedding,
)
from heatline.errors import ProbeError

WIDTH = 12
SMALL = LocalSettings(components=4, smallest_share=0.1, anchors=600)


def as_it_is(settings):
    """No embedding: HDBSCAN on the principal coordinates."""
    return lambda points: points


@pytest.fixture(scope="module")
def two_kinds():
    """Logits, outcomes, states, problems: the first kind is three times too sure, the second far too low."""
    generator = np.random.default_rng(0)
    true = generator.normal(0.3, 1.5, 4000)
    second = generator.random(4000) < 0.5
    centres = generator.normal(0, 4, (2, WIDTH))
    states = centres[second.astype(int)] + generator.normal(0, 0.4, (4000, WIDTH))
    logits = np.where(second, true - 3, 3 * true)
    return logits, generator.random(4000) < sigmoid(true), states, np.arange(4000) // 20


@pytest.fixture(scope="module")
def fitted(two_kinds):
    """Fitted on the first half."""
    pytest.importorskip("sklearn.cluster", reason="needs the probes extra")
    logits, kept, states, _ = two_kinds
    return fit_local_platt(logits[:2000], kept[:2000], states[:2000], SMALL, as_it_is)


def test_beats_global_platt_where_spans_are_miscalibrated_in_opposite_ways(two_kinds, fitted):
    """On the held-out half, by a margin no global map can reach; and identity by more."""
    logits, kept, states, _ = (v[2000:] for v in two_kinds)
    first = [v[:2000] for v in two_kinds]
    overall = PlattCalibrator.fit(first[0], first[1])
    local = brier_score(fitted.predict(logits, states), kept)
    assert local < brier_score(overall.predict(logits), kept) - 0.01
    assert local < brier_score(sigmoid(logits), kept) - 0.05


def test_finds_the_two_parameters_of_each_kind(fitted):
    """Slopes of a third and one, the intercept of the second about three."""
    slopes = sorted(fitted.parameters[:, 0])
    assert slopes[0] == pytest.approx(1 / 3, rel=0.2)
    assert slopes[-1] == pytest.approx(1, rel=0.2)
    assert max(fitted.parameters[:, 1]) == pytest.approx(3, rel=0.2)


def test_a_span_takes_the_parameters_of_its_nearest_anchor():
    """By hand: two anchors on a line, and one that belongs to no cluster and backs off."""
    calibrator = LocalPlattCalibrator(
        mean=np.zeros(1, np.float32),
        axes=np.ones((1, 1), np.float32),
        score_mean=0.0,
        score_scale=0.0,
        anchors=np.asarray([[-1, 0], [1, 0], [9, 0]], np.float32),
        clusters=np.asarray([0, 1, NOISE]),
        parameters=np.asarray([[2.0, 0.0], [1.0, 1.0]]),
        back_off=(0.5, 0.0),
        base_rate=0.5,
    )
    states = np.asarray([[-0.6], [0.4], [8.0]])
    assert calibrator.assign([1, 1, 1], states).tolist() == [0, 1, NOISE]
    assert calibrator.predict([1, 1, 1], states) == pytest.approx(sigmoid([2.0, 2.0, 0.5]))


def test_spans_without_clusters_back_off_to_global_platt(two_kinds):
    """States that say nothing: as global Platt scaling does."""
    pytest.importorskip("sklearn.cluster", reason="needs the probes extra")
    logits, kept, _, _ = two_kinds
    noise = np.random.default_rng(1).normal(0, 1, (len(logits), WIDTH))
    fitted = fit_local_platt(
        logits, kept, noise, LocalSettings(components=8, smallest_share=0.2, anchors=600), as_it_is
    )
    overall = PlattCalibrator.fit(logits, kept)
    away = fitted.assign(logits, noise) == NOISE
    assert away.mean() > 0.9
    assert fitted.predict(logits, noise)[away] == pytest.approx(overall.predict(logits[away]))


def test_settings_are_chosen_on_held_out_problems(two_kinds):
    """A smallest cluster larger than everything is one cluster, and loses."""
    pytest.importorskip("sklearn.cluster", reason="needs the probes extra")
    one = LocalSettings(components=4, smallest_share=2.0, anchors=600)
    _, chosen = choose_local_platt(*two_kinds, grid=(one, SMALL), embedding=as_it_is)
    assert chosen == SMALL


def test_travels_as_safetensors(tmp_path, two_kinds, fitted):
    """The same confidences after a round trip; a damaged file is refused."""
    path = tmp_path / "local.safetensors"
    fitted.save(path)
    read = LocalPlattCalibrator.load(path)
    assert read.predict(two_kinds[0], two_kinds[2]) == pytest.approx(
        fitted.predict(two_kinds[0], two_kinds[2]), abs=0
    )
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ProbeError, match="Fit it again"):
        LocalPlattCalibrator.load(path)
    with pytest.raises(ProbeError, match="Fit it again"):
        LocalPlattCalibrator.load(tmp_path / "absent")


@pytest.mark.parametrize(
    ("kept", "states", "sentence"),
    [
        ([True, True], np.zeros((2, 3)), "both kept and edited"),
        ([True, False], np.zeros((1, 3)), "one finite pooled state"),
        ([True, False], np.full((2, 3), np.nan), "one finite pooled state"),
    ],
)
def test_refuses_what_nothing_can_be_fitted_on(kept, states, sentence):
    """One sentence, before anything is clustered."""
    with pytest.raises(ValueError, match=sentence):
        fit_local_platt([0.1, 0.2], kept, states, SMALL, as_it_is)


def test_umap_keeps_the_two_kinds_apart(two_kinds):
    """The whole way, UMAP included, is at least as good as global Platt scaling on the held-out half."""
    pytest.importorskip("umap", reason="needs the probes extra")
    logits, kept, states, _ = two_kinds
    settings = LocalSettings(components=4, smallest_share=0.1, anchors=300)
    fitted = fit_local_platt(logits[:2000], kept[:2000], states[:2000], settings, umap_embedding)
    overall = PlattCalibrator.fit(logits[:2000], kept[:2000])
    local = brier_score(fitted.predict(logits[2000:], states[2000:]), kept[2000:])
    assert local < brier_score(overall.predict(logits[2000:]), kept[2000:]) - 0.01
