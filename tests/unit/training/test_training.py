"""Samples, labels, folds, fitting and the whole of training, on programs of our own and a tiny supervisor."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

import pandas as pd
import torch

import heatline
from heatline.probe import SpanProbe
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.corpus.programs import Corpora, Program
from heatline_probes.errors import CorpusError, TrainingError
from heatline_probes.evaluation.background import library_files
from heatline_probes.patches.labels import Edit, EditKind
from heatline_probes.patches.table import MinedPatch
from heatline_probes.training import labels
from heatline_probes.training import train as training
from heatline_probes.training.background import BACKGROUND, background_programs
from heatline_probes.training.examples import folds_by_group, label_examples
from heatline_probes.training.fit import (
    ByteDropout,
    FitSettings,
    fit_model,
    fit_probe,
    level_logits,
    standardise,
    validation_programs,
)
from heatline_probes.training.labels import labelled_sample, nearest_edits, with_weak
from heatline_probes.training.pooling import pool_spans
from heatline_probes.training.sample import sample_programs
from heatline_probes.training.store import EmbeddingStore, Source, Style, embed_program
from heatline_probes.training.train import TrainingPlan, shipped_calibrators, train_probe
from tests.tiny import tiny_supervisor
from tests.unit.evaluation.synthetic import synthetic
from tests.unit.training.own_programs import QUOTAS, program

pytestmark = pytest.mark.probes


@pytest.fixture(scope="module")
def every_failure(corpora):
    return {(p.problem_key, p.code_sha) for p in corpora.programs if not p.passes}


def test_a_sample_is_seeded_and_balanced_over_problems(corpora, every_failure):
    one, other = (sample_programs(corpora, every_failure, QUOTAS, seed=1) for _ in range(2))
    assert one == other
    assert one != sample_programs(corpora, every_failure, QUOTAS, seed=2)
    for passes in (True, False):
        counts = pd.Series([p.problem_key for p in one if p.passes == passes]).value_counts()
        assert counts.max() - counts.min() <= 1


def test_a_larger_sample_adds_to_a_smaller_one(corpora, every_failure):
    small = sample_programs(corpora, every_failure, {"set-a": 20})
    assert set(small) < set(sample_programs(corpora, every_failure, {"set-a": 40}))


def test_the_share_of_passing_programs_is_that_of_all_first_attempts(corpora, every_failure):
    """However few failing programs have labels: base rates must not depend on how far mining went."""
    few = set(sorted(every_failure)[:10])
    sample = sample_programs(corpora, few, QUOTAS)
    for dataset in QUOTAS:
        passes = [p.passes for p in sample if p.dataset == dataset]
        assert sum(passes) * 2 == len(passes) > 0
    assert {(p.problem_key, p.code_sha) for p in sample if not p.passes} <= few


def test_noncommercial_rows_and_repairs_are_left_out():
    rows = (
        program(1, True, "CC-BY-NC-4.0"),
        program(1, True, kind="repair_attempt", model="r"),
        program(3, True),
    )
    sample = sample_programs(Corpora(rows, {}, {}), set(), {"set-a": 9})
    assert [p.problem_key for p in sample] == ["p3"]


def test_folds_hold_whole_groups_and_are_balanced():
    group = np.asarray([f"g{i % 37}" for i in range(400)])
    folds = folds_by_group(group, 5, seed=0)
    assert all(len(set(folds[group == name])) == 1 for name in set(group))
    assert np.ptp(np.bincount(folds)) <= 12
    assert set(folds) == set(range(5))


def test_labels_of_levels_are_conjunctions(corpora):
    failing = program(1, passes=False, model="x")
    start = failing.code.index("-")
    tokens = pd.DataFrame(
        {"program": 0, "scope": [0, 0, 1, 1, 1], "line": [0, 0, 4, 4, 5], "start": [0, 3, start, start + 1, start + 5],
         "end": [3, 6, start + 1, start + 2, start + 9]}
    )  # fmt: skip
    edits = {(failing.problem_key, failing.code_sha): (Edit(start, start + 1, EditKind.REPLACED),)}
    examples = label_examples(corpora, [failing], tokens, edits)
    assert examples.levels["token"].kept.tolist() == [True, True, False, True, True]
    assert examples.levels["line"].kept.tolist() == [True, False, True]
    assert examples.levels["scope"].kept.tolist() == [True, False]


def test_failing_programs_without_a_patch_are_left_out(corpora):
    tokens = pd.DataFrame({"program": [0, 1], "scope": 0, "line": 0, "start": 0, "end": 3})
    sample = [program(1, passes=False), program(3, passes=True)]
    assert label_examples(corpora, sample, tokens, {}).table["program"].tolist() == [1]


def test_what_stops_a_fit_is_of_its_training_side_in_whole_groups(examined):
    """When to stop is decided without the test side, by problems that the fit does not learn from."""
    _, examples = examined
    training = folds_by_group(examples.group, 5, 0) != 0
    held = validation_programs(examples, training, seed=3)
    assert 0 < held.sum() < training.sum()
    assert not (held & ~training).any()
    assert not set(examples.group[held]) & set(examples.group[training & ~held])


def test_nearest_edits_name_what_differs(corpora):
    failing = program(5, passes=False, model="x")
    (edit,) = nearest_edits(corpora, [failing, program(5, passes=True)])[
        failing.problem_key, failing.code_sha
    ]
    assert failing.code[edit.start : edit.end] == "-"


def test_a_dataset_with_mined_patches_is_labelled_by_them_alone(corpora):
    mined = program(1, passes=False, model="x")
    patch = Edit(3, 4, EditKind.REPLACED)
    patches = {(mined.problem_key, mined.code_sha): mined_patch(mined, patch)}
    sample = labelled_sample(corpora, patches, QUOTAS)
    of_a = [p for p in sample.programs if p.dataset == "set-a" and not p.passes]
    assert of_a == [mined]
    assert sample.edits[mined.problem_key, mined.code_sha] == (patch,)
    assert sample.verified == set(patches)
    assert sum(p.dataset == "set-b" and not p.passes for p in sample.programs) > 1


def test_a_few_trial_patches_displace_no_programs(corpora, monkeypatch):
    """Below the share, a dataset is labelled as if nothing had been mined; the patch itself still counts."""
    mined = program(1, passes=False, model="x")
    patch = Edit(3, 4, EditKind.REPLACED)
    patches = {(mined.problem_key, mined.code_sha): mined_patch(mined, patch)}
    monkeypatch.setattr(labels, "MINED_SHARE", 0.5)
    sample = labelled_sample(corpora, patches, QUOTAS)
    assert [p.code_sha for p in sample.programs] == [
        p.code_sha for p in labelled_sample(corpora, {}, QUOTAS).programs
    ]
    assert sample.edits.get((mined.problem_key, mined.code_sha), (patch,)) == (patch,)


def test_background_code_is_never_what_is_measured_on():
    background = background_programs(20, seed=3)
    assert all(p.dataset == BACKGROUND and p.passes and p.code.endswith("\n") for p in background)
    measured = {path.read_text(encoding="utf-8", errors="replace") for path in library_files()}
    assert not any(text.startswith(p.code) for p in background for text in measured)


def test_background_code_is_never_tested_and_always_learned_from(corpora):
    sample = labelled_sample(corpora, {}, QUOTAS, background=3)
    group = np.asarray([corpora.groups.get(p.problem_key, p.problem_key) for p in sample.programs])
    human = np.asarray([p.dataset == BACKGROUND for p in sample.programs])
    for protocol in ("by_problem", "leave_one_dataset_out"):
        split = training.tested_split(protocol, sample, group, TrainingPlan("n", "s"))
        assert len(split.names) == len(np.unique(split.fold[~human]))
        for fold in range(len(split.names)):
            assert split.training(fold)[human].all()
            assert not split.test(fold)[human].any()


def mined_patch(failing: Program, edit: Edit) -> MinedPatch:
    anything = {str: "", bool: True, int: 1, float: 1.0}
    values = {f.name: anything.get(f.type) for f in fields(MinedPatch)}
    named = {n: getattr(failing, n) for n in ("code_sha", "dataset", "problem_key", "model")}
    return MinedPatch(**{**values, **named, "edits": (edit,)})


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return SupervisorSession(tiny_supervisor(tmp_path_factory.mktemp("training")), threads=1)


def test_embedding_goes_on_where_it_was_stopped(tmp_path, corpora, session):
    sources = [Source(p.code) for p in corpora.programs[:130]]
    store = EmbeddingStore(tmp_path / "e", session.card.bundle_hash)

    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.fill(sources, SequenceRunner(session), stop)
    assert store.missing(sources) == 30
    with pytest.raises(CorpusError, match="30 programs are not in"):
        store.read(sources)
    store.fill(sources, SequenceRunner(session), lambda done, total: None)
    states, tokens = store.read(sources)
    assert len(states) == len(tokens)
    assert tokens["program"].nunique() == 130
    with pytest.raises(CorpusError, match="another bundle"):
        EmbeddingStore(tmp_path / "e", session.card.bundle_hash, Style.SHIFTED)


def test_a_store_gives_programs_in_the_order_asked_for(tmp_path, corpora, session):
    sources = [Source(p.code) for p in corpora.programs[:7]]
    store = EmbeddingStore(tmp_path / "e", session.card.bundle_hash)
    store.fill(sources, SequenceRunner(session), lambda done, total: None)
    asked = [sources[4], sources[1], sources[4]]
    states, tokens = store.read(asked)
    for number, source in enumerate(asked):
        expected = [hidden for hidden, _ in embed_program(source, SequenceRunner(session))]
        assert np.array_equal(states[tokens["program"] == number], np.concatenate(expected))


def test_a_shifted_state_is_that_of_the_token_before(session):
    source, runner = Source("def f(a):\n    return a\n"), SequenceRunner(session)
    (own, _), (shifted, _) = (
        next(embed_program(source, runner, style)) for style in (Style.OWN, Style.SHIFTED)
    )
    assert np.array_equal(shifted[1:], own[:-1])
    assert not np.array_equal(shifted[0], own[0])


@pytest.mark.parametrize("pooling", ["max", "mean", "attention"])
def test_poolings_are_the_hand_computed_ones(pooling):
    features = torch.tensor([[1.0, 0.0, 4.0, 0.0], [3.0, 2.0, 0.0, 8.0], [5.0, 6.0, 7.0, 8.0]])
    attention = torch.nn.Linear(4, 2)
    with torch.no_grad():  # the second head looks at the last feature alone, the first at nothing
        attention.weight.zero_()
        attention.bias.zero_()
        attention.weight[1, 3] = np.log(3) / 8
    pooled = pool_spans(features, torch.tensor([2, 1]), pooling, attention)
    first = {
        "max": [3.0, 2.0, 4.0, 8.0], "mean": [2.0, 1.0, 2.0, 4.0], "attention": [2.0, 1.0, 1.0, 6.0],
    }[pooling]  # fmt: skip
    assert pooled[0].tolist() == pytest.approx(first)
    assert pooled[1].tolist() == pytest.approx([5.0, 6.0, 7.0, 8.0])


@pytest.fixture
def examined(tmp_path, corpora, session):
    """Hidden states of the made programs, and their labels."""
    sample = labelled_sample(corpora, {}, QUOTAS)
    sources = [Source(p.code) for p in sample.programs]
    store = EmbeddingStore(tmp_path / "e", session.card.bundle_hash)
    store.fill(sources, SequenceRunner(session), lambda done, total: None)
    hidden, tokens = store.read(sources)
    return hidden, label_examples(corpora, sample.programs, tokens, sample.edits)


@pytest.mark.parametrize("scope_features", [0, 6])
def test_an_averaged_probe_gives_the_mean_of_its_members_logits(scope_features, examined):
    """Side by side in one probe, with features of their own, they say together what they say apart."""
    hidden, examples = examined
    settings = FitSettings(features=8, scope_features=scope_features, epochs=2, batch_tokens=400, members=3)
    everything, states = np.ones(len(examples.programs), bool), standardise(hidden, examples.rows)
    together = fit_probe(states, examples, everything, settings, epochs=(2, 1, 2))
    apart = [
        fit_probe(states, examples, everything, replace(settings, members=1, seed=seed), epochs=(epochs,))
        for seed, epochs in ((0, 2), (1, 1), (2, 2))
    ]
    assert together.epochs == (2, 1, 2)
    logits = [level_logits(fitted, hidden, examples, everything) for fitted in (together, *apart)]
    for level in examples.levels:
        first, *others = (found[level] for found in logits)
        assert first == pytest.approx(np.mean(others, axis=0), abs=1e-4)
        assert not np.allclose(others[0], others[1])


def test_a_probe_of_no_fits_is_refused():
    with pytest.raises(TrainingError, match="at least one fit"):
        FitSettings(members=0)


def test_dropout_drops_the_share_that_is_asked_for_and_keeps_the_mean():
    """Every byte of a random word decides alike, and nothing is dropped outside training."""
    torch.manual_seed(0)
    layer, ones = ByteDropout(0.4), torch.ones(1000, 80)
    found = layer(ones)
    assert [(found.flatten()[i::8] == 0).float().mean().item() for i in range(8)] == pytest.approx(
        [0.4] * 8, abs=0.02
    )
    assert found.mean().item() == pytest.approx(1, abs=0.01)
    assert found.unique().tolist() == pytest.approx([0, 256 / 154])
    assert layer.eval()(ones) is ones


@pytest.mark.parametrize(
    "settings", [{"loss": "bce"}, {"loss": "focal", "pooling": "mean"}, {"pooling": "attention"}]
)
def test_every_loss_and_pooling_of_the_grid_learns(settings, examined):
    hidden, examples = examined
    states, everything = standardise(hidden, examples.rows), np.ones(len(examples.programs), bool)
    losses = [
        fit_model(
            states, examples, everything, FitSettings(features=8, epochs=epochs, batch_tokens=400, **settings)
        )[2]
        for epochs in (1, 12)
    ]
    assert losses[1] < 0.9 * losses[0]


def test_weak_programs_are_learned_from_and_never_tested(tmp_path, corpora):
    """Nothing is known of their lines: a fit with them differs, what is measured is of the same programs."""
    bundle = tiny_supervisor(tmp_path)
    sample = labelled_sample(corpora, {}, {"set-a": 40})
    weak = with_weak(corpora, sample, 0.2)
    assert weak.weak
    settings = FitSettings(features=4, epochs=2, batch_tokens=400)
    plan = TrainingPlan("weak", "tiny", measure=False, settings=settings, folds=2)
    kept = []
    for each in (sample, weak):
        train_probe(plan, bundle, corpora, each, tmp_path / "e", threads=1, keep=kept.append)
    measured = [found.levels["line"].program[np.isfinite(found.levels["line"].logit)] for found in kept]
    assert {kept[1].programs.sha[i] for i in measured[1]} <= {p.code_sha for p in sample.programs}
    assert not np.array_equal(
        kept[0].levels["line"].logit,
        kept[1].levels["line"].logit[: len(kept[0].levels["line"].logit)],
        equal_nan=True,
    )


def test_shipped_calibrators_are_those_of_datasets_left_out():
    """Where they were measured; the order of the protocols does not matter."""
    known, unseen = synthetic(60), synthetic(60, protocol="leave_one_dataset_out", skill=0.5)
    source, found = shipped_calibrators([known, unseen])
    assert source == "leave_one_dataset_out"
    assert found == shipped_calibrators([unseen, known])[1] != shipped_calibrators([known])[1]
    assert shipped_calibrators([known])[0] == "by_problem"


def test_held_out_spans_of_one_outcome_are_refused():
    known = synthetic(60)
    lines = replace(known.levels["line"], kept=np.ones_like(known.levels["line"].kept))
    with pytest.raises(TrainingError, match="level line had one outcome"):
        shipped_calibrators([replace(known, levels={**known.levels, "line": lines})])


def test_training_finds_a_planted_signal_and_its_probe_serves(tmp_path, corpora, monkeypatch):
    """Failing programs differ in one token the supervisor can see: held-out AUC must be near one."""
    bundle = tiny_supervisor(tmp_path)
    sample = labelled_sample(corpora, {}, QUOTAS)
    settings = FitSettings(features=8, scope_features=8, epochs=25, patience=25, batch_tokens=400, members=2)
    plan = TrainingPlan("planted", "tiny", resamples=20, settings=settings)
    kept = []
    probe = train_probe(plan, bundle, corpora, sample, tmp_path / "e", threads=1, keep=kept.append)
    (held_out,) = kept
    metrics = probe.card.metrics["by_problem"]
    assert metrics["token"]["scaled"]["auc"]["value"] > 0.95
    assert held_out.programs.passes.sum() * 2 == len(held_out.programs)
    card = probe.save(tmp_path / "probes")
    assert SpanProbe.load(card).card.corpus["programs"] == len(sample.programs)
    json.loads(card.read_text(), parse_constant=lambda name: pytest.fail(f"the card holds {name}"))
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(bundle.parent))
    with heatline.load("tiny", str(card), threads=1, cache=False) as scorer:
        scored = scorer.score(program(77, passes=False).code, "python")
    assert max(scored.lines, key=lambda line: line.risk).line == 4
