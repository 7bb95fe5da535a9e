"""`heatline check` with a tiny random supervisor and probe: everything but sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import heatline
from tests.tiny import NAME, tiny_probe, tiny_supervisor

Run = Callable[..., Any]
ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "examples" / "intervals.py"


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


def report(ran: Any) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def test_the_json_report_is_what_its_schema_says(run: Run) -> None:
    schema = json.loads((ROOT / "docs" / "json.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(report(run("check", SAMPLE, "--format", "json")), schema)


def test_every_line_that_is_not_blank_is_in_it_with_all_its_text_in_tokens(run: Run) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    lines = report(run("check", SAMPLE, "--format", "json"))["files"][0]["lines"]
    assert [line["line"] for line in lines] == [
        number for number, line in enumerate(text.splitlines(), 1) if line.strip()
    ]
    for line in lines:
        covered = {offset for token in line["tokens"] for offset in range(token["start"], token["end"])}
        assert all(text[at].isspace() for at in range(line["start"], line["end"]) if at not in covered)


def test_every_function_is_in_the_table(run: Run) -> None:
    out = run("check", SAMPLE, "--all").out
    assert all(name in out for name in ("parse_intervals", "merge_intervals", "total_length", "contains"))


def test_a_second_run_gives_the_same_report_from_the_cache(run: Run) -> None:
    assert run("check", SAMPLE, "--format", "json").out == run("check", SAMPLE, "--format", "json").out


def test_explain_names_tokens_of_the_flagged_lines(run: Run) -> None:
    assert "raised by  “" in run("check", SAMPLE, "--explain", "--threshold", "0").out


def test_lines_end_where_the_report_says(run: Run, tmp_path: Path) -> None:
    text = "x = 'é漢😀'\r\n\x0cy = 2\rz = 3"
    (tmp_path / "a.py").write_bytes(text.encode())
    lines = report(run("check", "a.py", "--format", "json", "--with-text"))["files"][0]["lines"]
    assert [(line["line"], line["text"]) for line in lines] == [
        (1, "x = 'é漢😀'"),
        (2, "\x0cy = 2"),
        (3, "z = 3"),
    ]
    assert all(text[line["start"] : line["end"]] == line["text"] for line in lines)


def test_broken_syntax_is_scored(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(:\n    return )\n")
    assert len(report(run("check", "a.py", "--format", "json"))["files"][0]["lines"]) == 2


def test_an_unknown_language_has_its_sentence(run: Run) -> None:
    ran = run("check", SAMPLE, "--language", "klingon")
    assert ran.code == 2
    assert ran.err.startswith("heatline: There is no language “klingon” here. Choose one of bash, c, ")


def test_an_unknown_supervisor_has_its_sentence(run: Run) -> None:
    ran = run("check", SAMPLE, "--supervisor", "nowhere")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "There is no supervisor" in ran.err


def test_a_cache_that_cannot_be_written_is_said_and_scored_without(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEATLINE_CACHE", str(tmp_path / "file"))
    ran = run("check", SAMPLE)
    assert ran.code == 0
    assert "merge_intervals" in ran.out


@pytest.mark.parametrize("megabytes", [0, 3])
def test_the_cache_is_as_large_as_the_settings_say(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int
) -> None:
    load, asked = heatline.load, []

    def watched(*arguments: Any, **options: Any) -> heatline.Scorer:
        asked.append(options["cache"])
        return load(*arguments, **options)

    monkeypatch.setattr("heatline.load", watched)
    (tmp_path / "heatline.toml").write_text(f"cacheSizeMb = {megabytes}\n")
    (tmp_path / "a.py").write_text("x = 1\n")
    assert run("check", "a.py").code == 0
    assert asked == [megabytes << 20]


def test_a_full_disk_while_the_report_is_written_is_one_sentence(run: Run) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    import os
    import subprocess
    import sys

    with full.open("wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-c", "from heatline.cli import main; main()", "check", str(SAMPLE)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=dict(os.environ),
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_finds_the_supervisor_and_its_probe(run: Run) -> None:
    findings = {finding["name"]: finding for finding in json.loads(run("doctor", "--json").out)}
    assert findings["supervisors"]["status"] == "ok"
    assert findings["probes"]["found"] == f"tiny-probe for {NAME}"
