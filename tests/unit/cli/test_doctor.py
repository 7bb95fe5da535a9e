"""`heatline doctor`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from heatline.cli import checkup, diagnosis
from heatline.cli.diagnosis import Check, Finding, Status, diagnose
from heatline.errors import BundleError
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore
from tests.tiny import NAME, tiny_supervisor

Run = Callable[..., Any]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the doctor find just these things."""

    def found(*findings: Finding) -> None:
        def checks() -> Mapping[str, Check]:
            return {finding.name: lambda finding=finding: finding for finding in findings}  # type: ignore[misc]

        monkeypatch.setattr(checkup, "checks", checks)

    return found


WELL = Finding("git", Status.ok, "2.39")
SLOW = Finding("processor", Status.warn, "no AVX2", "Expect slow scoring.")
BROKEN = Finding("supervisors", Status.fail, "none", "Fetch one.")


@pytest.mark.parametrize(("findings", "code"), [((WELL,), 0), ((WELL, SLOW), 0), ((BROKEN, WELL), 1)])
def test_only_a_failure_exits_with_1(
    run: Run, found: Callable[..., None], findings: tuple[Finding, ...], code: int
) -> None:
    found(*findings)
    assert run("doctor").code == code


def test_each_finding_is_a_line_and_what_mends_it_follows(run: Run, found: Callable[..., None]) -> None:
    found(WELL, BROKEN)
    assert run("doctor").out == (
        "ok    git          2.39\nfail  supervisors  none\n                   Fetch one.\n"
    )


def test_findings_can_be_had_as_json(run: Run, found: Callable[..., None]) -> None:
    found(SLOW)
    assert json.loads(run("doctor", "--json").out) == [
        {"name": "processor", "status": "warn", "found": "no AVX2", "mend": "Expect slow scoring."}
    ]


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on() -> None:
    def breaks() -> Finding:
        raise RuntimeError("odd")

    def refuses() -> Finding:
        raise BundleError("The bundle is incomplete. Build it again.")

    assert diagnose({"a": breaks, "b": refuses, "c": lambda: WELL}) == [
        Finding("a", Status.fail, "could not be looked at (RuntimeError: odd)"),
        Finding("b", Status.fail, "The bundle is incomplete", "Build it again."),
        WELL,
    ]


def test_this_machine_can_be_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(tmp_path))
    findings = {finding.name: finding for finding in diagnose(checkup.checks())}
    assert findings.keys() == checkup.checks().keys()
    assert all(
        findings[name].status is Status.ok for name in ("python", "onnxruntime", "grammars", "threads")
    )
    assert all(finding.mend for finding in findings.values() if finding.status is not Status.ok)


def test_without_a_supervisor_it_says_how_to_get_one(tmp_path: Path) -> None:
    finding = checkup.supervisors(SupervisorStore(tmp_path))
    assert finding.status is Status.fail
    assert "heatline supervisor pull" in finding.mend


def test_a_bundle_that_cannot_be_read_fails(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "card.json").write_text("{")
    assert checkup.supervisors(SupervisorStore(tmp_path)).status is Status.fail


def test_a_grammar_that_does_not_load_is_a_warning() -> None:
    finding = diagnosis.grammars([("tree_sitter_python", "language"), ("tree_sitter_klingon", "language")])
    assert finding.status is Status.warn
    assert "klingon" in finding.found


def test_a_processor_without_avx2_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    (tmp_path / "cpuinfo").write_text("flags : fpu sse2\n")
    assert diagnosis.processor(tmp_path / "cpuinfo").status is Status.warn
    (tmp_path / "cpuinfo").write_text("flags : fpu sse2 avx2\n")
    assert diagnosis.processor(tmp_path / "cpuinfo").status is Status.ok


def test_a_processor_whose_features_are_not_told_is_no_problem(tmp_path: Path) -> None:
    assert diagnosis.processor(tmp_path / "none").status is Status.ok


def test_git_that_is_not_there_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert diagnosis.git().status is Status.warn


def test_a_folder_that_is_not_there_yet_is_looked_for_above(tmp_path: Path) -> None:
    assert diagnosis.writable("cache", tmp_path / "a" / "b", "HEATLINE_CACHE").status is Status.ok
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_a_warning() -> None:
    finding = diagnosis.writable("cache", Path("/proc/1/nothing"), "HEATLINE_CACHE")
    if os.name == "posix" and Path("/proc").is_dir():
        assert finding.status is Status.warn
        assert "HEATLINE_CACHE" in finding.mend


def test_little_disk_space_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 5_000_000

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage)
    assert diagnosis.disk(tmp_path).status is Status.warn


@pytest.mark.parametrize(
    ("available", "status", "said"),
    [({"cpu"}, Status.ok, "no fp16 build"), ({"cpu", "cuda"}, Status.warn, "no fp16 build")],
)
def test_what_runs_the_supervisor_is_said_and_why(
    tmp_path: Path, available: set[str], status: Status, said: str
) -> None:
    bundle = tiny_supervisor(tmp_path)
    finding = checkup.device(SupervisorStore(bundle.parent), {"HEATLINE_SUPERVISOR": NAME}, lambda: available)
    assert (finding.status, said in finding.found) == (status, True)
    assert ("supervisor build tiny --precision fp16" in finding.mend) == ("cuda" in available)


def test_a_card_that_fails_is_a_warning_with_what_it_said(tmp_path: Path) -> None:
    bundle = tiny_supervisor(tmp_path)
    store = SupervisorStore(bundle.parent)
    store.build(NAME, tmp_path / "tiny-llama.gguf", precision="fp16")

    def opened(folder: Path, *_: object) -> SupervisorSession:
        return SupervisorSession(folder, 1, "cpu", "cuda failed", "The card is broken.")

    finding = checkup.device(store, {"HEATLINE_SUPERVISOR": NAME}, lambda: {"cpu", "cuda"}, opened)
    assert finding == Finding("device", Status.warn, "cpu, because cuda failed", "The card is broken.")
