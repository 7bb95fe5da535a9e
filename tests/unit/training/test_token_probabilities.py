"""The supervisor's own token probability: read once, laid out as for a probe, and measured on a probe's spans."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("transformers", reason="needs the probes extra")
pytest.importorskip("accelerate", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

import copy
from dataclasses import replace

import torch

from heatline.probe import ProbeCard
from heatline.scoring.layout import SEQUENCE, Sequence
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore
from heatline_probes.errors import CorpusError, EvaluationError
from heatline_probes.evaluation.protocol import EvaluationSettings, evaluate_run
from heatline_probes.evaluation.results import same_spans, write_card_baselines
from heatline_probes.evaluation.token_probability_page import token_probability_page
from heatline_probes.training.fit import FitSettings
from heatline_probes.training.labels import labelled_sample
from heatline_probes.training.store import Source, token_tables
from heatline_probes.training.supervisor_model import SupervisorModel
from heatline_probes.training.token_probabilities import (
    TokenProbabilities,
    log_probabilities,
    read_sample,
    sources_of,
    without_probe,
)
from heatline_probes.training.train import TrainingPlan, train_probe
from tests.tiny import tiny_gguf
from tests.unit.training.own_programs import QUOTAS

pytestmark = pytest.mark.probes

PROTOCOLS = ("by_problem",)
QUICK = EvaluationSettings(resamples=20)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, gguf):
    store = SupervisorStore(tmp_path_factory.mktemp("supervisors"))
    store.build("tiny", gguf, 1)
    return store.bundle("tiny")


@pytest.fixture(scope="module")
def session(bundle):
    return SupervisorSession(bundle, 1)


@pytest.fixture(scope="module")
def model(gguf):
    return SupervisorModel(gguf, None)


@pytest.fixture(scope="module")
def sample(corpora):
    return labelled_sample(corpora, {}, QUOTAS)


def test_each_token_is_judged_after_all_before_it_whatever_else_is_in_the_batch(gguf, model):
    from transformers import AutoModelForCausalLM

    whole = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    ids = [np.arange(3, 3 + length, dtype=np.int32) for length in (40, 7, 25)]
    scored = [39, 2, 10]
    found = log_probabilities(model, [Sequence(i, s) for i, s in zip(ids, scored, strict=True)])
    for own, count, values in zip(ids, scored, found, strict=True):
        row = torch.from_numpy(own.astype(np.int64))
        with torch.no_grad():
            expected = torch.log_softmax(whole(row[None]).logits[0], -1)[:-1].gather(1, row[1:, None])[:, 0]
        assert values == pytest.approx(expected[-count:].numpy(), abs=1e-4)


def test_a_scope_of_several_sequences_has_one_value_a_token(tmp_path, gguf, session, model):
    source = Source("def f(x):\n" + "    x = [x, 1, 2]\n" * 200)
    [(layout, table)] = token_tables(source, session.tokenizer, session.card.sink_token_id)
    assert len(layout.tokens.ids) > SEQUENCE
    store = TokenProbabilities(tmp_path, gguf, session)
    store.fill([source], lambda: model)
    values, tokens = store.read([source])
    assert len(values) == len(tokens) == len(table)
    assert (values < 0).all()


def test_what_was_read_is_not_read_again(tmp_path, gguf, session, model):
    sources = [Source(f"def f{i}():\n    return {i}\n") for i in range(4)]
    TokenProbabilities(tmp_path, gguf, session).fill(sources[:3], lambda: model)
    store = TokenProbabilities(tmp_path, gguf, session)
    with pytest.raises(CorpusError, match="Read the sample first"):
        store.read(sources)
    store.fill(sources, lambda: model)
    before = store.read(sources)[0]
    store.fill(sources, lambda: pytest.fail("the model was asked for"))
    alone = TokenProbabilities(tmp_path / "alone", gguf, session)
    alone.fill(sources, lambda: model)
    assert before == pytest.approx(alone.read(sources)[0], abs=1e-4)


def test_other_weights_are_refused(tmp_path, gguf, session):
    (tmp_path / "weights").mkdir()
    with pytest.raises(CorpusError, match="is not what tiny was made from"):
        TokenProbabilities(tmp_path, tiny_gguf(tmp_path / "weights", seed=1), session)
    TokenProbabilities(tmp_path, gguf, session)
    described = (tmp_path / "store.json").read_text()
    (tmp_path / "store.json").write_text(described.replace('"weights": "', '"weights": "0'))
    with pytest.raises(CorpusError, match="of other weights"):
        TokenProbabilities(tmp_path, gguf, session)
    with pytest.raises(CorpusError, match="Name a GGUF file"):
        TokenProbabilities(tmp_path, tmp_path / "nothing.gguf", session)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, bundle, corpora, sample):
    """A card, and the predictions that its figures are of."""
    folder, kept = tmp_path_factory.mktemp("probe"), []
    settings = FitSettings(features=8, scope_features=8, epochs=2)
    plan = TrainingPlan("own", "tiny", PROTOCOLS, resamples=20, settings=settings)
    probe = train_probe(plan, bundle, corpora, sample, folder / "states", 1, keep=kept.append)
    return probe.save(folder), kept, plan


@pytest.fixture(scope="module")
def measured(tmp_path_factory, gguf, session, model, corpora, sample, trained):
    store = TokenProbabilities(tmp_path_factory.mktemp("probabilities"), gguf, session)
    store.fill(sources_of(sample), lambda: model)
    examples, values = read_sample(store, corpora, sample)
    found = [without_probe(protocol, trained[2], sample, examples, values) for protocol in PROTOCOLS]
    return [evaluate_run(each, replace(QUICK, probe=False)).to_json() for each in found]


def test_baselines_are_those_that_stand_beside_the_probe(trained, measured):
    for predictions, apart in zip(trained[1], measured, strict=True):
        beside = evaluate_run(predictions, QUICK).to_json()
        for level, contenders in apart["levels"].items():
            assert "scaled" not in contenders
            assert "baseline_token_probability_lowest" in contenders
            common = set(contenders) & set(beside["levels"][level])
            assert "baseline_dataset_identity" in common
            for name in common:
                assert contenders[name] == beside["levels"][level][name]


def test_a_card_and_a_page_have_them_beside_the_probe(tmp_path, trained, measured):
    before = ProbeCard.read(trained[0])
    card = tmp_path / "card.json"
    card.write_text(trained[0].read_text())
    again = copy.deepcopy(measured)  # with a baseline that came out a little otherwise
    again[0]["levels"]["line"]["baseline_syntax_boosting"]["bss_pooled"]["value"] += 0.1
    metrics = ProbeCard.read(write_card_baselines(card, again)).metrics
    for protocol in PROTOCOLS:
        for level, contenders in before.metrics[protocol].items():
            added = metrics[protocol][level]
            assert set(added) - set(contenders) == {
                "baseline_token_probability_lowest",
                "baseline_token_probability_mean",
            }
            assert {name: added[name] for name in contenders} == contenders
    page = token_probability_page(before, measured, "heatline-probes …")
    assert "| **probe, scaled** |" in page
    assert "| token probability, lowest, per dataset |" in page


def test_figures_of_other_labels_are_kept_off_a_card(corpora, trained, measured):
    """By a skill of dataset identity that is off by more than other folds of scaling make of it, or by a protocol."""
    card = ProbeCard.read(trained[0])
    levels = measured[0]["levels"]["line"]

    def off_by(change):
        other = copy.deepcopy(levels["baseline_dataset_identity"])
        other["bss_pooled"]["value"] += change
        return {**measured[0], "levels": {"line": {**levels, "baseline_dataset_identity": other}}}

    same_spans(card, [off_by(0.003)])
    with pytest.raises(EvaluationError, match="other spans or labels"):
        same_spans(card, [off_by(0.02)])
    with pytest.raises(EvaluationError, match="other spans or labels"):
        same_spans(card, [{**measured[0], "protocol": "leave_one_language_out"}])
