"""Which files are checked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from heatline.cli.discover import Selection, chosen_languages, discover
from heatline.noise.globs import PathFilter


def write(folder: Path, *names: str, text: str = "x = 1\n") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(folder: Path) -> list[str]:
    candidates, _ = discover([folder])
    return [candidate.path.relative_to(folder).as_posix() for candidate in candidates]


def test_a_named_file_is_taken_whatever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "vendor" / "x.min.js"
    candidates, errors = discover([path])
    assert [(c.path, c.named) for c in candidates] == [(path, True)]
    assert errors == []


def test_a_folder_gives_its_sources_in_order(tmp_path: Path) -> None:
    write(tmp_path, "b.py", "a/c.go", "README.md", "data.json")
    assert names(tmp_path) == ["a/c.go", "b.py"]


def test_hidden_and_built_folders_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, ".venv/a.py", "build/b.py", "node_modules/c.js", "src/.d.py", "src/e.py")
    assert names(tmp_path) == ["src/e.py"]


def test_the_ignore_file_is_honoured_and_new_files_are_seen(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    write(tmp_path, "tracked.py", "new.py", "ignored.py", "build/tracked.py", "gone.py")
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    subprocess.run(["git", "add", "tracked.py", "build", "gone.py"], cwd=tmp_path, check=True)
    (tmp_path / "gone.py").unlink()
    assert names(tmp_path) == ["build/tracked.py", "new.py", "tracked.py"]


def test_a_folder_inside_a_repository_lists_only_itself(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    write(tmp_path, "a.py", "sub/b.py")
    assert names(tmp_path / "sub") == ["b.py"]


@pytest.mark.parametrize(
    "name",
    [
        "jquery.min.js",
        "vendor/a.py",
        "a_pb2.py",
        "a.pb.go",
        "package-lock.json",
        "node_modules/a/b.js",
        "Makefile",
    ],
)
def test_files_nobody_edits_by_hand_are_passed_over(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "kept.py")
    assert names(tmp_path) == ["kept.py"]


def test_globs_start_at_the_settings_folder(tmp_path: Path) -> None:
    write(tmp_path, "sub/a.py", "sub/b.py", "sub/deep/a.py")
    selection = Selection(tmp_path, PathFilter(exclude=["sub/a.py"]))
    candidates, _ = discover([tmp_path / "sub"], selection)
    assert [c.path.relative_to(tmp_path).as_posix() for c in candidates] == ["sub/b.py", "sub/deep/a.py"]


def test_an_excluded_file_that_is_named_is_taken_unless_exclusion_is_forced(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    globs = PathFilter(exclude=["a.py"])
    assert len(discover([tmp_path / "a.py"], Selection(tmp_path, globs))[0]) == 1
    assert discover([tmp_path / "a.py"], Selection(tmp_path, globs, also_named=True)) == ([], [])


def test_only_the_chosen_languages_are_taken(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.go", "c.kt")
    selection = Selection(tmp_path, languages=chosen_languages(["golang", "go", "plain"]))
    candidates, _ = discover([tmp_path], selection)
    assert [c.path.name for c in candidates] == ["b.go", "c.kt"]


def test_generated_files_are_taken_when_the_settings_say_so(tmp_path: Path) -> None:
    write(tmp_path, "a_pb2.py")
    assert len(discover([tmp_path], Selection(tmp_path, skip_generated=False))[0]) == 1


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    try:
        (tmp_path / "link.py").symlink_to("a.py")
    except OSError:
        pytest.skip("this system makes no symbolic links")
    assert names(tmp_path) == ["a.py"]


def test_a_file_is_checked_once_however_often_it_is_given(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    candidates, _ = discover([tmp_path, tmp_path / "a.py", tmp_path / "." / "a.py"])
    assert [candidate.named for candidate in candidates] == [True]


def test_a_folder_without_sources_is_one_error_and_the_rest_is_found(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path, "a.py")
    candidates, errors = discover([tmp_path / "empty", tmp_path / "a.py"])
    assert [candidate.path.name for candidate in candidates] == ["a.py"]
    assert [folder for folder, _ in errors] == [tmp_path / "empty"]
    assert str(errors[0][1]).startswith("There is no source file in")
