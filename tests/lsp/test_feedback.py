"""What the server remembers of lines that it showed, and risks scaled by the workspace's own history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from heatline.feedback.store import FeedbackStore, feedback_path
from heatline.history.repository import Repository
from heatline.history.workspace_scaling import FORMAT_VERSION, WorkspaceScaling, scaling_path, write_scaling
from heatline.lsp.documents import Document
from heatline.lsp.feedback import Feedback
from heatline.lsp.flagging import Policy, flagged_lines
from heatline.lsp.hover import hover_at
from heatline.lsp.position_encoding import ENCODINGS
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.shown_document import Notes, ShownDocument
from heatline.lsp.workspace_scaling import scaled_probe, shown_scaling
from heatline.probe import SpanProbe
from heatline.settings import Settings
from tests.lsp.handmade import handmade_probe, scored_document
from tests.unit.history.history_repository import Written

POLICY = Policy("scaled", 0.5, 0.0)
TEXT = "first = 1\nsecond = 2\nthird = 3\n"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    monkeypatch.setenv("HEATLINE_STATE", str(tmp_path / "state"))
    made = Written(tmp_path / "project")
    made.by_claude(a_py="first = 1\n")
    return made


def shown(
    written: Written, text: str, generated: tuple[tuple[int, int], ...] | None, *, settled: bool = True
) -> ShownDocument:
    document = scored_document(text, {"2": 0.9})
    placed = Document((written.folder / "a.py").as_uri(), "python", 1, text)
    here = ScoredDocument(placed, document.scored, complete=True, shown_lines=generated)
    return ShownDocument(
        here, flagged_lines(here, POLICY), Notes(generated), POLICY, Settings(), settled=settled
    )


def fates(folder: Path) -> list[str]:
    store = FeedbackStore(folder)
    found = sorted(each.fate for each in store.outcomes())
    store.close()
    return found


def test_the_lines_that_count_as_generated_are_remembered(written: Written, tmp_path: Path) -> None:
    feedback = Feedback(tmp_path)
    feedback.observe(shown(written, TEXT, ((1, 3),)), handmade_probe())
    feedback.close()
    assert fates(tmp_path) == ["pending", "pending"]


def test_an_edit_and_a_commit_decide_what_became_of_them(written: Written, tmp_path: Path) -> None:
    feedback = Feedback(tmp_path)
    feedback.observe(shown(written, TEXT, ((1, 3),)), handmade_probe())
    after = TEXT.replace("second = 2", "second = 20")
    feedback.observe(shown(written, after, ((1, 3),)), handmade_probe())
    feedback.observe(shown(written, after, ()), handmade_probe())
    feedback.close()
    assert fates(tmp_path) == ["edited", "kept", "kept"]


def test_nothing_is_remembered_while_somebody_types(written: Written, tmp_path: Path) -> None:
    feedback = Feedback(tmp_path)
    feedback.observe(shown(written, TEXT, ((1, 3),), settled=False), handmade_probe())
    feedback.close()
    assert not feedback_path(tmp_path).exists()


def test_nothing_is_remembered_where_all_lines_count_or_outside_a_repository(
    written: Written, tmp_path: Path
) -> None:
    feedback = Feedback(tmp_path / "kept")
    feedback.observe(shown(written, TEXT, None), handmade_probe())
    outside = shown(written, TEXT, ((1, 3),))
    elsewhere = Document((tmp_path / "b.py").as_uri(), "python", 1, TEXT)
    feedback.observe(replace(outside, scored=replace(outside.scored, document=elsewhere)), handmade_probe())
    feedback.close()
    assert not feedback_path(tmp_path / "kept").exists()


def test_a_damaged_file_is_told_of_once(written: Written, tmp_path: Path) -> None:
    feedback_path(tmp_path).write_bytes(b"no database" * 100)
    feedback = Feedback(tmp_path)
    first = feedback.observe(shown(written, TEXT, ((1, 3),)), handmade_probe())
    second = feedback.observe(shown(written, TEXT, ((1, 3),)), handmade_probe())
    feedback.close()
    assert first is not None
    assert "was damaged" in first
    assert second is None


def calibrated_probe() -> SpanProbe:
    probe = handmade_probe()
    platt = {"kind": "platt", "slope": 1.0, "intercept": 0.0, "base_rate": 0.8}
    return replace(
        probe, card=replace(probe.card, calibrators=dict.fromkeys(("token", "line", "scope"), platt))
    )


def scaling() -> WorkspaceScaling:
    return WorkspaceScaling(
        FORMAT_VERSION,
        "handmade",
        "",
        "",
        "key",
        "0" * 40,
        1,
        "rules",
        "fixed",
        90.0,
        1284,
        30,
        128,
        0.5,
        1.0,
        0.2,
    )


def test_a_workspaces_scaling_takes_the_place_of_the_shipped_one(written: Written) -> None:
    write_scaling(scaling(), scaling_path(Repository(written.folder)))
    found = scaled_probe(calibrated_probe(), Settings(scaling="workspace"), written.folder)
    assert (found.probe.threshold, found.workspace, found.problem) == (0.2, scaling(), None)


def test_without_the_setting_the_shipped_scaling_holds(written: Written) -> None:
    write_scaling(scaling(), scaling_path(Repository(written.folder)))
    found = scaled_probe(calibrated_probe(), Settings(), written.folder)
    assert (found.probe.threshold, found.workspace, found.problem) == (0.5, None, None)


def test_a_workspace_that_was_not_calibrated_is_told_of(written: Written) -> None:
    found = scaled_probe(calibrated_probe(), Settings(scaling="workspace"), written.folder)
    assert found.workspace is None
    assert found.problem is not None
    assert "not calibrated yet" in found.problem


def test_a_scaling_of_another_probe_leaves_the_shipped_one(written: Written) -> None:
    write_scaling(replace(scaling(), probe_sha256="other"), scaling_path(Repository(written.folder)))
    found = scaled_probe(calibrated_probe(), Settings(scaling="workspace"), written.folder)
    assert found.workspace is None
    assert found.problem is not None
    assert "another probe" in found.problem


def test_a_work_tree_shares_its_repositorys_scaling(written: Written, tmp_path: Path) -> None:
    write_scaling(scaling(), scaling_path(Repository(written.folder)))
    written.git("worktree", "add", "-q", str(tmp_path / "linked"), "--detach")
    found = scaled_probe(calibrated_probe(), Settings(scaling="workspace"), tmp_path / "linked")
    assert found.workspace == scaling()


def test_the_hover_says_what_a_risk_rests_on() -> None:
    document = scored_document("x\n", {"x": 0.11})
    plain = hover_at(document, 0, "scaled", ENCODINGS["utf-16"])
    scaled = hover_at(document, 0, "scaled", ENCODINGS["utf-16"], scaling())
    unscaled = hover_at(document, 0, "unscaled", ENCODINGS["utf-16"], scaling())
    sentence = "In this repository, 11 of 100 lines like this were fixed within 90 days; from 1,284 lines."
    assert plain is not None
    assert scaled is not None
    assert unscaled is not None
    assert sentence in str(scaled.contents)
    assert sentence not in str(plain.contents)
    assert sentence not in str(unscaled.contents)


@pytest.mark.parametrize(
    ("chosen", "figure"), [("scaled", "scaled"), ("workspace", "scaled"), ("unscaled", "unscaled")]
)
def test_the_setting_chooses_the_figure(chosen: str, figure: str) -> None:
    assert shown_scaling(Settings(scaling=chosen)) == figure  # type: ignore[arg-type]
