"""Samples, labels, folds, fitting and the whole of training, on programs of our own and a tiny supervisor."""

import json

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

import pandas as pd

import heatline
from heatline.probe import SpanProbe
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.corpus.programs import Corpora, Program, code_sha
from heatline_probes.errors import CorpusError
from heatline_probes.patches.labels import Edit, EditKind
from heatline_probes.training.examples import folds_by_group, label_examples
from heatline_probes.training.fit import FitSettings
from heatline_probes.training.labels import nearest_edits
from heatline_probes.training.sample import sample_programs
from heatline_probes.training.store import EmbeddingStore, Source
from heatline_probes.training.train import TrainingPlan, train_probe
from tests.tiny import tiny_supervisor

pytestmark = pytest.mark.probes

GOOD = "import math\n\n\ndef f{i}(a, b):\n    total = a + b\n    return total * {i}\n"


def program(
    problem: int, passes: bool, licence: str = "MIT", kind: str = "solution", model: str = "m"
) -> Program:
    code = GOOD.replace("{i}", str(problem))
    if not passes:
        code = code.replace("a + b", "a - b")
    code += f"# {model}\n"
    return Program(
        code_sha(code), "set-a" if problem % 2 else "set-b", f"p{problem}", "python", model, kind, "own", licence,
        passes, "ran", code,
    )  # fmt: skip


@pytest.fixture(scope="module")
def corpora():
    programs = [
        program(i, passes, model=m) for i in range(40) for passes in (True, False) for m in ("x", "y")
    ]
    return Corpora(tuple(programs), {}, {f"p{i}": f"g{i // 2}" for i in range(40)})


QUOTAS = {"set-a": 60, "set-b": 60}


def test_a_sample_is_seeded_and_balanced_over_problems(corpora):
    one, other = (sample_programs(corpora, QUOTAS, seed=1) for _ in range(2))
    assert one == other
    assert one != sample_programs(corpora, QUOTAS, seed=2)
    counts = pd.Series([p.problem_key for p in one]).value_counts()
    assert counts.max() - counts.min() <= 1


def test_noncommercial_rows_and_repairs_are_left_out():
    rows = (
        program(1, True, "CC-BY-NC-4.0"),
        program(1, True, kind="repair_attempt", model="r"),
        program(3, True),
    )
    sample = sample_programs(Corpora(rows, {}, {}), {"set-a": 9})
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
    edits = {failing.code_sha: (Edit(start, start + 1, EditKind.REPLACED),)}
    examples = label_examples(corpora, [failing], tokens, edits)
    assert examples.levels["token"].kept.tolist() == [True, True, False, True, True]
    assert examples.levels["line"].kept.tolist() == [True, False, True]
    assert examples.levels["scope"].kept.tolist() == [True, False]


def test_failing_programs_without_a_patch_are_left_out(corpora):
    tokens = pd.DataFrame({"program": [0, 1], "scope": 0, "line": 0, "start": 0, "end": 3})
    sample = [program(1, passes=False), program(3, passes=True)]
    assert label_examples(corpora, sample, tokens, {}).table["program"].tolist() == [1]


def test_nearest_edits_name_what_differs(corpora):
    failing = program(5, passes=False, model="x")
    (edit,) = nearest_edits(corpora, [failing, program(5, passes=True)])[failing.code_sha]
    assert failing.code[edit.start : edit.end] == "-"


def test_embedding_goes_on_where_it_was_stopped(tmp_path, corpora):
    session = SupervisorSession(tiny_supervisor(tmp_path), threads=1)
    sources = [Source(p.code_sha, p.code) for p in corpora.programs[:130]]
    store = EmbeddingStore(tmp_path / "e", sources, session.card.bundle_hash)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.fill(SequenceRunner(session), stop)
    with pytest.raises(CorpusError, match="missing"):
        store.read()
    store.fill(SequenceRunner(session), lambda done, total: None)
    states, tokens = store.read()
    assert len(states) == len(tokens)
    assert tokens["program"].nunique() == 130
    with pytest.raises(CorpusError, match="another bundle"):
        EmbeddingStore(tmp_path / "e", sources[:5], session.card.bundle_hash)


def test_training_finds_a_planted_signal_and_its_probe_serves(tmp_path, corpora, monkeypatch):
    """Failing programs differ in one token the supervisor can see: held-out AUC must be near one."""
    bundle = tiny_supervisor(tmp_path)
    sample = sample_programs(corpora, QUOTAS, seed=0)
    plan = TrainingPlan(
        "planted", "tiny", settings=FitSettings(features=8, epochs=25, patience=25, batch_programs=8)
    )
    probe = train_probe(
        plan, bundle, corpora, sample, nearest_edits(corpora, sample), tmp_path / "e", threads=1
    )
    metrics = probe.card.metrics["by_problem"]
    assert metrics["token"]["scaled"]["pooled"]["auc"]["value"] > 0.95
    line = {name: result["pooled"]["bss"]["value"] for name, result in metrics["line"].items()}
    assert line["scaled"] > line["baseline_position_syntax"]
    card = probe.save(tmp_path / "probes")
    assert SpanProbe.load(card).card.corpus["programs"] == len(sample)
    json.loads(card.read_text(), parse_constant=lambda name: pytest.fail(f"the card holds {name}"))
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(bundle.parent))
    with heatline.load("tiny", str(card), threads=1, cache=False) as scorer:
        scored = scorer.score(program(77, passes=False).code, "python")
    assert max(scored.lines, key=lambda line: line.risk).line == 4
