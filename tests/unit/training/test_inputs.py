"""Other inputs than one layer's states: side by side, and through the logit lens."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("transformers", reason="needs the probes extra")
pytest.importorskip("accelerate", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

from dataclasses import replace

import torch
from typer.testing import CliRunner

from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore
from heatline_probes.cli import app
from heatline_probes.errors import TrainingError
from heatline_probes.training.ablation_study import weighed_study
from heatline_probes.training.ablations import BASE, VARIANTS, held_out, study_split
from heatline_probes.training.inputs import lens, side_by_side, token_ids
from heatline_probes.training.labels import labelled_sample
from heatline_probes.training.supervisor_model import SupervisorModel
from tests.tiny import HIDDEN, LAYERS
from tests.unit.training.own_programs import QUOTAS

pytestmark = pytest.mark.probes


@pytest.fixture(scope="module")
def store(tmp_path_factory, gguf):
    store = SupervisorStore(tmp_path_factory.mktemp("supervisors"))
    store.build("tiny", gguf, 1)
    return store


@pytest.fixture(scope="module")
def sample(corpora):
    return labelled_sample(corpora, {}, QUOTAS)


@pytest.fixture(scope="module")
def study(tmp_path_factory, corpora, store, sample, gguf):
    folder = tmp_path_factory.mktemp("states") / "tiny"
    return weighed_study(store.bundle("tiny"), corpora, sample, folder, threads=1, weights=gguf)


def test_the_lens_is_the_model_itself_where_no_layer_is_left_out(gguf):
    from transformers import AutoModelForCausalLM

    ids = torch.arange(5, 35)
    whole = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    model = SupervisorModel(gguf, LAYERS)
    with torch.no_grad():
        expected = torch.log_softmax(whole(ids[None]).logits[0], -1)
        hidden = model.decoder(ids[None]).last_hidden_state[0]
    normed = hidden / torch.sqrt((hidden**2).mean(1, keepdim=True) + 1e-5)
    found = lens(model, normed[:-1], ids[1:])
    assert torch.allclose(found[:, 0], -expected[:-1].gather(1, ids[1:, None])[:, 0], atol=1e-4)
    assert torch.allclose(found[:, 1], -(expected.exp() * expected).sum(1)[:-1], atol=1e-4)


def test_token_ids_are_those_that_were_embedded(study, store):
    session = SupervisorSession(store.bundle("tiny"), 1)
    ids = token_ids(study.examples, session.tokenizer, session.card.sink_token_id)
    table, programs = study.examples.table, study.examples.programs
    for number in range(0, len(ids), 37):
        row = table.iloc[number]
        text = programs[row["program"]].code[row["start"] : row["end"]]
        assert session.tokenizer.encode(text).ids.tolist() == [ids[number]]


def test_surprisal_adds_two_standardised_columns(study):
    found = study.states_of("surprisal")
    assert found.values.shape == (len(study.examples.table), HIDDEN + 2)
    added = found.values[:, -2:].float().numpy()
    assert np.isfinite(added).all()
    assert np.abs(added.mean(axis=0)).max() < 0.01
    assert np.abs(added.std(axis=0) - 1).max() < 0.02
    assert torch.equal(found.values[:, :HIDDEN], study.states.values)


def test_two_layers_stand_side_by_side(study):
    found = study.states_of("two-layers")
    assert found.values.shape == (len(study.examples.table), 2 * HIDDEN)
    assert torch.equal(found.values[:, :HIDDEN], study.states.values)
    assert not torch.equal(found.values[:, HIDDEN:], study.states.values)


@pytest.mark.parametrize("name", ["two-layers", "surprisal"])
def test_a_variant_is_fitted_on_its_own_inputs(study, name):
    variant = next(v for v in VARIANTS if v.name == name)
    quick = replace(variant, settings=replace(BASE, features=8, scope_features=8, epochs=2))
    split = study_split(study, "by_problem", 5, 1, 0)
    own = held_out(study, quick, split, "by_problem", 0).levels["line"].logit
    base = held_out(study, replace(quick, inputs=""), split, "by_problem", 0).levels["line"].logit
    assert np.isfinite(own).any()
    assert not np.array_equal(own, base, equal_nan=True)


def test_without_weights_a_variant_says_what_it_needs(study):
    with pytest.raises(TrainingError, match="--weights"):
        replace(study, inputs={}).states_of("surprisal")


def test_states_of_other_tokens_are_refused(study):
    with pytest.raises(TrainingError, match="other tokens"):
        side_by_side([np.zeros((3, 2), np.float16), np.zeros((4, 2), np.float16)], study.examples)


def test_unreadable_weights_are_one_sentence(tmp_path):
    (tmp_path / "broken.gguf").write_bytes(b"no model")
    with pytest.raises(TrainingError, match="can't be read"):
        SupervisorModel(tmp_path / "broken.gguf", 1)


def adapted(study, **changes):
    from heatline_probes.training.adapters import AdapterSettings, adapted_logits
    from heatline_probes.training.fit import fit_model, model_logits

    fit = replace(BASE, features=8, scope_features=8, epochs=2)
    split = study_split(study, "by_problem", 5, 1, 0)
    start, _, _ = fit_model(study.states, study.examples, split.training(0), fit)
    settings = AdapterSettings(layers=1, rank=2, **changes)
    live = study.live_states(AdapterSettings(layers=1))
    found = adapted_logits(live, study.examples, split.training(0), split.test(0), start, fit, settings)
    return found, model_logits(start, study.states, study.examples, split.test(0))


def test_adapters_that_learned_nothing_change_nothing_but_rounding(study):
    found, expected = adapted(study, learning_rate=0.0, probe_learning_rate=0.0)
    for level, logits in found.items():
        known = np.isfinite(expected[level])
        assert np.array_equal(known, np.isfinite(logits))
        assert np.corrcoef(logits[known], expected[level][known])[0, 1] > 0.98


def test_adapters_learn(study):
    found, expected = adapted(study, learning_rate=0.02, epochs=3)
    known = np.isfinite(expected["line"])
    assert np.abs(found["line"][known] - expected["line"][known]).mean() > 0.05


def test_every_program_is_in_one_batch_and_none_is_larger_than_asked_for(study):
    from heatline_probes.training.adapters import AdapterSettings

    live = study.live_states(AdapterSettings(layers=1))
    programs = list(live.slices)
    batches = list(live.batches(programs, 800, np.random.default_rng(0)))
    assert sorted(number for batch in batches for number in batch) == sorted(programs)
    for batch in batches:
        lengths = [len(s.ids) for number in batch for s in live.sequences[number]]
        assert len(batch) == 1 or len(lengths) * max(lengths) <= 800


@pytest.mark.parametrize(("name", "needed"), [("histories", "--history-texts"), ("surprisal", "--weights")])
def test_a_variant_whose_needs_are_not_met_is_refused_before_anything_is_fitted(
    tmp_path, monkeypatch, name, needed
):
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(tmp_path))
    result = CliRunner().invoke(app, ["ablations", "--out", str(tmp_path / "a.md"), "--variant", name])
    assert isinstance(result.exception, TrainingError)
    assert needed in str(result.exception)
