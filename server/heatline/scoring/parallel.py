"""Scores the scopes of many texts side by side, for when nobody is editing: `heatline check` over a repository."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from heatline.probe import SpanProbe
from heatline.scoring.cache import FeatureCache
from heatline.scoring.cancellation import Cancelled, never
from heatline.scoring.engine import Engine, KeyedScope, nearest_first
from heatline.scoring.features import ScopeFeatures

if TYPE_CHECKING:
    from heatline.supervisor.session import SupervisorSession

BYTES_EACH = 32 << 10
"""Of text for each session: it takes about ten seconds to score, and to open a session takes about one."""

MOST = 8
"""Sessions side by side; with more cores each gets several threads."""


def side_by_side(text_bytes: int, threads: int, session_bytes: int, free_bytes: int | None) -> int:
    """How many sessions to score so much text with: at least 1, at most ``threads``.

    Sessions of one thread do more together than one of many threads, whose every product has to wait for the slowest of
    them; but each needs its own memory, and together they are to take no more than half of what is free.
    """
    affordable = MOST if free_bytes is None else free_bytes // 2 // max(session_bytes, 1)
    return max(1, min(threads, text_bytes // BYTES_EACH, affordable, MOST))


def free_memory(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Bytes that could be taken without swapping; None where the system doesn't tell."""
    try:
        lines = meminfo.read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None


class ParallelEngine(Engine):
    """An engine whose scopes are scored by several others, each with a session and a thread of its own.

    The longest scopes of a text go first, so that no thread is left with a long one when the others have done
    theirs; what ``expect`` names is scored while earlier texts are waited for.  The features are the bits of an
    ``Engine``'s.  Sessions are opened as they are needed.  To be used, itself, from one thread.
    """

    def __init__(
        self,
        open_session: Callable[[], SupervisorSession],
        probe: SpanProbe,
        cache: FeatureCache | None = None,
        *,
        sessions: int,
    ) -> None:
        super().__init__(open_session, probe, cache)
        self._pool = ThreadPoolExecutor(sessions, "heatline-scoring")
        self._of_thread = threading.local()
        self._under_way: dict[bytes, Future[ScopeFeatures]] = {}
        self._expected: dict[tuple[str, str], list[KeyedScope]] = {}
        self._closed = threading.Event()

    def expect(self, text: str, language: str) -> None:
        """Begin to score a text that will be asked for."""
        scopes = self._expected[text, language] = self.outline(text, language)
        for keyed in sorted(scopes, key=lambda keyed: keyed.scope.start - keyed.scope.end):
            if keyed.key not in self._under_way and (self.cache is None or not self.cache.has(keyed.key)):
                self._under_way[keyed.key] = self._pool.submit(self._score, text, keyed)

    def scope_features(
        self,
        text: str,
        language: str,
        *,
        priority_offset: int | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[ScopeFeatures]:
        """As ``Engine.scope_features``; ``cancelled`` is looked at between scopes."""
        if (text, language) not in self._expected:
            self.expect(text, language)
        for keyed in nearest_first(self._expected.pop((text, language)), priority_offset):
            yield self.features(text, keyed, cancelled=cancelled or never)

    def features(
        self,
        text: str,
        keyed: KeyedScope,
        *,
        edited_in: str | None = None,
        others: Collection[bytes] = (),
        cancelled: Callable[[], bool] = never,
    ) -> ScopeFeatures:
        """As ``Engine.features``, of scopes that nobody is editing."""
        if cancelled():
            raise Cancelled
        under_way = self._under_way.pop(keyed.key, None)
        if under_way is None:
            known = self._recall(keyed)
            if known is not None:
                return known
            under_way = self._pool.submit(self._score, text, keyed)
        scored = under_way.result().moved_to(keyed.scope)
        if self.cache is not None:
            self.cache.put(keyed.key, scored)
        return scored

    def close(self) -> None:
        """Give up what was expected, and release the cache's file."""
        self._closed.set()
        self._pool.shutdown(cancel_futures=True)
        super().close()

    def _score(self, text: str, keyed: KeyedScope) -> ScopeFeatures:
        """In a thread of the pool: its own engine opens a session for its first scope."""
        engine: Engine | None = getattr(self._of_thread, "engine", None)
        if engine is None:
            engine = self._of_thread.engine = Engine(self._open_session, self.probe)
        return engine.features(text, keyed, cancelled=self._closed.is_set)
