"""`heatline check --watch`: first everything, then what changed, until Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heatline.cli.check_run import CheckRun, Wish
from heatline.cli.destinations import Format, Order
from heatline.cli.watching import watch_files

SAMPLE = "a = 1  # 0.50\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATLINE_STATE", str(tmp_path / ".state"))
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(SAMPLE)
    return tmp_path


def watch(*steps: Callable[[], object]) -> int:
    """Watches the current folder; between two looks one of ``steps`` is taken, and then comes Ctrl-C."""
    left = list(steps)

    def pause(seconds: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    return watch_files(CheckRun(Wish((Path(),), (Order(Format.terminal, None),))), pause)


def test_everything_is_checked_once_and_ctrl_c_is_a_good_end(
    scorer: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert watch(lambda: None, lambda: None) == 0
    assert [path.name for _, _, path in scorer.calls] == ["a.py", "b.py"]
    assert "Watching 2 files; Ctrl-C ends it." in capsys.readouterr().err
    assert scorer.closed


def test_only_what_changed_is_checked_again(
    scorer: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(lambda: (folder / "b.py").write_text(SAMPLE + "b = 2  # 0.60\n"))
    assert [path.name for _, _, path in scorer.calls] == ["a.py", "b.py", "b.py"]
    assert "1 file changed" in capsys.readouterr().out


def test_a_new_file_is_seen_and_a_removed_one_is_no_mistake(scorer: Any, folder: Path) -> None:
    watch(lambda: (folder / "c.py").write_text(SAMPLE), (folder / "a.py").unlink)
    assert [path.name for _, _, path in scorer.calls] == ["a.py", "b.py", "c.py"]


def test_a_file_of_the_same_size_is_seen_by_its_time(scorer: Any, folder: Path) -> None:
    def rewrite() -> None:
        (folder / "a.py").write_text(SAMPLE.replace("1", "2"))
        os.utime(folder / "a.py", (1, 1))

    watch(rewrite)
    assert len(scorer.calls) == 3


def test_a_broken_file_is_said_and_watching_goes_on(
    scorer: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        watch(lambda: (folder / "a.py").write_bytes(b"\xff"), lambda: (folder / "a.py").write_text("c = 1\n"))
        == 0
    )
    assert "a.py is not UTF-8" in capsys.readouterr().err
    assert len(scorer.calls) == 3


def test_ctrl_c_while_scoring_is_a_good_end_too(scorer: Any, folder: Path) -> None:
    assert watch(lambda: (folder / "a.py").write_text("interrupt\n")) == 0
    assert scorer.closed


@pytest.mark.parametrize("options", [("--format", "json"), ("-o", "r.html"), ("-",)])
def test_watching_is_for_files_and_the_terminal(
    run: Callable[..., Any], scorer: Any, options: tuple[str, ...]
) -> None:
    assert run("check", "--watch", *options).code == 2
