"""How fast a supervisor computes on this machine: on made-up tokens, so that no code is read."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from heatline.supervisor.session import CHUNK, KeyValueCache, SupervisorSession

LENGTHS = (64, 256, 1024)  # tokens of a sequence from scratch
SUFFIXES = (1, 16, 64)  # tokens after PREFIX others, as after a key was pressed
PREFIX = 512
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second of sequences from scratch, by their length; milliseconds of suffixes, by theirs. Medians."""

    tokens_per_second: dict[int, float]
    suffix_milliseconds: dict[int, float]


def made_up_ids(count: int, vocabulary: int) -> NDArray[np.int32]:
    """Token ids ``(count,)``, the same ones each time."""
    return np.random.default_rng(0).integers(0, vocabulary, count).astype(np.int32)


def run_from_scratch(session: SupervisorSession, cache: KeyValueCache, ids: NDArray[np.int32]) -> None:
    """Run a sequence as scoring does, in runs of ``CHUNK`` tokens."""
    cache.length = 0
    for start in range(0, len(ids), CHUNK):
        session.run(ids[start : start + CHUNK], cache)


def median_seconds(
    run: Callable[[], object], rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Median time of a run, after one that isn't counted."""
    run()
    return statistics.median(_times(run, rounds, clock))


def measure_speed(
    session: SupervisorSession,
    progress: Callable[[int, int], None] = lambda done, total: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Measure everything; ``progress(done, total)`` is called after each figure."""
    longest = min(max(*LENGTHS, PREFIX + max(SUFFIXES)), session.card.max_positions - 1)
    cache, steps = session.new_cache(longest), len(LENGTHS) + len(SUFFIXES)
    ids = made_up_ids(longest, session.card.vocab_size)
    speeds, suffixes = dict[int, float](), dict[int, float]()
    for length in (length for length in LENGTHS if length <= longest):
        scratch = partial(run_from_scratch, session, cache, ids[:length])
        speeds[length] = length / median_seconds(scratch, clock=clock)
        progress(len(speeds), steps)
    prefix = min(PREFIX, longest - max(SUFFIXES))
    run_from_scratch(session, cache, ids[:prefix])
    for length in SUFFIXES:
        suffix = partial(_run_suffix, session, cache, prefix, ids[:length])
        suffixes[length] = 1000 * median_seconds(suffix, 3 * ROUNDS, clock)
        progress(len(speeds) + len(suffixes), steps)
    return Speed(speeds, suffixes)


def peak_memory() -> float | None:
    """The most memory that this process has had, in megabytes; None where the system doesn't tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def _run_suffix(
    session: SupervisorSession, cache: KeyValueCache, prefix: int, ids: NDArray[np.int32]
) -> None:
    cache.length = prefix
    session.run(ids, cache)


def _times(run: Callable[[], object], rounds: int, clock: Callable[[], float]) -> Iterator[float]:
    for _ in range(rounds):
        started = clock()
        run()
        yield clock() - started
