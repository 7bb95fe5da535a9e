"""Features, pooling, contributions, and what a probe refuses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline.errors import ProbeError
from heatline.probe import ScopeStage, SpanProbe
from heatline.probe.span_probe import gelu, rms_normalize, scope_features
from tests.tiny import edit_card, tiny_probe, tiny_supervisor


@pytest.fixture(scope="module")
def card_path(tmp_path_factory):
    return tiny_probe(tiny_supervisor(tmp_path_factory.mktemp("probe")))


@pytest.fixture(scope="module")
def probe(card_path):
    return SpanProbe.load(card_path)


def test_rms_normalisation_gives_unit_root_mean_square():
    hidden = np.asarray([[3.0, -4.0], [300.0, 400.0]], np.float32)
    assert np.sqrt((rms_normalize(hidden) ** 2).mean(axis=1)) == pytest.approx([1, 1], rel=1e-5)


def test_gelu_is_torchs_tanh_form():
    torch = pytest.importorskip("torch", reason="needs the probes extra")
    x = np.linspace(-4, 4, 101, dtype=np.float32)
    expected = torch.nn.GELU(approximate="tanh")(torch.from_numpy(x)).numpy()
    assert gelu(x) == pytest.approx(expected, abs=1e-6)


@given(st.integers(1, 200), st.data())
def test_a_tokens_features_do_not_depend_on_how_tokens_are_batched(probe, count, data):
    hidden = np.random.default_rng(count).standard_normal((count, 64)).astype(np.float32)
    cut = data.draw(st.integers(0, count))
    whole = probe.features(hidden)
    assert np.array_equal(np.concatenate([probe.features(hidden[:cut]), probe.features(hidden[cut:])]), whole)


@given(st.integers(1, 50), st.integers(0, 1000))
def test_contributions_add_up_to_the_logit(probe, count, seed):
    features = np.random.default_rng(seed).standard_normal((count, 6)).astype(np.float32)
    logit = probe.logits(features.max(axis=0, keepdims=True))[0]
    assert probe.contributions(features).sum() + probe.output_bias == pytest.approx(logit)


def test_the_logit_is_the_hand_computed_one(probe):
    features = np.zeros((2, 6), np.float32)
    features[0, 0], features[1, 0], features[1, 3] = 1.0, 2.0, 0.5
    expected = 2.0 * probe.output[0] + 0.5 * probe.output[3] + probe.output_bias
    assert probe.logits(features.max(axis=0, keepdims=True))[0] == pytest.approx(expected)


def test_the_scope_stage_is_the_hand_computed_one():
    local = np.asarray([[1.0, 0.0], [3.0, -2.0]], np.float32)
    stage = ScopeStage(
        own=np.asarray([[1.0], [10.0]], np.float32),
        shared=np.asarray([[0.1], [0.2], [0.3], [0.4]], np.float32),
        bias=np.asarray([0.5], np.float32),
    )
    common = 0.1 * 3 + 0.2 * 0 + 0.3 * 2 + 0.4 * -1 + 0.5  # maxima, means, bias
    expected = gelu(np.asarray([[1.0 + common], [3.0 - 20.0 + common]], np.float32))
    assert scope_features(local, stage) == pytest.approx(expected, abs=1e-6)


def test_a_token_sees_what_follows_it_in_its_scope_only(probe):
    local = np.random.default_rng(0).standard_normal((5, probe.width)).astype(np.float32)
    changed = local.copy()
    changed[4] += 1
    assert not np.array_equal(probe.in_scope(changed)[0], probe.in_scope(local)[0])
    assert np.array_equal(
        probe.features(np.empty((0, 64), np.float32)), np.empty((0, probe.width), np.float32)
    )
    assert probe.in_scope(local[:0]).shape == (0, 6)


def test_a_saved_scope_stage_is_read_again(card_path, probe, tmp_path):
    again = SpanProbe.load(probe.save(tmp_path))
    local = np.random.default_rng(1).standard_normal((4, probe.width)).astype(np.float32)
    assert np.array_equal(again.in_scope(local), probe.in_scope(local))


def test_numbers_of_16_bits_take_16_bits_and_others_lose_nothing(card_path, probe, tmp_path):
    """What a file holds is what was saved, to the last bit; rounded matrices make it smaller."""
    huge = replace(probe, projection=probe.projection * np.float32(1e6))
    assert np.array_equal(SpanProbe.load(huge.save(tmp_path / "huge")).projection, huge.projection)
    whole = probe.save(tmp_path / "whole").with_suffix(".safetensors")
    rounded = replace(probe, projection=probe.projection.astype(np.float16).astype(np.float32))
    card = rounded.save(tmp_path / "rounded")
    again = SpanProbe.load(card)
    assert np.array_equal(again.projection, rounded.projection)
    assert again.projection.dtype == again.output.dtype == np.float32
    saved = whole.stat().st_size - card.with_suffix(".safetensors").stat().st_size
    assert saved == pytest.approx(2 * probe.projection.size, abs=64)


def test_an_altered_file_is_refused(card_path, tmp_path):
    for suffix in (".json", ".safetensors"):
        (tmp_path / f"p{suffix}").write_bytes(card_path.with_suffix(suffix).read_bytes())
    raw = bytearray((tmp_path / "p.safetensors").read_bytes())
    raw[-1] ^= 1
    (tmp_path / "p.safetensors").write_bytes(raw)
    with pytest.raises(ProbeError, match="altered"):
        SpanProbe.load(tmp_path / "p.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": 99},
        {"threshold": 2.0},
        {"threshold": "x"},
        {"calibrators": {}},
        {"pooling": "mean"},
    ],
)
def test_an_unusable_card_is_refused(card_path, tmp_path, changes):
    for suffix in (".json", ".safetensors"):
        (tmp_path / f"p{suffix}").write_bytes(card_path.with_suffix(suffix).read_bytes())
    edit_card(tmp_path / "p.json", **changes)
    with pytest.raises(ProbeError):
        SpanProbe.load(tmp_path / "p.json")


def test_a_missing_file_is_refused(card_path, tmp_path):
    (tmp_path / "p.json").write_bytes(card_path.read_bytes())
    with pytest.raises(ProbeError, match="can't be read"):
        SpanProbe.load(tmp_path / "p.json")


def test_a_probe_of_another_bundle_is_refused_with_the_fix(probe):
    with pytest.raises(ProbeError, match=r"another build of tiny.*--probe"):
        probe.check_bundle("0" * 64, probe.card.layout_version)
    with pytest.raises(ProbeError, match="layout"):
        probe.check_bundle(probe.bundle_hash, 99)
