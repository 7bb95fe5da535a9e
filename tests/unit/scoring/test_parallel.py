"""Scopes scored side by side: the same bits, longest first, begun ahead, and given up when nobody waits any more."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import heatline
from heatline.errors import SupervisorError
from heatline.probe import SpanProbe
from heatline.scoring.cache import FeatureCache
from heatline.scoring.cancellation import Cancelled
from heatline.scoring.engine import Engine
from heatline.scoring.parallel import BYTES_EACH, MOST, ParallelEngine, free_memory, side_by_side
from heatline.supervisor.session import SupervisorSession
from tests.tiny import NAME, tiny_probe, tiny_supervisor

FUNCTION = "def f{0}(x):\n    y = x + {0}\n    return y\n\n\n"
TEXT = "import os\n\n\n" + "".join(FUNCTION.format(n) + "# more\n" * n for n in range(12))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_supervisor(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def probe(bundle: Path) -> SpanProbe:
    return SpanProbe.load(tiny_probe(bundle))


def features(engine: Engine, text: str = TEXT) -> list[np.ndarray]:
    return [scope.features for scope in engine.scope_features(text, "python")]


@pytest.mark.parametrize(("sessions", "threads"), [(1, 1), (2, 1), (3, 1), (2, 2), (1, 4)])
def test_the_bits_are_those_of_one_engine_with_one_thread(
    bundle: Path, probe: SpanProbe, sessions: int, threads: int
) -> None:
    expected = features(Engine(lambda: SupervisorSession(bundle, 1), probe))
    engine = ParallelEngine(lambda: SupervisorSession(bundle, threads), probe, sessions=sessions)
    found = features(engine)
    engine.close()
    assert len(found) == len(expected)
    assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))


def test_scopes_come_in_the_order_of_the_text_where_they_stand(bundle: Path, probe: SpanProbe) -> None:
    engine = ParallelEngine(lambda: SupervisorSession(bundle, 1), probe, sessions=2)
    found = list(engine.scope_features("\n\n" + TEXT, "python"))
    engine.close()
    starts = [keyed.scope.start for keyed in engine.outline("\n\n" + TEXT, "python")]
    assert [scope.start for scope in found] == starts
    assert all(scope.start <= start < scope.end for scope in found for start in scope.token_spans[:, 0])


def recorded(monkeypatch: pytest.MonkeyPatch, note: Callable[[int], None]) -> None:
    """Notes the length of every scope that an engine is asked for, as its work begins."""
    score = Engine.features

    def features(self: Engine, text: str, keyed: object, **options: object) -> object:
        note(keyed.scope.end - keyed.scope.start)  # type: ignore[attr-defined]
        return score(self, text, keyed, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "features", features)


def test_the_longest_scopes_go_first(bundle: Path, probe: SpanProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    recorded(monkeypatch, lengths.append)
    engine = ParallelEngine(lambda: SupervisorSession(bundle, 1), probe, sessions=1)
    features(engine)
    engine.close()
    assert lengths == sorted(lengths, reverse=True)


def test_what_is_expected_is_scored_before_it_is_asked_for(
    bundle: Path, probe: SpanProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    recorded(monkeypatch, lambda length: begun.set())
    engine = ParallelEngine(lambda: SupervisorSession(bundle, 1), probe, sessions=1)
    engine.expect(TEXT, "python")
    assert begun.wait(60)
    engine.close()


def test_what_was_collected_is_in_the_cache_and_is_not_scored_again(
    bundle: Path, probe: SpanProbe, tmp_path: Path
) -> None:
    def refused() -> SupervisorSession:
        raise AssertionError

    first = ParallelEngine(lambda: SupervisorSession(bundle, 1), probe, FeatureCache(tmp_path), sessions=2)
    expected = features(first)
    first.close()
    again = ParallelEngine(refused, probe, FeatureCache(tmp_path), sessions=2)
    assert all(np.array_equal(*pair) for pair in zip(features(again), expected, strict=True))
    again.close()


def test_a_supervisor_that_cannot_be_opened_is_the_callers_error(probe: SpanProbe) -> None:
    def broken() -> SupervisorSession:
        raise SupervisorError("It is broken. Mend it.")

    engine = ParallelEngine(broken, probe, sessions=2)
    with pytest.raises(SupervisorError, match="broken"):
        features(engine)
    engine.close()


def test_closing_gives_up_what_is_under_way(bundle: Path, probe: SpanProbe) -> None:
    opened = threading.Event()

    def open_session() -> SupervisorSession:
        opened.wait(60)
        return SupervisorSession(bundle, 1)

    engine = ParallelEngine(open_session, probe, sessions=1)
    engine.expect(TEXT, "python")
    running = next(iter(engine._under_way.values()))
    engine._closed.set()
    opened.set()
    engine.close()
    with pytest.raises(Cancelled):
        running.result()


@pytest.mark.parametrize(
    ("text", "threads", "session", "free", "sessions"),
    [
        (0, 4, 100, 10_000, 1),
        (BYTES_EACH - 1, 4, 100, 10_000, 1),
        (3 * BYTES_EACH, 4, 100, 10_000, 3),
        (100 * BYTES_EACH, 4, 100, 10_000, 4),
        (100 * BYTES_EACH, 4, 100, 450, 2),
        (100 * BYTES_EACH, 4, 100, 0, 1),
        (100 * BYTES_EACH, 64, 100, None, MOST),
        (100 * BYTES_EACH, 1, 0, 10_000, 1),
    ],
)
def test_sessions_are_as_many_as_cores_text_and_memory_allow(
    text: int, threads: int, session: int, free: int | None, sessions: int
) -> None:
    assert side_by_side(text, threads, session, free) == sessions


def test_free_memory_is_what_the_system_says(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")
    assert free_memory(tmp_path / "meminfo") == 2 << 20
    assert free_memory(tmp_path / "none") is None


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores are counted otherwise here")
def test_a_batch_is_scored_side_by_side_only_when_it_is_much(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(bundle.parent))
    monkeypatch.setenv("HEATLINE_PROBE", str(tiny_probe(bundle)))
    for size, kind in ((BYTES_EACH, Engine), (4 * BYTES_EACH, ParallelEngine)):
        with heatline.load(NAME, threads=2, cache=False, batch=size) as scorer:
            assert type(scorer.engine) is kind
