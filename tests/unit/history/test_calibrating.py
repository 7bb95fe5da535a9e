"""Scaling to a repository: what it does, and when it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline.calibration.calibrators import PlattCalibrator
from heatline.errors import InputError, ProbeError
from heatline.history.calibrating import check_enough, fit, fit_and_judge, fit_by_language, split_by_time
from heatline.history.calibration_run import base_rates, judged_json
from heatline.history.evidence import Evidence
from heatline.history.survival import survival_curve
from heatline.history.validation import quality, recall_at, reliability
from heatline.history.workspace_scaling import FORMAT_VERSION, WorkspaceScaling, read_scaling, write_scaling
from heatline.history.written_lines import Fate, WrittenLines
from heatline.probe import SpanProbe
from heatline.report.reliability_page import page_of
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.scored_text import ScoredText
from tests.lsp.handmade import handmade_probe


def evidence(count: int = 2000, slope: float = 0.6, intercept: float = 2.0, seed: int = 0) -> Evidence:
    """Lines of commits of ten, kept as a Platt curve says."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.5, 1.5, count)
    kept = rng.random(count) < PlattCalibrator(slope, intercept, 0.5).predict(logits)
    commit = np.arange(count) // 10
    return Evidence(
        logits,
        PlattCalibrator(1.0, 0.0, 0.5).predict(logits),
        kept,
        commit,
        1_700_000_000 + 86_400 * commit,
        np.where(commit % 2 == 0, "python", "go"),
        np.full(count, "Claude"),
        np.arange(count),
    )


def calibrated_probe() -> SpanProbe:
    probe = handmade_probe()
    platt = PlattCalibrator(1.0, 0.0, 0.8).to_json()
    return replace(
        probe, card=replace(probe.card, calibrators=dict.fromkeys(("token", "line", "scope"), platt))
    )


def kept_scaling(found: Evidence) -> WorkspaceScaling:
    judged = fit_and_judge(found)
    later = judged.later
    return WorkspaceScaling(
        FORMAT_VERSION, "handmade", "", "", "key", "0" * 40, 1, "rules", "fixed", 90.0, len(found), 200,
        int((~found.kept).sum()), judged.scaling.whole.slope, judged.scaling.whole.intercept, 0.2,
        {
            "pastLines": len(judged.past),
            "laterLines": len(later),
            "shipped": judged_json(later.shipped, later.kept, judged.before),
            "workspace": judged_json(judged.fitted_on_past.predict(later), later.kept, judged.after),
            "rates": base_rates(found),
        },
        {name: each.to_json() for name, each in judged.scaling.languages.items()},
    )  # fmt: skip


def test_scaling_on_the_past_holds_on_later_lines() -> None:
    judged = fit_and_judge(evidence())
    assert judged.before.ece.value > 0.15
    assert judged.after.ece.value < 0.05
    assert judged.after.brier.value < judged.before.brier.value
    assert judged.scaling.whole.slope == pytest.approx(0.6, abs=0.15)


def two_languages(python: float, go: float, count: int = 4000) -> Evidence:
    """Lines of two languages of different intercepts."""
    found = evidence(count)
    rng = np.random.default_rng(1)
    intercept = np.where(found.language == "python", python, go)
    return replace(found, kept=rng.random(count) < 1 / (1 + np.exp(-(0.6 * found.logits + intercept))))


def test_languages_that_differ_get_calibrators_of_their_own_and_that_holds_on_later_lines() -> None:
    judged = fit_and_judge(two_languages(0.0, 3.0))
    assert set(judged.scaling.languages) == {"go", "python"}
    assert set(judged.fitted_on_past.languages) == {"go", "python"}
    together = quality(
        judged.fitted_on_past.whole.predict(judged.later.logits), judged.later.kept, judged.later.commit
    )
    assert judged.after.brier.value < together.brier.value - 0.01
    rate = two_languages(0.0, 3.0).kept[::20].mean()
    assert judged.scaling.languages["python"].base_rate == pytest.approx(rate, abs=0.1)


def test_one_language_and_languages_without_enough_evidence_share_one_calibrator() -> None:
    assert not fit_by_language(replace(evidence(), language=np.full(2000, "python"))).languages
    few = np.where(np.arange(2000) < 1990, "python", "go")
    assert "go" not in fit_by_language(replace(evidence(), language=few)).languages


def test_a_scaling_of_languages_is_applied_to_their_lines_alone(tmp_path: Path) -> None:
    """Lines of Go move, lines of Python stay: what was written is what is used after it was read."""
    scaling = replace(
        kept_scaling(evidence()), probe_sha256="", bundle_hash="",
        languages={"go": PlattCalibrator(0.5, -1.0, 0.4).to_json()},
    )  # fmt: skip
    write_scaling(scaling, tmp_path / "key.json")
    again = read_scaling(tmp_path / "key.json")
    assert again is not None
    probe = calibrated_probe()
    scaled = again.apply(probe)
    assert scaled.in_language("go").calibrator("line").predict([1.0]) == pytest.approx(
        PlattCalibrator(0.5, -1.0, 0.4).predict([1.0])
    )
    assert scaled.in_language("python").calibrator("line").predict([1.0]) == pytest.approx(
        again.calibrator().predict([1.0])
    )
    code = "x = 1\n"
    features = np.ones((1, probe.width), np.float32)
    scope = ScopeFeatures(0, len(code), "", "statements", np.asarray([[0, 5]], np.int32), features)
    risks = {
        language: ScoredText(code, language, [scope], scaled).lines[0].risk for language in ("go", "python")
    }
    assert risks["go"] != risks["python"]


def test_no_commit_is_in_both_parts_and_the_past_comes_first() -> None:
    past, later = split_by_time(evidence())
    assert set(past.commit.tolist()).isdisjoint(later.commit.tolist())
    assert past.time.max() < later.time.min()
    assert len(past) == 1200


def test_a_probe_that_says_nothing_here_leaves_the_base_rate() -> None:
    found = evidence(slope=-0.5)
    fitted = fit(found)
    assert fitted.slope == 0.0
    assert fitted.predict([0.0]).item() == pytest.approx(found.kept.mean())


def test_the_mean_confidence_is_the_base_rate() -> None:
    found = evidence()
    assert fit(found).predict(found.logits).mean() == pytest.approx(found.kept.mean(), abs=1e-6)


def test_thin_evidence_is_refused_with_how_much_is_missing() -> None:
    with pytest.raises(
        InputError, match=r"lacks .* more fixed lines \(\d+ of 50\).*5 more commits \(5 of 10\)"
    ):
        check_enough(evidence(50))


def test_lines_that_all_met_one_fate_in_a_part_are_refused() -> None:
    found = evidence()
    only_past = replace(found, kept=found.kept | (np.arange(len(found)) >= 1200))
    with pytest.raises(InputError, match="of the later part"):
        fit_and_judge(only_past)


def test_a_scaling_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    scaling = kept_scaling(evidence())
    path = tmp_path / "workspaces" / "key.json"
    write_scaling(scaling, path)
    again = read_scaling(path)
    assert again is not None
    assert json.loads(json.dumps(vars(again))) == json.loads(json.dumps(vars(scaling)))
    assert [each.name for each in path.parent.iterdir()] == ["key.json"]


def test_there_is_no_scaling_before_one_was_made(tmp_path: Path) -> None:
    assert read_scaling(tmp_path / "key.json") is None


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"format_version": 99}', '{"format_version": 1}', '{"format_version": 1, "slope": "x"}'],
)
def test_a_scaling_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "key.json").write_text(content)
    with pytest.raises(InputError, match="heatline calibrate"):
        read_scaling(tmp_path / "key.json")


def test_a_scaling_of_another_probe_is_refused() -> None:
    scaling = replace(kept_scaling(evidence()), probe_sha256="other")
    with pytest.raises(ProbeError, match="another probe"):
        scaling.apply(handmade_probe())


def test_a_scaled_probe_says_the_workspaces_risks() -> None:
    scaling = kept_scaling(evidence())
    scaled = scaling.apply(calibrated_probe())
    np.testing.assert_allclose(scaled.calibrator("line").predict([0.3]), scaling.calibrator().predict([0.3]))
    assert scaled.threshold == 0.2
    assert scaled.calibrator("token").to_json()["base_rate"] == pytest.approx(1 - scaling.base_rate)


def test_the_sentence_says_what_a_risk_rests_on() -> None:
    scaling = replace(kept_scaling(evidence()), lines=1284, edited=100)
    assert scaling.sentence(0.11) == (
        "In this repository, 11 of 100 lines like this were fixed within 90 days; from 1,284 lines."
    )


def test_a_given_rate_is_named_as_such() -> None:
    """No history is claimed where none was read."""
    scaling = replace(kept_scaling(evidence()), lines=6000, edited=0, given_rate=0.004)
    assert scaling.base_rate == 0.004
    assert "0.4 of 100 lines of this repository are edited" in scaling.basis()
    assert scaling.sentence(0.11) == (
        "With the given rate, 11 of 100 lines like this are edited in this repository; no history stands behind it."
    )


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), min_size=1), st.floats(0, 1))
def test_more_effort_never_finds_less(lines: list[tuple[float, bool]], effort: float) -> None:
    confidences = np.asarray([each[0] for each in lines])
    kept = np.asarray([each[1] for each in lines])
    if kept.all():
        return
    found = recall_at(confidences, kept, effort)
    assert 0 <= found <= 1
    assert recall_at(confidences, kept, min(1.0, effort + 0.1)) >= found - 1e-12
    assert recall_at(confidences, kept, 1.0) == pytest.approx(1.0)


def test_a_constant_finds_what_chance_finds() -> None:
    kept = np.asarray([True, False] * 50)
    assert recall_at(np.full(100, 0.7), kept, 0.1) == pytest.approx(0.1)


def test_bins_hold_all_lines_once() -> None:
    found = evidence()
    assert sum(each.lines for each in reliability(found.shipped, found.kept)) == len(found)


def test_intervals_hold_the_figure() -> None:
    found = evidence(600)
    judged = quality(found.shipped, found.kept, found.commit)
    for figure in (judged.brier, judged.auc, *judged.recall.values()):
        assert figure.low <= figure.value <= figure.high


def test_the_page_shows_both_scalings_and_runs_nothing() -> None:
    page = page_of("pro<ject", kept_scaling(evidence())).html()
    assert "<script" not in page
    assert "pro&lt;ject" in page
    assert "pro<ject" not in page
    for word in (
        "shipped",
        "workspace",
        "Reviewing the riskiest 10 %",
        "By language",
        "By assistant",
        "python",
    ):
        assert word in page


def test_nothing_known_is_said_in_a_sentence() -> None:
    with pytest.raises(InputError, match="Nothing is known of project"):
        page_of("project", None)


def lived(ages: list[float], dead: list[bool], death: list[Fate]) -> WrittenLines:
    count = len(ages)
    zeros, alive = np.zeros(count, np.int32), ~np.asarray(dead, bool)
    fates = np.asarray([int(fate) for fate in death], np.int32)
    return WrittenLines(
        zeros, zeros, zeros, zeros, np.zeros(count, np.int64), alive, fates, zeros,
        np.asarray(ages, np.float64), np.full(count, 400.0), zeros, ("a",), np.zeros(1, int), ("a.py",), ("Claude",),
    )  # fmt: skip


def test_the_survival_curve_is_kaplan_and_meiers() -> None:
    """Of four lines one is fixed at 5 days and one edited at 20; one was known for 10 days, one for 400."""
    kept = Fate.KEPT
    lines = lived([5, 10, 20, 400], [True, False, True, False], [Fate.FIXED, kept, Fate.EDITED, kept])
    points = {point.day: point for point in survival_curve(lines)}
    assert points[1].unchanged == 1.0
    assert points[7].unchanged == pytest.approx(3 / 4)
    assert points[30].unchanged == pytest.approx(3 / 4 * 1 / 2)
    assert points[30].fixed == pytest.approx(1 / 4)
    assert points[365].observed == 1


def test_without_lines_there_is_no_curve() -> None:
    assert survival_curve(lived([], [], [])) == []
