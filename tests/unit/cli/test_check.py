"""`heatline check`, with a scorer that reads the risks from comments."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from heatline.cli.check import risk

Run = Callable[..., Any]
SAMPLE = "a = 1\nb = 2  # 0.40\n\nc = 3  # 0.20\n"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(SAMPLE)
    return path


def document(ran: Any) -> Any:
    assert ran.err == ""
    return json.loads(ran.out)


def committed(folder: Path) -> None:
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


def test_the_terminal_report_shows_the_flagged_line(run: Run, scorer: Any, sample: Path) -> None:
    ran = run("check", "a.py")
    assert (ran.code, ran.err) == (0, "")
    assert "▶ 2 ██▍     40 % │ b = 2  # 0.40" in ran.out
    assert "3 lines in 1 file: 1 flagged (at or above 30 %)." in ran.out


def test_without_a_terminal_there_is_no_escape_sequence(run: Run, scorer: Any, sample: Path) -> None:
    assert "\x1b" not in run("check", "a.py").out


def test_colour_can_be_forced_and_refused(
    run: Run, scorer: Any, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in run("check", "a.py").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "38;5" not in run("check", "a.py").out


def test_json_has_every_line_that_is_not_blank(run: Run, scorer: Any, sample: Path) -> None:
    lines = document(run("check", "a.py", "--format", "json"))["files"][0]["lines"]
    assert [(line["line"], line["risk"], line["unscaled_risk"], line["flagged"]) for line in lines] == [
        (1, 0.05, 0.025, False),
        (2, 0.4, 0.2, True),
        (4, 0.2, 0.1, False),
    ]


def test_the_threshold_can_be_given_as_per_cents(run: Run, scorer: Any, sample: Path) -> None:
    report = document(run("check", "a.py", "--format", "json", "--threshold", "15%"))
    assert [line["flagged"] for line in report["files"][0]["lines"]] == [False, True, True]


def test_a_given_threshold_is_compared_with_what_is_shown(run: Run, scorer: Any, sample: Path) -> None:
    report = document(run("check", "a.py", "--format", "json", "--threshold", "0.3", "--unscaled"))
    assert [line["flagged"] for line in report["files"][0]["lines"]] == [False, False, False]
    assert report["threshold_scale"] == "unscaled"


def test_the_probes_threshold_flags_the_same_lines_unscaled(run: Run, scorer: Any, sample: Path) -> None:
    report = document(run("check", "a.py", "--format", "json", "--unscaled"))
    assert [line["flagged"] for line in report["files"][0]["lines"]] == [False, True, False]


@pytest.mark.parametrize(("over", "code"), [("0.4", 1), ("40%", 1), ("0.41", 0)])
def test_a_line_at_or_above_fail_over_exits_with_1(
    run: Run, scorer: Any, sample: Path, over: str, code: int
) -> None:
    assert run("check", "a.py", "--fail-over", over).code == code


def test_fail_over_compares_what_is_shown(run: Run, scorer: Any, sample: Path) -> None:
    assert run("check", "a.py", "--fail-over", "0.4", "--unscaled").code == 0


def test_one_bad_file_is_reported_and_the_others_are_scored(run: Run, scorer: Any, sample: Path) -> None:
    ran = run("check", "gone.py", "a.py", "--format", "json", "--fail-over", "0.1")
    assert ran.code == 2
    assert ran.err.startswith("heatline: gone.py does not exist.")
    report = json.loads(ran.out)
    assert [file["path"] for file in report["files"]] == ["a.py"]
    assert [error["path"] for error in report["errors"]] == ["gone.py"]


def test_a_file_the_scorer_refuses_is_reported_and_the_others_are_scored(
    run: Run, scorer: Any, sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "b.py").write_text("unscorable\n")
    ran = run("check", "b.py", "a.py", "--format", "json")
    assert (ran.code, ran.err) == (2, "heatline: This text can't be scored. Leave it out.\n")
    assert [file["path"] for file in json.loads(ran.out)["files"]] == ["a.py"]


def test_with_nothing_to_score_no_model_is_loaded(run: Run, scorer: Any) -> None:
    ran = run("check", "gone.py")
    assert (ran.code, ran.out, scorer.calls) == (2, "", [])


def test_a_folder_passes_over_what_has_nothing_to_score(run: Run, scorer: Any, sample: Path) -> None:
    (sample.parent / "__init__.py").write_text("")
    (sample.parent / "binary.py").write_bytes(b"\0")
    report = document(run("check", ".", "--format", "json"))
    assert [file["path"] for file in report["files"]] == ["a.py"]


def test_a_folder_reports_a_source_that_is_broken(run: Run, scorer: Any, sample: Path) -> None:
    (sample.parent / "b.py").write_bytes(b"\xe9\n")
    ran = run("check", ".")
    assert ran.code == 2
    assert "b.py is not UTF-8" in ran.err


def test_standard_input_is_scored(run: Run, scorer: Any) -> None:
    report = document(run("check", "-", "--format", "json", stdin=b"x = 1  # 0.5\n"))
    assert report["files"][0]["path"] == "<stdin>"
    assert scorer.calls == [("x = 1  # 0.5\n", None, None)]


def test_standard_input_can_be_named(run: Run, scorer: Any) -> None:
    document(run("check", "-", "--stdin-filename", "x.go", "--format", "json", stdin=b"package x\n"))
    assert scorer.calls == [("package x\n", None, Path("x.go"))]


def test_empty_standard_input_has_its_sentence(run: Run, scorer: Any) -> None:
    ran = run("check", "-")
    assert (ran.code, ran.err) == (2, "heatline: <stdin> is empty. There is nothing in it to score.\n")


def test_the_language_is_handed_on(run: Run, scorer: Any, sample: Path) -> None:
    run("check", "a.py", "--language", "ruby")
    assert scorer.calls == [(SAMPLE, "ruby", Path("a.py"))]


def test_only_changed_lines_are_reported_but_the_whole_text_is_scored(
    run: Run, scorer: Any, sample: Path
) -> None:
    committed(sample.parent)
    sample.write_text(SAMPLE + "d = 4  # 0.9\n")
    report = document(run("check", "a.py", "--scope", "changes", "--format", "json"))
    assert [line["line"] for line in report["files"][0]["lines"]] == [5]
    assert scorer.calls[0][0] == SAMPLE + "d = 4  # 0.9\n"


def test_diff_means_changes_since_that_commit(run: Run, scorer: Any, sample: Path) -> None:
    committed(sample.parent)
    ran = run("check", "a.py", "--diff", "HEAD")
    assert ran.code == 0
    assert "nothing changed" in ran.out
    assert scorer.calls == []


def test_a_commit_that_is_not_there_has_its_sentence(run: Run, scorer: Any, sample: Path) -> None:
    committed(sample.parent)
    ran = run("check", "a.py", "--diff", "nowhere")
    assert ran.code == 2
    assert ran.err.startswith("heatline: There is no commit “nowhere”")


def test_changes_outside_a_repository_are_every_line_and_said(run: Run, scorer: Any, sample: Path) -> None:
    ran = run("check", "a.py", "--scope", "changes", "--format", "json")
    assert "is in no git repository" in ran.err
    assert len(json.loads(ran.out)["files"][0]["lines"]) == 3


def test_unnamed_standard_input_has_no_changes(run: Run, scorer: Any) -> None:
    ran = run("check", "-", "--diff", "HEAD", stdin=b"x\n")
    assert ran.code == 2
    assert "--stdin-filename" in ran.err


def test_a_whole_file_and_a_diff_contradict_each_other(run: Run, scorer: Any, sample: Path) -> None:
    assert run("check", "a.py", "--scope", "file", "--diff", "HEAD").code == 2


def test_the_scorer_is_closed(run: Run, scorer: Any, sample: Path) -> None:
    run("check", "a.py")
    assert scorer.closed


def test_an_interruption_writes_no_report(run: Run, scorer: Any, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("interrupt\n")
    ran = run("check", "a.py")
    assert (ran.code, ran.out) == (130, "")
    assert scorer.closed


def test_a_mistake_of_heatlines_is_one_line(run: Run, scorer: Any, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("mistake\n")
    ran = run("check", "a.py")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "Heatline made a mistake (RuntimeError: a mistake)" in ran.err


def test_text_in_the_json_report_has_to_be_asked_for(run: Run, scorer: Any, sample: Path) -> None:
    assert "b = 2" not in run("check", "a.py", "--format", "json").out
    assert "b = 2" in run("check", "a.py", "--format", "json", "--with-text").out


def test_explain_lists_tokens_with_their_columns(run: Run, scorer: Any, sample: Path) -> None:
    assert "“0.40” col 10 +1.25" in run("check", "a.py", "--explain").out


@pytest.mark.parametrize(
    ("written", "read"), [("0", 0.0), ("1", 1.0), ("0.3", 0.3), ("30%", 0.3), (" 30 % ", 0.3)]
)
def test_a_risk_can_be_written_two_ways(written: str, read: float) -> None:
    assert risk(written) == read


@pytest.mark.parametrize("written", ["", "30", "-0.1", "101%", "nan", "high"])
def test_what_is_no_risk_is_refused(written: str) -> None:
    with pytest.raises(typer.BadParameter):
        risk(written)
