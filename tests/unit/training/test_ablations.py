"""Variants of one base probe on one set of spans: weights, weak labels, annealing, and the page."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

from dataclasses import replace

from heatline.supervisor.store import SupervisorStore
from heatline_probes.errors import TrainingError
from heatline_probes.evaluation.protocol import EvaluationSettings
from heatline_probes.patches.labels import Edit, EditKind
from heatline_probes.training.ablation_page import ablation_page
from heatline_probes.training.ablation_study import weighed_study
from heatline_probes.training.ablations import (
    BASE,
    VARIANTS,
    Variant,
    edited_share,
    held_out,
    run_ablations,
    study_split,
)
from heatline_probes.training.fit import FitSettings
from heatline_probes.training.labels import labelled_sample, with_weak
from tests.tiny import tiny_gguf
from tests.unit.training.own_programs import QUOTAS

pytestmark = pytest.mark.probes
QUICK = replace(BASE, features=8, scope_features=8, epochs=2)
SETTINGS = EvaluationSettings(resamples=20)


@pytest.fixture(scope="module")
def study(tmp_path_factory, corpora):
    folder = tmp_path_factory.mktemp("ablations")
    store = SupervisorStore(folder / "supervisors")
    store.build("tiny", tiny_gguf(folder))
    everything = labelled_sample(corpora, {}, QUOTAS)
    failing = [p for p in everything.programs if not p.passes]
    # Two failing programs are taken out of the sample, so that nothing is known of them.
    kept = [p for p in everything.programs if p not in failing[:2]]
    known = {
        key: edits
        for key, edits in everything.edits.items()
        if key[1] not in {p.code_sha for p in failing[:2]}
    }
    weak = frozenset((p.problem_key, p.code_sha) for p in failing[:2])
    sample = replace(everything, programs=[*kept, *failing[:2]], edits=known, weak=weak)
    return weighed_study(store.bundle("tiny"), corpora, sample, folder / "states", threads=1)


def quick(name, **changes):
    variant = next(v for v in VARIANTS if v.name == name)
    return replace(variant, settings=replace(QUICK, **changes))


def by_problem(study, variant, tested=3):
    return held_out(study, variant, study_split(study, "by_problem", 3, tested, 0), "by_problem", 0)


def test_a_variant_of_the_same_settings_differs_by_nothing(study):
    same = Variant("same", "", QUICK)
    base = by_problem(study, same, 3)
    again = by_problem(study, same, 3)
    np.testing.assert_array_equal(base.levels["line"].logit, again.levels["line"].logit)


def test_weak_programs_change_the_fit_but_are_never_tested(study):
    base = by_problem(study, Variant("base", "", QUICK), 3)
    weak = by_problem(study, quick("weak-labels"), 3)
    programs = study.examples.programs
    untested = [i for i, p in enumerate(programs) if (p.problem_key, p.code_sha) in study.weak]
    lines = weak.levels["line"]
    assert untested
    assert not np.isfinite(lines.logit[np.isin(lines.program, untested)]).any()
    known = np.isfinite(lines.logit)
    assert (lines.logit[known] != base.levels["line"].logit[known]).any()


def test_of_a_weak_program_only_the_longest_scope_counts_as_edited(study):
    lines, scopes = study.examples.levels["line"], study.examples.levels["scope"]
    programs = study.examples.programs
    weak = [i for i, p in enumerate(programs) if (p.problem_key, p.code_sha) in study.weak]
    of_weak = np.isin(lines.program, weak)
    assert of_weak.any()
    np.testing.assert_array_equal(lines.weight, np.where(of_weak, 0, 1))
    of_weak = np.isin(scopes.program, weak)
    # the import, the function after it, and the comment at the end
    np.testing.assert_array_equal(scopes.kept[of_weak], [True, False, True] * len(weak))
    np.testing.assert_array_equal(scopes.weight[of_weak], [0, 1, 0] * len(weak))
    assert (scopes.weight[~of_weak] == 1).all()


def test_annealing_changes_the_fit_and_wants_max_pooling(study):
    longer = replace(QUICK, epochs=4)
    base = by_problem(study, Variant("base", "", longer), 1).levels["line"].logit
    annealed = by_problem(study, quick("annealed", epochs=4, annealing=0.8), 1).levels["line"].logit
    known = np.isfinite(base)
    assert (base[known] != annealed[known]).any()
    with pytest.raises(TrainingError, match="max pooling"):
        FitSettings(pooling="mean", annealing=0.5)


def test_weights_leave_out_what_a_variant_is_without(study):
    programs = study.examples.programs
    one = next(v for v in VARIANTS if v.name == "one-generator").weights(study)
    assert (
        len({p.model for p, w in zip(programs, one, strict=True) if w and p.dataset != "python-stdlib"}) == 1
    )
    half = next(v for v in VARIANTS if v.name == "half-the-problems").weights(study)
    groups = study.examples.group
    known = next(v for v in VARIANTS if v.name == "narrow").weights(study) > 0
    assert all(len(set(half[(groups == group) & known])) <= 1 for group in set(groups))
    assert 0 < len(set(groups[half > 0])) < len(set(groups))


def test_an_edited_share_is_of_characters():
    assert edited_share("abcdefghij", [Edit(2, 4, EditKind.REPLACED), Edit(6, 6, EditKind.INSERTION)]) == 0.2
    assert edited_share("", []) == 0.0


def test_finished_variants_are_not_fitted_again_and_the_page_has_a_row_each(study):
    variants = [quick("paper"), quick("weak-labels")]
    kept = {}
    rows = run_ablations(study, variants, 3, 3, "by_problem", 0, SETTINGS, keep=kept.__setitem__)
    assert rows == kept
    again = []
    assert run_ablations(
        study, variants, 3, 3, "by_problem", 0, SETTINGS, done=rows, keep=lambda name, found: again.append(name)
    ) == rows  # fmt: skip
    assert not again
    page = ablation_page(rows, "heatline-probes ablations", "a few programs")
    assert "**base**" in page
    assert sum(line.startswith(("| paper:", "| weak-labels:")) for line in page.splitlines()) == 2


def test_datasets_can_be_left_out_instead_of_problems(study):
    """Every Python dataset is a fold of its own; weak programs are in none."""
    split = study_split(study, "leave_one_dataset_out", 3, 3, 0)
    programs = study.examples.programs
    for fold, name in enumerate(split.names):
        assert {programs[i].dataset for i in np.flatnonzero(split.test(fold))} == {name}
    assert not any(
        (programs[i].problem_key, programs[i].code_sha) in study.weak for i in np.flatnonzero(split.fold >= 0)
    )


def test_weak_programs_are_failing_ones_outside_the_sample(corpora):
    sample = labelled_sample(corpora, {}, QUOTAS)
    failing = [p for p in sample.programs if not p.passes]
    smaller = replace(sample, programs=[p for p in sample.programs if p not in failing])
    share = 2 / len(smaller.programs)
    found = with_weak(corpora, smaller, share)
    assert found.programs[: len(smaller.programs)] == smaller.programs
    added = found.programs[len(smaller.programs) :]
    assert 0 < len(added) == len(found.weak) <= 2
    assert not any(p.passes for p in added)
