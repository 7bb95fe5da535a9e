"""Causes by rule, the worst lines of both kinds, and how hot the standard library is."""

import dataclasses
import importlib

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")

from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.background import library_files, package_files, score_background
from heatline_probes.evaluation.failure_page import background_page, failure_page
from heatline_probes.evaluation.failures import CAUSES, assign_causes, study_failures
from heatline_probes.evaluation.predictions import PredictedSpans, Predictions
from heatline_probes.evaluation.views import Run
from tests.unit.evaluation.synthetic import synthetic

pytestmark = pytest.mark.probes


def lines_of(code: str, edited: set[int], verified: bool = True) -> Predictions:
    """One failing program with a span for each line that shows something."""
    rows = code.splitlines()
    starts = np.cumsum([0, *(len(r) + 1 for r in rows)])
    shown = np.asarray([i for i, r in enumerate(rows) if r.strip()])
    n = len(shown)
    zeros, index = np.zeros(n, np.int64), np.arange(n)
    kept = np.asarray([i not in edited for i in shown])
    spans = PredictedSpans(
        np.linspace(-1, 1, n), kept, zeros, starts[shown], starts[shown + 1] - 1, shown, index, index + 1
    )
    one = synthetic(1)
    programs = dataclasses.replace(
        one.programs, code=(code,), passes=np.asarray([False]), verified=np.asarray([verified])
    )
    return dataclasses.replace(one, programs=programs, levels={"line": spans})


def causes(code: str, edited: set[int], verified: bool = True) -> list[str]:
    run = Run(lines_of(code, edited, verified))
    view = run.view("line")
    texts = [code.splitlines()[i] for i in run.predictions.levels["line"].line[view.row]]
    return assign_causes(run, view, texts).tolist()


def test_causes_by_rule():
    """Each line here shows one rule."""
    code = (
        "import os\ndef f(a):\n    # why\n    assert a\n    x = wrong(a)\n    y = x + 1\n    u = 7 * y\n"
        "    v = 1 * y\n    w = y - 2\n    return w\n"
    )
    expected = [
        "import", "signature", "comment", "test code", "other", "beside an edited line",
        "near duplicate of another line", "other", "other", "other",
    ]  # fmt: skip
    found = causes(code, {4})
    assert found[:6] == expected[:6]
    assert found[8:] == expected[8:]


def test_labels_that_no_test_supports_are_named():
    """Without a verified patch, that is the cause before anything about the line."""
    assert (
        causes("a = 1\nb = c\nd = e\nf = g\n", {0}, verified=False)[2:]
        == ["label without a verified patch"] * 2
    )


def test_a_rewrite_is_a_cause_of_its_own():
    """More than half of the lines are edited."""
    assert set(causes("a = 1\nb = c\nd = e\n", {0, 1})) == {"whole-program rewrite"}


def test_the_worst_are_the_riskiest_kept_and_the_coolest_edited():
    """In order, one for each text and problem."""
    study = study_failures(synthetic(60), threshold=0.5, worst=5)
    assert [f.risk for f in study.false_alarms] == sorted((f.risk for f in study.false_alarms), reverse=True)
    assert [f.risk for f in study.misses] == sorted(f.risk for f in study.misses)
    assert not any(f.edited for f in study.false_alarms)
    assert all(f.edited for f in study.misses)
    assert sum(row["share"] for row in study.causes.values()) == pytest.approx(1, abs=0.01)
    assert set(study.causes) <= set(CAUSES)


def test_the_page_holds_counts_and_no_code():
    """What goes into the repository has no program text."""
    study = study_failures(synthetic(60), threshold=0.5)
    page = failure_page(study, "tiny", 0.5, "command")
    assert not any(f.text.strip() in page for f in study.false_alarms + study.misses)
    assert str(len(study.misses)) in page


@pytest.fixture
def library(tmp_path):
    """A library of four modules and a test."""
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.py").write_text("# note\nif x:\n    y = 1\n" * 20)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "test_a.py").write_text("x = 1\n" * 60)
    (tmp_path / "short.py").write_text("x = 1\n")
    return tmp_path


def test_the_choice_of_files_is_seeded_and_leaves_tests_out(library):
    """The same seed, the same files; neither tests nor stubs."""
    one = library_files(3, seed=1, root=library)
    assert one == library_files(3, seed=1, root=library)
    assert len(one) == 3
    assert {p.name for p in library_files(9, root=library)} == {"a.py", "b.py", "c.py", "d.py"}


def test_a_library_without_sources_is_one_sentence(tmp_path):
    """Some Pythons ship none."""
    with pytest.raises(EvaluationError, match="No Python sources"):
        library_files(root=tmp_path)


def test_background_by_part(library):
    """Comments are hot here, nested code is warm, the rest is cool: each part says so."""

    def score(text):
        for number, line in enumerate(text.splitlines()):
            yield number, 0.9 if line.startswith("#") else 0.6 if line.startswith(" ") else 0.1

    scored = score_background(library_files(4, root=library), score)
    found = scored.to_json(threshold=0.7, resamples=20)
    parts = found["parts"]
    assert parts["all"]["lines"] == 240
    assert parts["comment"]["flagged"]["value"] == 1
    assert parts["code"]["flagged"]["value"] == 0
    assert parts["code, depth 1"]["mean_risk"]["value"] == pytest.approx(0.6)
    assert parts["all"]["risk_half_or_more"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert str(library) not in str(found)
    about = {"supervisor": "s", "probe": "p", "python": "3"}
    assert "standard library of Python 3" in background_page({**found, **about, "packages": []})
    assert "2 packages (a, b)" in background_page({**found, **about, "packages": ["a", "b"]})


def test_files_of_packages_are_chosen_from_each(library, monkeypatch):
    """Three of each, tests left out; a package that isn't there is named."""
    (library / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(library.parent))
    importlib.invalidate_caches()
    chosen = package_files([library.name], 3)
    assert chosen == package_files([library.name], 3)
    assert len(chosen) == 3
    assert not any("test" in path.relative_to(library).parts for path in chosen)
    with pytest.raises(EvaluationError, match="'no_such_package'"):
        package_files(["no_such_package"], 3)
