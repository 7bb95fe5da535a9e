"""Changed lines against HEAD without running git at every edit, and the files that changed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from heatline.lsp import committed_texts
from heatline.lsp.changed_files import changed_files
from heatline.lsp.committed_texts import CommittedTexts, head_stamp


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(
        ["git", *identity, *arguments], cwd=folder, env=environment, check=True, capture_output=True
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("one\ntwo\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_git_runs_once_for_many_edits(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Path] = []
    real = committed_texts.committed_file
    monkeypatch.setattr(committed_texts, "committed_file", lambda path: (runs.append(path), real(path))[1])
    texts = CommittedTexts()
    path = repository / "a.py"
    assert [texts.changed_lines(path, f"one\n{word}\n") for word in ("two", "2", "3")] == [
        [],
        [(1, 2)],
        [(1, 2)],
    ]
    assert runs == [path]


def test_a_commit_is_noticed(repository: Path) -> None:
    texts = CommittedTexts()
    path = repository / "a.py"
    path.write_text("one\n2\n")
    assert texts.changed_lines(path, "one\n2\n") == [(1, 2)]
    before = head_stamp(repository)
    git(repository, "commit", "-q", "-a", "-m", "second")
    assert head_stamp(repository) != before
    assert texts.changed_lines(path, "one\n2\n") == []


def test_a_linked_worktree_has_its_own_head(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    linked = tmp_path_factory.mktemp("linked") / "tree"
    git(repository, "worktree", "add", "-q", str(linked))
    before = head_stamp(linked), head_stamp(repository)
    (linked / "a.py").write_text("other\n")
    git(linked, "commit", "-q", "-a", "-m", "there")
    assert (head_stamp(linked) != before[0], head_stamp(repository) != before[1]) == (True, False)
    assert CommittedTexts().changed_lines(linked / "a.py", "other\n") == []


def test_outside_a_repository_all_counts(tmp_path: Path) -> None:
    assert (head_stamp(tmp_path), CommittedTexts().changed_lines(tmp_path / "a.py", "one\n")) == (None, None)


def test_changed_staged_and_new_files_are_listed_and_others_are_not(repository: Path) -> None:
    (repository / "a.py").write_text("one\nthree\n")
    (repository / "staged.py").write_text("new\n")
    git(repository, "add", "staged.py")
    (repository / "new.py").write_text("new\n")
    (repository / ".gitignore").write_text("ignored.py\n")
    (repository / "ignored.py").write_text("no\n")
    names = [path.name for path in changed_files(repository)]
    assert names == [".gitignore", "a.py", "new.py", "staged.py"]


def test_listing_runs_no_filter_of_the_repository(repository: Path) -> None:
    """A folder that somebody sent must not run programs because it was opened."""
    ran = repository / "ran"
    git(repository, "config", "filter.evil.clean", f"touch {ran}; cat")
    (repository / ".gitattributes").write_text("*.py filter=evil\n")
    (repository / "a.py").write_text("one\nfour\n")
    changed_files(repository)
    CommittedTexts().changed_lines(repository / "a.py", "one\nfour\n")
    assert not ran.exists()
