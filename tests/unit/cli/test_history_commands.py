"""`heatline history`, `calibrate`, `report` and `feedback` with a tiny random supervisor and probe."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heatline.feedback.store import FeedbackStore, Shown
from heatline.history.repository import Repository
from heatline.history.workspace_scaling import read_scaling, repository_key, scaling_path
from tests.tiny import NAME, tiny_probe, tiny_supervisor
from tests.unit.history.history_repository import Written

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of supervisors and a probe's card."""
    folder = tmp_path_factory.mktemp("models")
    bundle = tiny_supervisor(folder)
    return folder / "supervisors", tiny_probe(bundle, folder / "probes")


@pytest.fixture(autouse=True)
def environment(models: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisors, probe = models
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(supervisors))
    monkeypatch.setenv("HEATLINE_SUPERVISOR", NAME)
    monkeypatch.setenv("HEATLINE_PROBE", str(probe))
    monkeypatch.setenv("HEATLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEATLINE_STATE", str(tmp_path / "state"))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "project")


def twelve_commits(written: Written) -> None:
    """Each of ten lines, of which the next commit fixes five."""
    for n in range(12):
        body = "".join(f"name_{n}_{line} = call_{line}({n})\n" for line in range(10))
        written.by_claude(days=2, **{f"a{n}_py": body})
        fixed = body.replace(f"({n})\n", f"({n} + 1)\n", 5)
        written.commit("fix: off by one", days=1, **{f"a{n}_py": fixed})
    written.commit("chore: later", days=100)


def test_history_counts_fates_by_assistant_and_language(run: Run, written: Written) -> None:
    twelve_commits(written)
    ran = run("history", written.folder, "--json")
    found = json.loads(ran.out)
    assert ran.code == 0
    assert found["followedCommits"] == 12
    assert (found["total"]["fixed"], found["total"]["kept"], found["total"]["lines"]) == (60, 60, 120)
    assert found["total"]["fixedShare"] == 0.5
    assert list(found["assistants"]) == ["Claude"]
    assert list(found["languages"]) == ["python"]
    assert "Claude" in run("history", written.folder).out


def test_history_says_when_no_assistant_is_named(run: Run, written: Written) -> None:
    written.commit("by hand", a_py="x = 1\n")
    assert "names an assistant" in " ".join(run("history", written.folder).out.split())


def test_an_assistant_of_the_settings_is_found(run: Run, written: Written) -> None:
    written.put("heatline.toml", 'assistants = ["House bot=ann@example"]\n')
    written.commit("by hand", a_py="x = 1\n")
    assert list(json.loads(run("history", written.folder, "--json").out)["assistants"]) == ["House bot"]


def test_history_outside_a_repository_is_one_sentence(run: Run, tmp_path: Path) -> None:
    ran = run("history", tmp_path)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "is in no git repository" in ran.err


def test_a_bad_day_is_refused(run: Run, written: Written) -> None:
    assert run("history", written.folder, "--since", "yesterday").code == 2


def test_calibrate_writes_a_scaling_and_a_page(run: Run, written: Written, tmp_path: Path) -> None:
    twelve_commits(written)
    page = tmp_path / "page.html"
    ran = run("calibrate", written.folder, "--html", page)
    assert ran.code == 0, ran.err
    scaling = read_scaling(scaling_path(Repository(written.folder)))
    assert scaling is not None
    assert (scaling.lines, scaling.edited, scaling.commits) == (120, 60, 12)
    assert "workspace" in ran.out
    assert "How well risks hold" in page.read_text(encoding="utf-8")


def test_calibrate_keeps_nothing_when_it_is_only_tried(run: Run, written: Written) -> None:
    twelve_commits(written)
    found = json.loads(run("calibrate", written.folder, "--dry-run", "--json").out)
    assert found["lines"] == 120
    assert read_scaling(scaling_path(Repository(written.folder))) is None


def test_calibrate_refuses_thin_evidence_and_says_what_is_missing(run: Run, written: Written) -> None:
    written.by_claude(a_py="x = 1\ny = 2\n")
    written.commit("later", days=100)
    ran = run("calibrate", written.folder)
    assert ran.code == 2
    assert "50 more fixed lines (0 of 50)" in ran.err
    assert "9 more commits (1 of 10)" in ran.err
    assert read_scaling(scaling_path(Repository(written.folder))) is None


def test_check_uses_the_workspaces_scaling(
    run: Run, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    twelve_commits(written)
    assert run("calibrate", written.folder).code == 0
    monkeypatch.chdir(written.folder)
    shipped = json.loads(run("check", "a1.py", "--format", "json").out)["files"][0]["lines"]
    (written.folder / "heatline.toml").write_text('scaling = "workspace"\n')
    scaled = json.loads(run("check", "a1.py", "--format", "json").out)["files"][0]["lines"]
    assert [line["risk"] for line in scaled] != [line["risk"] for line in shipped]
    assert all(abs(line["risk"] - 0.5) < 0.35 for line in scaled)


def test_check_says_when_nothing_was_fitted(
    run: Run, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    written.commit("by hand", a_py="x = 1\n")
    (written.folder / "heatline.toml").write_text('scaling = "workspace"\n')
    monkeypatch.chdir(written.folder)
    assert "No scaling was fitted" in run("check", "a.py").err


def test_report_writes_the_page_of_what_was_calibrated(run: Run, written: Written, tmp_path: Path) -> None:
    twelve_commits(written)
    run("calibrate", written.folder)
    ran = run("report", written.folder, "--output", tmp_path / "page.html")
    assert ran.code == 0, ran.err
    assert "By assistant" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_report_without_anything_known_is_one_sentence(run: Run, written: Written, tmp_path: Path) -> None:
    written.commit("by hand", a_py="x = 1\n")
    ran = run("report", written.folder, "--output", tmp_path / "page.html")
    assert ran.code == 2
    assert "Nothing is known of project" in ran.err
    assert not (tmp_path / "page.html").exists()


def remembered(written: Written) -> None:
    store = FeedbackStore()
    key = repository_key(Repository(written.folder))
    store.observe(key, 7, "probe", "python", [Shown(1, 0.5, 0.7), Shown(2, 0.5, 0.7)], [1, 2])
    store.observe(key, 7, "probe", "python", [], [1])
    store.close()


def test_feedback_shows_what_became_of_lines(run: Run, written: Written) -> None:
    remembered(written)
    assert json.loads(run("feedback", "show", "--json").out)["fates"] == {
        "edited": 1,
        "kept": 1,
        "reviewed": 0,
        "pending": 0,
    }
    assert "1 edited before a commit" in run("feedback", "show").out


def test_an_export_holds_no_hash_that_is_stored(run: Run, written: Written) -> None:
    remembered(written)
    exported = [json.loads(line) for line in run("feedback", "export").out.splitlines()]
    assert sorted(each["fate"] for each in exported) == ["edited", "kept"]
    again = [json.loads(line) for line in run("feedback", "export").out.splitlines()]
    assert {each["line"] for each in exported}.isdisjoint(each["line"] for each in again)


def test_feedback_can_be_forgotten(run: Run, written: Written) -> None:
    remembered(written)
    assert "Forgot 2 lines" in run("feedback", "forget").out
    assert "Nothing is remembered" in run("feedback", "show").out


def a_hundred_lines(written: Written) -> None:
    for name in ("a", "b", "c"):
        body = "".join(f"    total += {name}[{line}] * {line}\n" for line in range(60))
        written.commit(f"feat: {name}", **{f"{name}_py": f"def {name}_sum({name}, total=0):\n{body}"})


def test_a_known_base_rate_is_the_mean_risk_of_the_repository(
    run: Run, written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_hundred_lines(written)
    written.commit("chore: generated", made_py="# @generated by a tool. DO NOT EDIT.\nimport os\n" * 9)
    page = tmp_path / "page.html"
    ran = run("calibrate", written.folder, "--base-rate", "0.03", "--html", page)
    assert (ran.code, "3 of 100 lines" in ran.out) == (0, True)
    assert "from how the probe sees 183 of its lines" in page.read_text(encoding="utf-8")
    written.put("heatline.toml", 'scaling = "workspace"\n')
    monkeypatch.chdir(written.folder)
    files = json.loads(run("check", ".", "--format", "json", "--all").out)["files"]
    risks = [line["risk"] for file in files for line in file["lines"]]
    assert len(risks) == 183
    assert sum(risks) / len(risks) == pytest.approx(0.03, abs=2e-3)
    assert run("report", written.folder, "--output", page).code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--base-rate", "1.5"), "is no share"),
        (("--base-rate", "0.001"), "1,000 are needed"),
        (("--base-rate", "0.1", "--all"), "no history is read"),
        (("--base-rate", "0.1", "--horizon", "30"), "no history is read"),
        (("--base-rate", "0.1", "--outcome", "edited"), "no history is read"),
    ],
)
def test_a_base_rate_that_can_not_be_used_is_one_sentence(
    run: Run, written: Written, options: tuple[str, ...], said: str
) -> None:
    a_hundred_lines(written)
    ran = run("calibrate", written.folder, *options)
    assert (ran.code, said in " ".join(ran.err.split())) == (2, True)
    assert not scaling_path(Repository(written.folder)).exists()
