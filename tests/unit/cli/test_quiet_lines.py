"""What keeps lines quiet on the command line: comments, marks, baselines, budgets, settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heatline.noise.reviewed import ReviewedLines

Run = Callable[..., Any]
SAMPLE = "a = 1  # 0.50\nb = 2  # 0.40\n\nc = 3  # 0.35\n"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(SAMPLE)
    return path


def flagged(ran: Any) -> list[int]:
    return [
        line["line"] for file in json.loads(ran.out)["files"] for line in file["lines"] if line["flagged"]
    ]


def quiet(ran: Any) -> dict[int, str]:
    lines = [line for file in json.loads(ran.out)["files"] for line in file["lines"]]
    return {line["line"]: line["quiet"] for line in lines if "quiet" in line}


def check(run: Run, *arguments: str) -> Any:
    return run("check", "a.py", "--format", "json", *arguments)


def test_an_ignored_line_is_not_flagged_and_does_not_fail(run: Run, scorer: Any, sample: Path) -> None:
    sample.write_text("# heatline: ignore\n" + SAMPLE)
    ran = check(run, "--fail-over", "0.45")
    assert (ran.code, flagged(ran), quiet(ran)) == (0, [3, 5], {2: "ignored"})


def test_no_ignore_flags_it_all_the_same(run: Run, scorer: Any, sample: Path) -> None:
    sample.write_text("# heatline: ignore\n" + SAMPLE)
    ran = check(run, "--fail-over", "0.45", "--no-ignore")
    assert (ran.code, flagged(ran)) == (1, [2, 3, 5])


def test_a_file_that_asks_to_be_ignored_is_not_even_scored(run: Run, scorer: Any, sample: Path) -> None:
    sample.write_text("# heatline: ignore-file\n" + SAMPLE)
    assert json.loads(check(run).out)["files"] == []
    assert scorer.calls == []


def test_a_reviewed_line_is_quiet(run: Run, scorer: Any, sample: Path) -> None:
    marks = ReviewedLines(sample.parent, sample.parent / ".state")
    marks.mark(SAMPLE, [1])
    marks.close()
    ran = check(run)
    assert (flagged(ran), quiet(ran)) == ([1, 4], {2: "reviewed"})


def test_marks_are_those_of_the_repository_that_a_file_is_in(run: Run, scorer: Any, sample: Path) -> None:
    """Wherever the command is run from: an editor marked them in the file's own repository."""
    other = sample.parent / "other"
    (other / ".git").mkdir(parents=True)
    (other / "src").mkdir()
    sample.rename(other / "src" / "a.py")
    marks = ReviewedLines(other, sample.parent / ".state")
    marks.mark(SAMPLE, [1])
    marks.close()
    assert quiet(run("check", "other/src/a.py", "--format", "json")) == {2: "reviewed"}


def test_nothing_is_stored_when_nobody_has_reviewed_anything(run: Run, scorer: Any, sample: Path) -> None:
    check(run)
    assert not (sample.parent / ".state").exists()


def test_a_baseline_knows_what_was_flagged_and_nothing_new(run: Run, scorer: Any, sample: Path) -> None:
    ran = check(run, "--baseline", "known.json", "--update-baseline", "--fail-over", "0.1")
    assert (ran.code, flagged(ran), ran.err) == (0, [1, 2, 4], "heatline: known.json now knows 3 lines.\n")
    sample.write_text("import os\n\n" + SAMPLE + "d = 4  # 0.60\n")
    ran = check(run, "--baseline", "known.json", "--fail-over", "0.55")
    assert (ran.code, flagged(ran)) == (1, [7])
    assert quiet(ran) == {3: "baseline", 4: "baseline", 6: "baseline"}


def test_a_baseline_holds_no_code_and_no_line_numbers(run: Run, scorer: Any, sample: Path) -> None:
    check(run, "--baseline", "known.json", "--update-baseline")
    written = json.loads(sample.with_name("known.json").read_text())
    assert list(written["files"]) == ["a.py"]
    assert all(len(mark) == 50 for mark in written["files"]["a.py"])


def test_a_baseline_forgets_files_that_are_gone_and_keeps_those_that_were_not_checked(
    run: Run, scorer: Any, sample: Path
) -> None:
    for name in ("b.py", "c.py"):
        sample.with_name(name).write_text(SAMPLE)
    run("check", ".", "--baseline", "known.json", "--update-baseline")
    sample.with_name("b.py").unlink()
    sample.write_text("a = 1\n")
    check(run, "--baseline", "known.json", "--update-baseline")
    assert list(json.loads(sample.with_name("known.json").read_text())["files"]) == ["c.py"]


def test_each_known_line_excuses_one_line(run: Run, scorer: Any, sample: Path) -> None:
    sample.write_text("x = 1  # 0.50\n")
    check(run, "--baseline", "known.json", "--update-baseline")
    sample.write_text("x = 1  # 0.50\nx = 1  # 0.50\n")
    assert flagged(check(run, "--baseline", "known.json")) == [2]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no baseline known.json. Write one with --update-baseline."),
        ("[]", "known.json is no baseline."),
        ('{"heatline_baseline": 1, "files": {"a.py": ["zz"]}}', "known.json is no baseline."),
        ('{"heatline_baseline": 9, "files": {}}', "known.json is a baseline of another version"),
    ],
)
def test_a_baseline_that_cannot_be_used_has_its_sentence(
    run: Run, scorer: Any, sample: Path, content: str | None, sentence: str
) -> None:
    if content is not None:
        sample.with_name("known.json").write_text(content)
    ran = check(run, "--baseline", "known.json")
    assert ran.code == 2
    assert ran.err.startswith(f"heatline: {sentence}")


@pytest.mark.parametrize(
    "options", [("--update-baseline",), ("--baseline", "k", "--update-baseline", "--diff", "HEAD")]
)
def test_a_baseline_is_written_from_whole_files_into_a_named_file(
    run: Run, scorer: Any, sample: Path, options: tuple[str, ...]
) -> None:
    assert check(run, *options).code == 2


def test_the_projects_settings_hold_and_options_go_over_them(run: Run, scorer: Any, sample: Path) -> None:
    sample.with_name("heatline.toml").write_text("threshold = 0.45\n")
    assert flagged(check(run)) == [1]
    assert flagged(check(run, "--threshold", "0.38")) == [1, 2]
    assert flagged(check(run, "--isolated")) == [1, 2, 4]


def test_a_settings_file_can_be_named(run: Run, scorer: Any, sample: Path) -> None:
    sample.with_name("strict.toml").write_text("threshold = 0.1\nscaling = 'unscaled'\n")
    assert json.loads(check(run, "--config", "strict.toml").out)["threshold_scale"] == "unscaled"
    assert check(run, "--config", "gone.toml").err.startswith(
        "heatline: There is no settings file gone.toml."
    )


def test_a_bad_setting_is_said_and_left_out(run: Run, scorer: Any, sample: Path) -> None:
    sample.with_name("heatline.toml").write_text("threshold = 7\n")
    ran = check(run)
    assert ran.code == 0
    assert ran.err.startswith("heatline: threshold in heatline.toml must be a number from 0 to 1, not 7;")
    assert flagged(ran) == [1, 2, 4]


def test_a_project_may_name_a_probe_but_not_the_path_of_one(run: Run, scorer: Any, sample: Path) -> None:
    settings = sample.with_name("heatline.toml")
    settings.write_text("probe = 'first'\n")
    assert check(run).err == ""
    settings.write_text("probe = './evil.json'\n")
    assert "probe in heatline.toml is ignored" in check(run).err


def test_the_review_budget_flags_the_riskiest(run: Run, scorer: Any, sample: Path) -> None:
    sample.with_name("heatline.toml").write_text("reviewBudget = 0.34\n")
    ran = check(run, "--fail-over", "0.35")
    assert (ran.code, flagged(ran), quiet(ran)) == (1, [1], {2: "budget", 4: "budget"})


def test_excluded_files_of_a_folder_are_left_alone(run: Run, scorer: Any, sample: Path) -> None:
    sample.with_name("b.py").write_text(SAMPLE)
    sample.with_name("c.py").write_text(SAMPLE)
    sample.with_name("heatline.toml").write_text("exclude = ['b.py']\n")
    ran = run("check", ".", "--format", "json", "--exclude", "c.*")
    assert [file["path"] for file in json.loads(ran.out)["files"]] == ["a.py"]


def test_named_files_are_held_to_the_exclusion_when_it_is_forced(run: Run, scorer: Any, sample: Path) -> None:
    ran = check(run, "--exclude", "a.py", "--force-exclude")
    assert (ran.code, json.loads(ran.out)["files"]) == (0, [])


def test_the_size_and_the_generated_files_are_settings(run: Run, scorer: Any, sample: Path) -> None:
    sample.with_name("big.py").write_text("x = 1\n" * 400)
    sample.with_name("made.py").write_text("# @generated\n" + SAMPLE)
    ran = run("check", ".", "--format", "json")
    assert [file["path"] for file in json.loads(ran.out)["files"]] == ["a.py", "big.py"]
    sample.with_name("heatline.toml").write_text("maxFileSizeKb = 1\nskipGenerated = false\n")
    ran = run("check", ".", "--format", "json")
    assert [file["path"] for file in json.loads(ran.out)["files"]] == ["a.py", "made.py"]
    assert run("check", "big.py").err.startswith("heatline: big.py is larger than 1 kB.")


def test_without_a_path_the_current_folder_is_checked(run: Run, scorer: Any, sample: Path) -> None:
    assert flagged(run("check", "--format", "json")) == [1, 2, 4]


def test_a_name_for_standard_input_means_standard_input(run: Run, scorer: Any) -> None:
    ran = run("check", "--stdin-filename", "x.py", "--format", "json", stdin=SAMPLE.encode())
    assert flagged(ran) == [1, 2, 4]
