"""The fp16 build for graphics cards: the same numbers, beside the int8 build, chosen and given up in one clear line."""

import logging
import shutil

import numpy as np
import pytest

import heatline
from heatline.errors import BundleError, DeviceError, SupervisorError, WeightsError
from heatline.supervisor import agreement, devices, opening
from heatline.supervisor.card import BundleCard
from heatline.supervisor.devices import choose, half_precision_folder
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore, build_bundle
from tests.tiny import NAME, tiny_gguf, tiny_probe, tiny_supervisor

IDS = np.random.default_rng(0).integers(0, 260, 60).astype(np.int32)
CODE = "def double(x):\n    return 2 * x\n\n\ndef half(x):\n    return x / 2\n"


@pytest.fixture
def bundle(tmp_path):
    return tiny_supervisor(tmp_path)


@pytest.fixture
def half(bundle, tmp_path):
    return SupervisorStore(bundle.parent).build(NAME, tmp_path / "tiny-llama.gguf", precision="fp16")


def states(bundle):
    session = SupervisorSession(bundle, threads=1)
    return session.run(IDS, session.new_cache(len(IDS)))


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_its_hidden_states_are_those_of_the_fp32_graph(tmp_path, family):
    weights = tiny_gguf(tmp_path, family)
    for precision in ("fp16", "fp32"):
        (tmp_path / precision).mkdir()
        build_bundle(NAME, weights, tmp_path / precision, 2, precision)
    for table in ("embeddings.npy", "embedding_scales.npy"):  # whose rows have 8 bits but in fp32
        shutil.copy(tmp_path / "fp32" / table, tmp_path / "fp16" / table)
    half, exact = (states(tmp_path / precision) for precision in ("fp16", "fp32"))
    assert agreement.differences(half, exact)["median"] < 0.002


def test_a_suffix_goes_on_from_the_kept_prefix(half):
    session = SupervisorSession(half, threads=1)
    cache = session.new_cache(len(IDS))
    parts = [session.run(part, cache) for part in (IDS[:31], IDS[31:])]
    assert np.allclose(np.concatenate(parts), states(half), rtol=1e-2, atol=1e-2)


def test_a_prefix_can_be_copied(half):
    session = SupervisorSession(half, threads=1)
    first, second = session.new_cache(len(IDS)), session.new_cache(len(IDS))
    whole = session.run(IDS, first)
    second.copy_prefix(first, 30)
    assert np.allclose(session.run(IDS[30:], second), whole[30:], rtol=1e-2, atol=1e-2)


def test_it_lies_beside_the_int8_build_and_says_that_it_stands_for_it(bundle, half):
    card, of = BundleCard.read(half), BundleCard.read(bundle)
    assert half == half_precision_folder(bundle)
    assert (card.precision, card.stands_for, card.probed_hash) == ("fp16", of.bundle_hash, of.bundle_hash)
    assert card.bundle_hash != of.bundle_hash
    assert card.agreement["median"] < agreement.LARGEST_DIFFERENCE


def test_the_list_of_supervisors_has_one_of_the_two(bundle, half):
    assert [found.name for found in SupervisorStore(bundle.parent).installed()] == [NAME]


def test_an_altered_file_of_it_is_found(bundle, half):
    store = SupervisorStore(bundle.parent)
    store.verify(NAME)
    (half / "graph.data").write_bytes(b"")
    with pytest.raises(BundleError, match=r"graph\.data.*supervisor build tiny --precision fp16"):
        store.verify(NAME)


def test_it_is_removed_with_the_supervisor(bundle, half):
    SupervisorStore(bundle.parent).remove(NAME)
    assert not half.exists()


def test_the_int8_build_is_made_where_it_is_missing(tmp_path):
    store = SupervisorStore(tmp_path / "supervisors")
    store.build(NAME, tiny_gguf(tmp_path), precision="fp16")
    assert BundleCard.read(store.bundle(NAME)).precision == "int8"


def test_other_weights_than_those_of_the_int8_build_are_refused(bundle, tmp_path):
    with pytest.raises(WeightsError, match="other weights"):
        SupervisorStore(bundle.parent).build(NAME, tiny_gguf(tmp_path, seed=1), precision="fp16")
    assert not half_precision_folder(bundle).exists()


def test_a_build_that_computes_something_else_is_refused(bundle, half, tmp_path):
    other = tiny_supervisor(tmp_path / "other", "qwen2")
    with pytest.raises(BundleError, match="too much for its probes"):
        agreement.check_agreement(other, bundle)


@pytest.mark.parametrize(
    ("asked", "available", "built", "chosen", "why"),
    [
        ("auto", {"cpu"}, True, "cpu", "none of cuda"),
        ("auto", {"cpu", "cuda"}, True, "cuda", "fp16 build is here"),
        ("auto", {"cpu", "coreml", "directml"}, True, "directml", "fp16 build is here"),
        ("auto", {"cpu", "cuda"}, False, "cpu", "no fp16 build"),
        ("cpu", {"cpu", "cuda"}, True, "cpu", "asked for"),
        ("cuda", {"cpu", "cuda"}, True, "cuda", "asked for"),
        ("openvino", {"cpu", "openvino"}, False, "openvino", "asked for"),
    ],
)
def test_a_card_is_chosen_when_its_build_is_here(request, bundle, asked, available, built, chosen, why):
    if built:
        request.getfixturevalue("half")
    choice = choose(bundle, asked, lambda: available)
    assert (choice.device, choice.warning) == (chosen, "")
    assert why in choice.why
    assert choice.bundle == (half_precision_folder(bundle) if chosen in devices.CARDS else bundle)


@pytest.mark.parametrize(
    ("asked", "available", "warning"),
    [
        ("cuda", {"cpu"}, "no CUDAExecutionProvider; the processor is used instead"),
        ("cuda", {"cpu", "cuda"}, "heatline supervisor build tiny --precision fp16"),
    ],
)
def test_what_was_asked_for_and_cannot_be_had_is_said(bundle, asked, available, warning):
    choice = choose(bundle, asked, lambda: available)
    assert (choice.bundle, choice.device) == (bundle, "cpu")
    assert warning in choice.warning


def test_a_build_of_other_weights_is_not_chosen(bundle, half, tmp_path):
    SupervisorStore(bundle.parent).build(NAME, tiny_gguf(tmp_path, seed=1), 2)
    choice = choose(bundle, "auto", lambda: {"cpu", "cuda"})
    assert (choice.device, choice.why) == ("cpu", "the fp16 build of tiny is of other weights")


def test_an_unknown_device_is_refused(bundle):
    with pytest.raises(SupervisorError, match="Unknown device 'gpu'"):
        choose(bundle, "gpu")


def test_without_a_build_for_cards_onnxruntime_is_not_asked(bundle):
    def asked():
        raise AssertionError

    assert choose(bundle, "auto", asked).device == "cpu"


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_card_that_fails_is_given_up_in_one_line(bundle, half, monkeypatch, caplog):
    choice = choose(bundle, "cuda", lambda: {"cpu", "cuda"})
    with caplog.at_level(logging.WARNING):
        session = opening.open_supervisor(bundle, 1, "cuda", choice)
    assert (session.device, session.card.precision) == ("cpu", "int8")
    assert len(caplog.messages) == 1
    assert caplog.messages[0] == session.warning
    assert session.warning.endswith("The processor is used instead.")


def test_a_device_that_gives_no_numbers_is_given_up(bundle, half, monkeypatch):
    session = SupervisorSession(half, threads=1)
    monkeypatch.setattr(session, "run", lambda ids, cache: np.full((2, 64), np.nan, np.float32))
    with pytest.raises(DeviceError, match="no numbers"):
        session._try_out()


@pytest.fixture
def on_a_card(bundle, half, tmp_path, monkeypatch):
    """A machine whose card is the processor in disguise; returns whether it works, to be changed."""
    works = {"card": True}

    def session(folder, threads, device, why="", warning=""):
        if device == "cuda" and not works["card"]:
            raise DeviceError("The card is broken.")
        return SupervisorSession(folder, threads, "cpu", why, warning)

    monkeypatch.setattr(devices, "available_devices", lambda: ["cpu", "cuda"])
    monkeypatch.setattr(choose, "__defaults__", ("auto", lambda: ["cpu", "cuda"]))
    monkeypatch.setattr(opening, "SupervisorSession", session)
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(bundle.parent))
    monkeypatch.setenv("HEATLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEATLINE_PROBE", str(tiny_probe(bundle)))
    return works


def test_a_probe_of_the_int8_build_scores_with_it(on_a_card):
    with heatline.load(NAME, threads=1) as scorer:
        risks = [line.risk for line in scorer.score(CODE, "python").lines]
        assert scorer.engine.session.card.precision == "fp16"
    with heatline.load(NAME, threads=1, device="cpu") as scorer:
        usual = [line.risk for line in scorer.score(CODE, "python").lines]
        assert scorer.engine.is_open  # not from what the other build left in the cache
    assert risks != usual
    assert np.allclose(risks, usual, atol=0.05)


def test_what_a_card_scored_is_found_again_without_the_model(on_a_card):
    scored = []
    for _ in range(2):
        with heatline.load(NAME, threads=1) as scorer:
            scored.append([line.risk for line in scorer.score(CODE, "python").lines])
            opened = scorer.engine.is_open
    assert scored[0] == scored[1]
    assert not opened


def test_after_a_card_failed_the_cache_holds_the_processors_numbers_under_its_own_name(on_a_card):
    on_a_card["card"] = False
    with heatline.load(NAME, threads=1) as scorer:
        risks = [line.risk for line in scorer.score(CODE, "python").lines]
        assert scorer.engine.session.warning == "The card is broken. The processor is used instead."
    with heatline.load(NAME, threads=1, device="cpu") as scorer:
        assert [line.risk for line in scorer.score(CODE, "python").lines] == risks
        assert not scorer.engine.is_open
