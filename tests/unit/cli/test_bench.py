"""`heatline bench` with a tiny random supervisor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from heatline.cli.bench import Bench, text
from heatline.supervisor import speed
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.speed import LENGTHS, SUFFIXES, Speed
from tests.tiny import NAME, tiny_supervisor

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_supervisor(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def environment(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(bundle.parent))
    monkeypatch.setenv("HEATLINE_SUPERVISOR", NAME)


def test_every_length_and_suffix_is_measured(run: Run) -> None:
    measured = json.loads(run("bench", "--json").out)
    assert [int(length) for length in measured["speed"]["tokens_per_second"]] == list(LENGTHS)
    assert [int(length) for length in measured["speed"]["suffix_milliseconds"]] == list(SUFFIXES)
    assert measured["difference"] is None  # there is only the processor


def test_it_says_what_ran_on_what_and_why(run: Run) -> None:
    measured = json.loads(run("bench", "--device", "cpu", "--threads", "1", "--json").out)
    assert [measured[name] for name in ("supervisor", "precision", "device", "why", "threads")] == [
        *(NAME, "int8", "cpu", "it was asked for", 1)
    ]
    assert {"heatline", "onnxruntime", "numpy", "Python"} <= measured["versions"].keys()


def test_a_device_that_is_not_there_is_said_and_the_processor_is_measured(run: Run) -> None:
    out = run("bench", "--device", "directml").out
    assert "device      cpu, because this onnxruntime has no DmlExecutionProvider" in out
    assert "the processor is used instead" in out
    assert "tokens/s" in out


def test_a_supervisor_that_is_not_here_is_an_error_that_says_how_to_get_it(run: Run) -> None:
    ran = run("bench", "--supervisor", "smollm2-135m")
    assert (ran.code, ran.out) == (2, "")
    assert "heatline supervisor pull smollm2-135m" in ran.err


def test_the_text_names_nobodys_folders(run: Run, bundle: Path) -> None:
    assert str(bundle.parent) not in run("bench").out


def test_a_cards_difference_from_the_processor_is_in_the_text() -> None:
    measured = Bench(
        versions={"heatline": "1"}, system="Linux", processor="P", cores=4, features=None, load_average=None,
        supervisor="s", layers=2, precision="fp16", kernel="u8s8", device="cuda", why="it was asked for", warning="",
        threads=3, open_seconds=1.5, peak_megabytes=None, speed=Speed({64: 1234.4}, {1: 2.25}),
        difference={"median": 0.0216, "p99": 0.0335},
    )  # fmt: skip
    assert "\n".join(text(measured)).splitlines() == [
        "versions    heatline 1",
        "system      Linux",
        "processor   P: 4 cores, features not known",
        "supervisor  s: 2 layers, fp16",
        "device      cuda, because it was asked for",
        "threads     3",
        "opened in   1.50 s",
        "memory      not known",
        "numbers     hidden states differ from the int8 build's on the processor by 2.2% (99 of 100 by less than 3.4%)",
        "",
        "   64 tokens from scratch     1,234 tokens/s",
        "    1 more after 512            2.2 ms",
    ]


def test_speed_is_tokens_by_the_clock_and_the_first_run_is_not_counted(bundle: Path) -> None:
    seconds: Iterator[int] = count()  # every look at the clock is a second after the last
    found = speed.measure_speed(SupervisorSession(bundle, threads=1), clock=lambda: next(seconds))
    assert found.tokens_per_second == {length: float(length) for length in LENGTHS}
    assert found.suffix_milliseconds == dict.fromkeys(SUFFIXES, 1000.0)
