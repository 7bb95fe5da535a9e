"""Which lines count as generated."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline.errors import InputError
from heatline.scoring.generated import changed_lines, differing_ranges


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / "a.py").write_bytes(b"one\ntwo\nthree\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_an_unchanged_file_has_no_changed_lines(repository: Path) -> None:
    assert changed_lines(repository / "a.py", "one\ntwo\nthree\n") == []


def test_the_text_is_compared_not_what_is_on_disk(repository: Path) -> None:
    assert changed_lines(repository / "a.py", "one\n2\nthree\nfour\n") == [(1, 2), (3, 4)]


def test_other_line_ends_are_no_change(repository: Path) -> None:
    assert changed_lines(repository / "a.py", "one\r\ntwo\rthree") == []


def test_a_form_feed_ends_no_line(repository: Path) -> None:
    assert changed_lines(repository / "a.py", "one\n\x0ctwo\u2028\nthree\n") == [(1, 2)]


def test_a_deleted_line_leaves_no_range(repository: Path) -> None:
    assert changed_lines(repository / "a.py", "one\nthree\n") == []


def test_an_untracked_file_is_changed_as_a_whole(repository: Path) -> None:
    assert changed_lines(repository / "new.py", "a\nb\n") == [(0, 2)]


def test_an_empty_untracked_file_has_no_changed_lines(repository: Path) -> None:
    assert changed_lines(repository / "new.py", "") == []


def test_a_repository_without_a_commit_counts_every_line(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert changed_lines(tmp_path / "a.py", "a\n") == [(0, 1)]


def test_another_base_can_be_named(repository: Path) -> None:
    (repository / "a.py").write_text("one\n2\nthree\n")
    git(repository, "commit", "-qam", "second")
    assert changed_lines(repository / "a.py", "one\n2\nthree\n", "HEAD~1") == [(1, 2)]
    assert changed_lines(repository / "a.py", "one\n2\nthree\n", "trunk") == []


def test_a_file_in_a_subfolder_is_found(repository: Path) -> None:
    (repository / "sub").mkdir()
    (repository / "sub" / "b.py").write_text("x\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "sub")
    assert changed_lines(repository / "sub" / "b.py", "x\ny\n") == [(1, 2)]


@pytest.mark.parametrize("base", ["nowhere", "--output=stolen", "-h", "HEAD:a.py", ""])
def test_a_base_that_is_no_commit_is_one_sentence(repository: Path, base: str) -> None:
    with pytest.raises(InputError, match="There is no commit"):
        changed_lines(repository / "a.py", "one\n", base)
    assert not (repository / "stolen").exists()


@pytest.mark.parametrize("name", ["-rf.py", "a b.py", "é.py", "$(id).py", "HEAD"])
def test_awkward_names_are_only_names(repository: Path, name: str) -> None:
    (repository / name).write_text("one\n")
    git(repository, "add", "--", name)
    git(repository, "commit", "-qm", "awkward")
    assert changed_lines(repository / name, "one\ntwo\n") == [(1, 2)]


def test_outside_a_repository_the_answer_is_none(tmp_path: Path) -> None:
    assert changed_lines(tmp_path / "a.py", "a\n") is None


def test_in_a_folder_that_is_gone_the_answer_is_none(tmp_path: Path) -> None:
    assert changed_lines(tmp_path / "gone" / "a.py", "a\n") is None


def test_without_git_the_answer_is_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert changed_lines(repository / "a.py", "a\n") is None


def test_a_repository_named_by_the_environment_is_ignored(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    assert changed_lines(elsewhere / "a.py", "a\n") is None


@pytest.mark.skipif(os.name == "nt", reason="the marker program is a shell script")
def test_programs_named_by_the_repository_are_not_run(repository: Path) -> None:
    program = repository / "program.sh"
    program.write_text('#!/bin/sh\ntouch "$(dirname "$0")/ran"\ncat "$1"\n')
    program.chmod(0o755)
    (repository / ".gitattributes").write_text("*.py diff=evil filter=evil\n")
    for key in ("diff.evil.textconv", "diff.evil.command", "filter.evil.smudge", "core.fsmonitor"):
        git(repository, "config", key, str(program))
    assert changed_lines(repository / "a.py", "one\ntwo\nthree\n") == []
    assert not (repository / "ran").exists()


def test_a_latin_1_file_with_a_cookie_compares_equal(repository: Path) -> None:
    text = "# -*- coding: latin-1 -*-\nname = 'é'\n"
    (repository / "l.py").write_bytes(text.encode("latin-1"))
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "latin")
    assert changed_lines(repository / "l.py", text) == []


def test_a_symlink_is_compared_with_the_file_it_points_to(repository: Path) -> None:
    link = repository / "link.py"
    try:
        link.symlink_to("a.py")
    except OSError:
        pytest.skip("this system makes no symbolic links")
    assert changed_lines(link, "one\ntwo\nthree\n") == []


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(LINES, LINES)
def test_every_line_outside_the_ranges_comes_from_before(before: list[str], after: list[str]) -> None:
    changed = {line for first, last in differing_ranges(before, after) for line in range(first, last)}
    kept = [line for number, line in enumerate(after) if number not in changed]
    rest = iter(before)
    assert all(line in rest for line in kept)


@given(LINES)
def test_equal_texts_have_no_ranges(lines: list[str]) -> None:
    assert differing_ranges(lines, lines) == []
