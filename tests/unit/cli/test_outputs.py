"""Which report goes where, and that a file is replaced whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heatline.cli.destinations import Format, Order, orders
from heatline.errors import SettingsError

Run = Callable[..., Any]
SAMPLE = "a = 1\nb = 2  # 0.40\n\nc = 3  # 0.20\n"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(SAMPLE)
    return path


@pytest.mark.parametrize(
    ("formats", "outputs", "chosen"),
    [
        ([], [], [("terminal", None)]),
        (["json"], [], [("json", None)]),
        ([], ["r.html"], [("html", "r.html")]),
        ([], ["r.sarif", "r.json"], [("sarif", "r.sarif"), ("json", "r.json")]),
        (["json"], ["r.json"], [("json", "r.json")]),
        (["gitlab"], ["r.json"], [("gitlab", "r.json")]),
        (["github"], ["r.sarif"], [("sarif", "r.sarif"), ("github", None)]),
        (["terminal", "html"], ["out"], [("terminal", "out"), ("html", None)]),
        (["sarif"], ["r.SARIF"], [("sarif", "r.SARIF")]),
    ],
)
def test_formats_and_files_find_each_other(
    formats: list[str], outputs: list[str], chosen: list[tuple[str, str | None]]
) -> None:
    expected = [Order(Format(name), Path(path) if path else None) for name, path in chosen]
    assert orders([Format(name) for name in formats], [Path(path) for path in outputs]) == expected


def test_two_reports_cannot_share_standard_output() -> None:
    with pytest.raises(SettingsError, match="json and html"):
        orders([Format.json, Format.html], [])


def test_a_file_of_unknown_format_is_named() -> None:
    with pytest.raises(SettingsError, match=r"report\.xyz says nothing"):
        orders([], [Path("report.xyz")])


def test_a_report_goes_to_its_file_and_nothing_to_standard_output(
    run: Run, scorer: Any, sample: Path
) -> None:
    ran = run("check", "a.py", "--output", "r.json")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert len(json.loads(sample.with_name("r.json").read_text())["files"]) == 1


def test_several_reports_come_of_one_run(run: Run, scorer: Any, sample: Path) -> None:
    ran = run("check", "a.py", "--format", "github", "-o", "r.sarif", "-o", "r.html", "-o", "r.txt")
    assert ran.out.startswith("::warning file=a.py,line=2,")
    assert len(scorer.calls) == 1
    assert json.loads((sample.parent / "r.sarif").read_text())["version"] == "2.1.0"
    assert (sample.parent / "r.html").read_text().endswith("</html>\n")
    assert "40 % │ b = 2" in (sample.parent / "r.txt").read_text()


def test_an_interruption_leaves_the_file_as_it_was(run: Run, scorer: Any, sample: Path) -> None:
    (sample.parent / "b.py").write_text("interrupt\n")
    (sample.parent / "r.json").write_text("before")
    ran = run("check", "a.py", "b.py", "-o", "r.json")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == (
        "heatline: Stopped after 1 of 2 files. What was scored is kept: the next run goes on from there.\n"
    )
    assert (sample.parent / "r.json").read_text() == "before"
    assert sorted(path.name for path in sample.parent.iterdir()) == ["a.py", "b.py", "r.json"]


def test_a_document_on_standard_output_is_whole_or_missing(run: Run, scorer: Any, sample: Path) -> None:
    (sample.parent / "b.py").write_text("mistake\n")
    assert run("check", "a.py", "b.py", "--format", "json").out == ""


def test_a_file_that_cannot_be_written_is_said_before_anything_is_scored(
    run: Run, scorer: Any, sample: Path
) -> None:
    ran = run("check", "a.py", "-o", "gone/r.json")
    assert ran.code == 2
    assert ran.err.startswith("heatline: gone/r.json can't be written (No such file or directory).")
    assert scorer.calls == []


def test_a_link_stays_a_link(run: Run, scorer: Any, sample: Path) -> None:
    target, link = sample.with_name("real.json"), sample.with_name("r.json")
    target.write_text("")
    link.symlink_to(target)
    run("check", "a.py", "-o", "r.json")
    assert link.is_symlink()
    assert json.loads(target.read_text())["files"]


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="there is no /dev/null here")  # noqa: PTH110
def test_a_device_is_written_to_and_not_replaced(run: Run, scorer: Any, sample: Path) -> None:
    assert run("check", "a.py", "--format", "json", "-o", "/dev/null").code == 0
    assert not Path("/dev/null").is_file()


def test_the_pre_commit_hook_calls_what_there_is(run: Run, scorer: Any, sample: Path) -> None:
    hooks = (Path(__file__).parents[3] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    entry = re.search(r"^  entry: heatline (.+)$", hooks, re.M)
    assert entry is not None
    ran = run(*entry.group(1).split(), "a.py")
    assert (ran.code, len(scorer.calls)) == (0, 1)
