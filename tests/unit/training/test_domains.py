"""Learning from git histories beside benchmarks: rows become labels, and all four ways are measured on both."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

import pyarrow as pa
import pyarrow.parquet as pq
from typer.testing import CliRunner

from heatline.cli.app import app as heatline_app
from heatline.history.written_lines import Fate
from heatline.probe import ProbeCard
from heatline.probe.span_probe import gelu
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.cli.history import written_earlier
from heatline_probes.corpus.from_git import ROW_SCHEMA, TEXT_SCHEMA
from heatline_probes.errors import CorpusError, EvaluationError, TrainingError
from heatline_probes.evaluation.effort import effort
from heatline_probes.evaluation.results import write_card_history
from heatline_probes.training import domain_runs
from heatline_probes.training.ablation_study import weighed_study
from heatline_probes.training.ablations import VARIANTS, Variant, held_out, study_split
from heatline_probes.training.domain_page import domain_page
from heatline_probes.training.domain_runs import compare_ways, probe_logits, read_domains
from heatline_probes.training.domains import WAYS
from heatline_probes.training.fit import FitSettings
from heatline_probes.training.history_rows import (
    balanced,
    card_of,
    earlier_commits,
    label_history,
    read_history_rows,
)
from heatline_probes.training.labels import labelled_sample
from heatline_probes.training.store import EmbeddingStore, Source
from heatline_probes.training.train import TrainingPlan, train_probe
from tests.tiny import tiny_supervisor
from tests.unit.training.own_programs import QUOTAS

pytestmark = pytest.mark.probes

FIXED_TEXT = "def f{i}(a):\n    b = a - {i}\n    return b\n"
KEPT_TEXT = "def g{i}(a):\n    b = a + {i}\n    return b\n"


def _collected(folder, repositories=6, scopes=8):
    """Half the scopes have a line that was fixed: the one that subtracts."""
    for r in range(repositories):
        rows, texts = [], []
        for i in range(scopes):
            fixed = i % 2 == 0
            text = (FIXED_TEXT if fixed else KEPT_TEXT).replace("{i}", str(100 * r + i))
            sha = f"{r:02}{i:02}" * 8
            fates = [int(Fate.KEPT), int(Fate.FIXED if fixed else Fate.EDITED), int(Fate.CENSORED)]
            values = {
                "repository": f"own/r{r}", "licence": "MIT", "commit": "c", "time": 0, "path": "a.py",
                "language": "python", "assistant": "someone", "scope": "f", "kind": "function", "start": 0,
                "end": len(text), "text_sha": sha, "lines": [0, 1, 2], "fates": fates, "ages": [100.0] * 3,
                "alive": [True] * 3, "later_commits": [1] * 3,
            }  # fmt: skip
            rows.append(values)
            texts.append({"text_sha": sha, "text": text, "context": "import os"})
        for kind, schema, table in (("rows", ROW_SCHEMA, rows), ("texts", TEXT_SCHEMA, texts)):
            (folder / kind).mkdir(exist_ok=True, parents=True)
            pq.write_table(pa.Table.from_pylist(table, schema=schema), folder / kind / f"own+r{r}.parquet")
    card = {"horizon_days": 90.0, "repositories": [{}] * repositories, "lines": 99, "fates": {"fixed": 24}}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    return _collected(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_supervisor(tmp_path_factory.mktemp("tiny"))


def test_only_lines_whose_fate_is_known_weigh_anything(collected, bundle, tmp_path):
    """Young lines, lines that nobody followed and all tokens have no weight; a fixed line is an edited one."""
    written = read_history_rows(collected, collected)
    session = SupervisorSession(bundle, 1)
    store = EmbeddingStore(tmp_path, session.card.bundle_hash)
    sources = [w.source for w in written]
    store.fill(sources, SequenceRunner(session), lambda done, total: None)
    examples = label_history(written, store.read(sources)[1])
    line, token = examples.levels["line"], examples.levels["token"]
    numbers = examples.table["line"].to_numpy()[line.firsts]
    assert (line.weight == np.where(numbers < 2, 1.0, 0.0)).all()
    fixed = np.asarray([not w.program.passes for w in written])[line.program]
    assert (line.kept == ~(fixed & (numbers == 1))).all()
    assert not token.weight.any()
    assert (examples.levels["scope"].kept == np.asarray([w.program.passes for w in written])).all()


def test_the_context_of_a_row_is_part_of_what_is_embedded():
    keys = {Source("x = 1", "python", context).key for context in (None, "", "import os")}
    assert len(keys) == 3


def test_a_seeded_choice_bounds_every_repository(collected):
    written = read_history_rows(collected, collected, most=3)
    counts = np.unique([w.program.dataset for w in written], return_counts=True)[1]
    assert (counts == 3).all()
    assert written == read_history_rows(collected, collected, most=3)


def test_missing_rows_are_said_in_a_sentence(tmp_path):
    with pytest.raises(CorpusError, match="corpus from-git"):
        read_history_rows(tmp_path, tmp_path)


def test_folds_of_both_domains_hold_whole_repositories_and_problems(collected, bundle, corpora, tmp_path):
    sample = labelled_sample(corpora, {}, QUOTAS, background=2)
    written = read_history_rows(collected, collected)
    domains = read_domains(bundle, corpora, sample, written, tmp_path, 0, 1)
    group, fold = domains.examples.group, domains.fold
    assert all(len(set(fold[group == g])) == 1 for g in set(group))
    assert set(fold[domains.history]) == set(range(5))
    assert (fold == -1).sum() == 2


def test_all_four_ways_are_measured_on_both_domains(collected, bundle, corpora, tmp_path, monkeypatch):
    sample = labelled_sample(corpora, {}, QUOTAS)
    written = read_history_rows(collected, collected)
    settings = FitSettings(features=8, scope_features=8, epochs=25, patience=25, batch_tokens=400)
    plan = TrainingPlan("own", "tiny", measure=False, settings=settings)
    probe = train_probe(plan, bundle, corpora, sample, tmp_path, 1)
    found = compare_ways(bundle, corpora, sample, written, tmp_path, settings, 1, 1, shipped=probe)
    assert list(found["ways"]) == list(WAYS)
    own = {way: f["history"]["probe"]["auc"]["value"] for way, f in found["ways"].items()}
    assert own["history only"] > 0.9
    assert found["ways"]["benchmarks only"]["benchmarks"]["auc"]["value"] > 0.9
    random = found["ways"]["benchmarks only"]["history"]["random"]["auc"]
    assert (
        random["low"] < 0.5 < random["high"]
    )  # what knows nothing ranks no better, and no worse, than chance
    assert found["shipped"]["threshold"] == probe.threshold
    assert 0 <= found["shipped"]["recall_flagged"]["value"] <= 1
    with monkeypatch.context() as patched:
        patched.setattr(domain_runs, "hold_out_both", lambda *_: pytest.fail("it was fitted again"))
        stale = {**found, "shipped": None}
        again = compare_ways(
            bundle, corpora, sample, written, tmp_path, settings, 1, 1, shipped=probe, earlier=stale
        )
    assert again == found
    described = {**found, "supervisor": "tiny", "command": "none", "card": card_of(collected)}
    probe.save(tmp_path / "probes")
    card = write_card_history(tmp_path / "probes" / "own.json", described)
    history = ProbeCard.read(card).metrics["history"]
    assert history["repositories"] == 2
    assert history["line"]["probe"]["auc"]["value"] == round(found["shipped"]["auc"]["value"], 3)
    assert "random" in history["line"]
    shown = CliRunner().invoke(heatline_app, ["probe", "info", str(card), "--supervisor", "tiny"])
    assert "in 2 repositories it flags" in " ".join(shown.output.split())
    with pytest.raises(EvaluationError, match="the probe of tiny"):
        write_card_history(card, {**described, "supervisor": "other"})
    page = domain_page(described)
    assert page.count("benchmarks, then history") == 2
    assert "often changed files first" in page
    assert "has learned from no repository" in page


def test_what_was_written_earlier_is_that_of_the_same_options(tmp_path):
    """Wherever its page went; other options, and no figures at all, are refused in one sentence."""
    path, command = tmp_path / "earlier.json", "heatline-probes history a b --out {} --share 0.5"
    path.write_text(json.dumps({"command": command.format("x.md"), "ways": {}}))
    assert written_earlier(path, command.format("y.md"))["ways"] == {}
    with pytest.raises(TrainingError, match="other options"):
        written_earlier(path, command.format("y.md") + " --seed 1")
    path.write_text("[]")
    with pytest.raises(TrainingError, match="can't be read"):
        written_earlier(path, command)


def test_a_probes_own_numbers_are_those_that_serving_gives(collected, bundle, corpora, tmp_path):
    """The logits of repositories' lines come from the probe as it is loaded, whatever is fitted beside it."""
    sample = labelled_sample(corpora, {}, QUOTAS)
    settings = FitSettings(features=8, scope_features=8, epochs=2)
    probe = train_probe(
        TrainingPlan("own", "tiny", measure=False, settings=settings), bundle, corpora, sample, tmp_path, 1
    )
    domains = read_domains(bundle, corpora, sample, read_history_rows(collected, collected), tmp_path, 0, 1)
    logits = probe_logits(probe, domains)
    lines = domains.examples.levels["line"]
    last = int(np.flatnonzero(domains.history[lines.program])[-1])
    scopes = domains.examples.levels["scope"]
    first = int(scopes.firsts[scopes.firsts <= lines.firsts[last]][-1])
    hidden = domains.hidden[domains.examples.rows[first:]].astype(np.float32)
    own = gelu(hidden @ probe.projection + probe.projection_bias)
    features = probe.in_scope(own)[lines.firsts[last] - first :]
    np.testing.assert_allclose(
        logits["line"][last], probe.logits(features.max(0, keepdims=True))[0], rtol=1e-4
    )
    assert not np.isfinite(logits["line"][~domains.history[lines.program]]).any()


def test_balanced_histories_have_the_odds_of_the_other_programs(collected, bundle, corpora, tmp_path):
    sample = labelled_sample(corpora, {}, QUOTAS)
    domains = read_domains(bundle, corpora, sample, read_history_rows(collected, collected), tmp_path, 0, 1)
    examples = balanced(domains.examples)
    for name in ("line", "scope"):
        level, before = examples.levels[name], domains.examples.levels[name]
        history = domains.history[level.program]
        shares = [np.average(level.kept[part], weights=level.weight[part]) for part in (history, ~history)]
        assert shares[0] == pytest.approx(shares[1])
        assert np.array_equal(level.weight[~history], before.weight[~history])
        fixed = history & ~level.kept
        assert np.array_equal(level.weight[fixed], before.weight[fixed])
    assert not examples.levels["token"].weight[domains.history[examples.levels["token"].program]].any()


def test_a_probe_learns_from_histories_and_is_not_tested_on_them(collected, bundle, corpora, tmp_path):
    sample = labelled_sample(corpora, {}, QUOTAS, background=2)
    written = read_history_rows(collected, collected)
    settings = FitSettings(features=8, scope_features=8, epochs=25, patience=25, batch_tokens=400)
    plan = TrainingPlan("own", "tiny", measure=False, settings=settings)
    kept = []
    probe = train_probe(plan, bundle, corpora, sample, tmp_path, 1, keep=kept.append, written=written)
    tested = np.isfinite(kept[0].levels["line"].logit)
    datasets = kept[0].programs.dataset[kept[0].levels["line"].program]
    assert tested.any()
    assert not tested[np.char.startswith(datasets, "own/")].any()
    assert probe.card.corpus["history"] == {"repositories": 6, "scopes": 48, "with_a_fixed_line": 24}
    assert probe.card.corpus["programs"] == len(sample.programs)
    domains = read_domains(bundle, corpora, sample, written, tmp_path, 0, 1)
    logits, level = probe_logits(probe, domains)["line"], domains.examples.levels["line"]
    known = np.isfinite(logits) & (level.weight > 0)
    assert logits[known & ~level.kept].mean() < logits[known & level.kept].mean()


def test_churn_counts_the_commits_that_came_before_to_the_same_file():
    rows = [
        {"path": "a.py", "commit": "one", "time": 1},
        {"path": "a.py", "commit": "one", "time": 1},
        {"path": "a.py", "commit": "two", "time": 5},
        {"path": "b.py", "commit": "two", "time": 5},
        {"path": "a.py", "commit": "three", "time": 9},
    ]
    assert earlier_commits(rows) == [0, 0, 1, 0, 2]


def test_effort_is_the_hand_computed_one():
    """Ten lines, two fixed, one of them the riskiest: a tenth of the lines catches half of them."""
    confidence = np.asarray([0.1, 0.9, 0.8, 0.7, 0.6, 0.95, 0.85, 0.75, 0.65, 0.99])
    kept = np.ones(10)
    kept[[0, 9]] = 0
    found = effort(confidence, kept, np.zeros(10, np.int64), threshold=0.35, resamples=20)
    assert found["recall_10"].value == pytest.approx(0.5)
    assert found["lift_10"].value == pytest.approx(5.0)
    assert found["auc"].value == pytest.approx(0.5)
    assert found["flagged"].value == pytest.approx(0.3)
    assert found["false_alarms"].value == pytest.approx(20.0)
    assert found["recall_flagged"].value == pytest.approx(0.5)
    assert np.isnan(found["auc_within"].value)


def test_histories_are_an_ablation_that_is_tested_on_the_same_benchmark_lines(
    collected, bundle, corpora, tmp_path
):
    sample = labelled_sample(corpora, {}, QUOTAS, background=2)
    written = read_history_rows(collected, collected)
    study = weighed_study(bundle, corpora, sample, tmp_path, 1, written=written)
    alone = weighed_study(bundle, corpora, sample, tmp_path, 1)
    split = study_split(study, "by_problem", 5, 2, 0)
    count = len(sample.programs)
    assert (split.fold[count:] == -1).all()
    assert np.array_equal(split.fold[:count], study_split(alone, "by_problem", 5, 2, 0).fold)
    variant = next(v for v in VARIANTS if v.name == "histories")
    assert variant.weights(study)[count:].all()
    assert not Variant("base", "").weights(study)[count:].any()
    quick = {"settings": FitSettings(features=8, scope_features=8, epochs=2)}
    logits = [
        held_out(study, replace(v, **quick), split, "by_problem", 0).levels["line"].logit
        for v in (variant, Variant("base", ""))
    ]
    assert np.array_equal(np.isfinite(logits[0]), np.isfinite(logits[1]))
    assert not np.array_equal(logits[0], logits[1], equal_nan=True)
