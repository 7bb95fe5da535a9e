"""Re-running a suffix on a kept prefix gives the very bits of a run from scratch, however it is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline.supervisor.session import SupervisorSession
from tests.tiny import tiny_supervisor

LENGTH = 160
IDS = np.random.default_rng(0).integers(0, 260, LENGTH).astype(np.int32)


@pytest.fixture(scope="module", params=["llama", "qwen2", "qwen3"])
def session(request, tmp_path_factory):
    return SupervisorSession(
        tiny_supervisor(tmp_path_factory.mktemp(request.param), request.param), threads=1
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 70), min_size=1, max_size=12), st.integers(0, LENGTH - 1))
def test_chunks_and_suffixes_equal_scratch(session, sizes, keep):
    scratch = session.run(IDS, session.new_cache(LENGTH))
    cache, parts = session.new_cache(LENGTH), []
    for size in sizes:
        if cache.length + size <= LENGTH:
            parts.append(session.run(IDS[cache.length : cache.length + size], cache))  # noqa: PERF401
    done = cache.length
    if parts:
        assert np.array_equal(np.concatenate(parts), scratch[:done])
    cache.length = min(keep, done)  # an edit: forget the tail, run it again
    first = cache.length
    assert np.array_equal(session.run(IDS[first:], cache), scratch[first:])


@settings(max_examples=10, deadline=None)
@given(st.integers(1, LENGTH - 1), st.integers(0, 1000))
def test_what_was_cached_behind_the_prefix_does_not_matter(session, keep, seed):
    other = IDS.copy()
    other[keep:] = np.random.default_rng(seed).integers(0, 260, LENGTH - keep)
    cache = session.new_cache(LENGTH)
    session.run(other, cache)
    cache.length = keep
    assert np.array_equal(session.run(IDS[keep:], cache), session.run(IDS, session.new_cache(LENGTH))[keep:])


def test_one_token_at_a_time_equals_scratch(session):
    cache = session.new_cache(LENGTH)
    single = [session.run(IDS[i : i + 1], cache) for i in range(LENGTH)]
    assert np.array_equal(np.concatenate(single), session.run(IDS, session.new_cache(LENGTH)))


def test_sequences_that_take_turns_do_not_mix(session):
    other = IDS[::-1].copy()
    scratch = [session.run(ids, session.new_cache(LENGTH)) for ids in (IDS, other)]
    one, two = session.new_cache(LENGTH), session.new_cache(LENGTH)
    for first in range(0, LENGTH, 32):
        for ids, cache, expected in ((IDS, one, scratch[0]), (other, two, scratch[1])):
            part = slice(first, first + 32)
            assert np.array_equal(session.run(ids[part], cache), expected[part])


def test_too_many_tokens_are_refused(session):
    with pytest.raises(ValueError, match="can't append"):
        session.run(IDS, session.new_cache(LENGTH - 1))
