"""Review marks: kept by content, until the line changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from heatline.noise import reviewed
from heatline.noise.line_marks import line_marks
from heatline.noise.reviewed import ReviewedLines, workspace_root

TEXT = "def f(x):\n    y = x + 1\n\n    return y\n\n\ndef g(x):\n    return x\n"


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[ReviewedLines]:
    opened = ReviewedLines(tmp_path / "work", tmp_path / "state")
    yield opened
    opened.close()


def test_a_marked_line_is_reviewed_and_no_other(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [1])
    assert lines.among(TEXT) == {1}


def test_blank_lines_and_lines_that_are_not_there_are_passed_over(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [2, 99])
    assert lines.among(TEXT) == frozenset()


def test_a_mark_ends_when_its_line_is_edited_and_is_back_when_that_is_undone(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [1])
    assert lines.among(TEXT.replace("x + 1", "x + 2")) == frozenset()
    assert lines.among(TEXT) == {1}


def test_a_mark_moves_with_its_function(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [1])
    assert lines.among("import os\n\n\n" + TEXT) == {4}


def test_a_mark_outlives_an_edit_above_or_below_it(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [1])
    assert lines.among(TEXT.replace("def f(x)", "def f(x, z)")) == {1}
    assert lines.among(TEXT.replace("return y", "return -y")) == {1}


def test_a_mark_outlives_new_white_space(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [1])
    assert lines.among(TEXT.replace("    ", "\t").replace("\n", "\r\n")) == {1}


def test_an_equal_line_elsewhere_is_not_reviewed(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [3])
    assert lines.among(TEXT + "\n\ndef h(z):\n    print(z)\n    return y\n    z = 1\n") == {3}


def test_marks_survive_a_restart(lines: ReviewedLines, tmp_path: Path) -> None:
    lines.mark(TEXT, [1])
    lines.close()
    again = ReviewedLines(tmp_path / "work", tmp_path / "state")
    assert again.among(TEXT) == {1}
    again.close()


def test_what_another_process_marks_is_seen(lines: ReviewedLines, tmp_path: Path) -> None:
    other = ReviewedLines(tmp_path / "work", tmp_path / "state")
    assert lines.among(TEXT) == frozenset()
    other.mark(TEXT, [1])
    assert lines.among(TEXT) == {1}
    other.close()


def test_workspaces_do_not_share_marks(lines: ReviewedLines, tmp_path: Path) -> None:
    lines.mark(TEXT, [1])
    other = ReviewedLines(tmp_path / "elsewhere", tmp_path / "state")
    assert other.among(TEXT) == frozenset()
    other.close()


def test_a_mark_can_be_taken_back(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [1, 3])
    lines.unmark(TEXT.replace("def f(x)", "def f(x, z)"), [1])
    assert lines.among(TEXT) == {3}
    lines.clear()
    assert lines.among(TEXT) == frozenset()


def test_only_the_newest_marks_are_kept(lines: ReviewedLines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewed, "MOST_MARKS", 2)
    for day, line in enumerate((0, 1, 3)):
        monkeypatch.setattr(reviewed.time, "time", lambda day=day: 86_400 * day)
        lines.mark(TEXT, [line])
    assert lines.among(TEXT) == {1, 3}


def test_no_code_is_stored(lines: ReviewedLines) -> None:
    lines.mark(TEXT, [0, 1, 3])
    lines.close()
    assert b"return" not in b"".join(path.read_bytes() for path in lines.path.parent.iterdir())


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "reviewed.sqlite").write_text("no database " * 100)
    lines = ReviewedLines(tmp_path, tmp_path)
    lines.mark(TEXT, [1])
    assert lines.among(TEXT) == {1}
    assert (tmp_path / "reviewed.damaged").exists()
    lines.close()


def test_without_a_folder_to_write_to_marks_last_as_long_as_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    lines = ReviewedLines(tmp_path, tmp_path / "file" / "below")
    lines.mark(TEXT, [1])
    assert lines.among(TEXT) == {1}
    assert "Set HEATLINE_STATE to a writable folder." in lines.problem
    lines.close()


def test_a_file_that_fails_later_is_given_up(lines: ReviewedLines) -> None:
    with sqlite3.connect(lines.path) as other:
        other.execute("drop table reviewed")
    other.close()
    lines.mark(TEXT, [1])
    assert lines.among(TEXT) == {1}
    assert lines.problem


def test_the_repository_is_the_workspace(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert workspace_root(tmp_path / "a" / "b") == tmp_path.resolve()


def test_lone_surrogates_have_marks() -> None:
    assert list(line_marks("a\n\ud800\n")) == [0, 1]
