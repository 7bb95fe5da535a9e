"""Trees of any size: one file in memory, in the order of paths, and nothing that was scored is scored again."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heatline.cli import check_run
from tests.tiny import NAME, tiny_probe, tiny_supervisor

Run = Callable[..., Any]


@pytest.mark.parametrize("form", ["terminal", "json", "sarif", "github", "gitlab", "html"])
def test_one_checked_file_is_in_memory_at_a_time(run: Run, scorer: Any, tmp_path: Path, form: str) -> None:
    for number in range(8):
        (tmp_path / f"{number}.py").write_text("a = 1  # 0.50\n")
    alive: list[weakref.ref[Any]] = []
    most = 0
    score = scorer.score

    def counting(*arguments: Any, **options: Any) -> Any:
        nonlocal most
        gc.collect()
        most = max(most, sum(each() is not None for each in alive))
        scored = score(*arguments, **options)
        alive.append(weakref.ref(scored))
        return scored

    scorer.score = counting
    assert run("check", ".", "--format", form).code == 0
    assert len(alive) == 8
    assert most <= 1


def test_files_are_reported_in_the_order_of_their_paths(run: Run, scorer: Any, tmp_path: Path) -> None:
    names = ["b.py", "a/z.py", "a/b/c.py", "B.py", "c.go"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    report = json.loads(run("check", ".", "--format", "json").out)
    assert [file["path"] for file in report["files"]] == [str(path) for path in sorted(map(Path, names))]


def test_every_unreadable_file_has_one_sentence_and_the_others_are_checked(
    run: Run, scorer: Any, tmp_path: Path
) -> None:
    for number in range(6):
        (tmp_path / f"{number}.py").write_bytes(b"\xff\n" if number % 2 else b"x = 1\n")
    ran = run("check", ".", "--format", "json")
    report = json.loads(ran.out)
    assert (ran.code, len(report["files"]), ran.err.count("\n")) == (2, 3, 3)
    assert [error["path"] for error in report["errors"]] == ["1.py", "3.py", "5.py"]


def test_an_interrupted_run_is_taken_up_again_from_the_cache(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tiny_supervisor(tmp_path / "models")
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(tmp_path / "models" / "supervisors"))
    monkeypatch.setenv("HEATLINE_SUPERVISOR", NAME)
    monkeypatch.setenv("HEATLINE_PROBE", str(tiny_probe(bundle, tmp_path / "probes")))
    monkeypatch.setenv("HEATLINE_CACHE", str(tmp_path / "cache"))
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f"def {name[0]}(x):\n    return x + 1\n")
    checking = check_run.check_source

    def interrupted(source: Any, *arguments: Any) -> Any:
        if source.name == "b.py":
            raise KeyboardInterrupt
        return checking(source, *arguments)

    monkeypatch.setattr(check_run, "check_source", interrupted)
    assert run("check", "a.py", "b.py").code == 130

    def no_model(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(check_run, "check_source", checking)
    monkeypatch.setattr("heatline.supervisor.session.SupervisorSession.__init__", no_model)
    assert run("check", "a.py", "--format", "json").code == 0
