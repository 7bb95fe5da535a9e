"""Probes of several depths and poolings on prose: read once, fitted on code, judged by their own pooling."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

import torch
from typer.testing import CliRunner

from heatline_probes.cli import app
from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation import transfer_depths
from heatline_probes.evaluation.transfer import MarkedAnswer
from heatline_probes.training.fit import FitSettings, SpanModel
from heatline_probes.training.labels import labelled_sample
from tests.tiny import LAYERS, tiny_gguf
from tests.unit.training.own_programs import QUOTAS

pytestmark = pytest.mark.probes

ANSWERS = [
    MarkedAnswer(f"Question {i}?", "It is so. It has 9 lives.\nIt is old!", ((10, 25),) if i % 3 else ())
    for i in range(30)
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder, weights."""
    folder = tmp_path_factory.mktemp("depths")
    return folder / "kept", tiny_gguf(folder)


@pytest.fixture(scope="module")
def sample(corpora):
    """A few labelled programs."""
    return labelled_sample(corpora, {}, QUOTAS)


def read(depth, made, corpora, sample):
    folder, weights = made
    return transfer_depths.read_depth(depth, weights, "tiny", corpora, sample, ANSWERS, folder, threads=1)


def test_every_depth_has_its_own_states(made, corpora, sample):
    """The last has all layers; the same answers and programs are read at each."""
    middle, last = read("middle", made, corpora, sample), read("last", made, corpora, sample)
    assert (middle.layers, last.layers) == (round(LAYERS / 2), LAYERS)
    assert len(middle.answers) == len(last.answers) == len(ANSWERS)
    assert not np.allclose(middle.answers[0].states, last.answers[0].states, atol=1e-2)


def test_nothing_is_read_twice(made, corpora, sample, monkeypatch):
    """States of code and of answers are kept."""
    first = read("middle", made, corpora, sample)
    monkeypatch.setattr(
        "heatline_probes.evaluation.transfer.read_answer", lambda *args: pytest.fail("read again")
    )
    monkeypatch.setattr(
        "heatline_probes.training.store.embed_program", lambda *args: pytest.fail("embedded again")
    )
    assert torch.equal(read("middle", made, corpora, sample).states.values, first.states.values)


def test_a_span_is_pooled_from_its_own_tokens(made, corpora, sample):
    """Another end of the answer changes the whole's logit, and not that of the first sentence."""
    data = read("middle", made, corpora, sample)
    torch.manual_seed(0)
    model = SpanModel(data.states.values.shape[1], FitSettings(features=8)).eval()
    one = data.answers[0]
    states = one.states.copy()
    states[-1] *= -3
    other = replace(data, answers=[replace(one, states=states)])
    for level, same in (("answer", False), ("sentence", True)):
        before = transfer_depths.judge_answers(replace(data, answers=[one]), model, level).logit["own"][0]
        after = transfer_depths.judge_answers(other, model, level).logit["own"][0]
        assert bool(before == pytest.approx(after)) is same


def test_each_pooling_is_fitted_and_shown(made, corpora, sample):
    """A row for each, with what it knows of code and of prose."""
    data = read("middle", made, corpora, sample)
    found = transfer_depths.measure_depth(data, epochs=1, resamples=20)
    assert set(found) == {"max", "mean", "attention"}
    assert found["mean"]["answer"]["spans"] == len(ANSWERS)
    assert found["mean"]["answer"]["kept"] == pytest.approx(1 / 3, abs=0.001)
    assert found["max"]["code_line"]["spans"] > 0
    table = transfer_depths.depths_table({"middle": {"layers": data.layers, "poolings": found}})
    assert len(table.splitlines()) == 2 + 3


def test_an_unknown_depth_is_refused_before_anything_is_read(tmp_path):
    """With the known ones."""
    with pytest.raises(EvaluationError, match="quarter, middle"):
        CliRunner().invoke(
            app, ["transfer-depths", str(tmp_path / "none.gguf"), "--depth", "half"], catch_exceptions=False
        )
