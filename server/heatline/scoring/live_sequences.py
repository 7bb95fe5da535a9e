"""Sequences whose key/value prefix is kept, so that after an edit only what follows it is run again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from heatline.probe import SpanProbe
from heatline.scoring.cancellation import Cancelled, never
from heatline.scoring.layout import SEQUENCE, Int32, Sequence
from heatline.supervisor.architecture import Float32
from heatline.supervisor.session import CHUNK, KeyValueCache, SupervisorSession

DEFAULT_MEMORY = 16 << 20
"""Bytes of keys and values kept: 700 tokens of smollm2-135m, 1,400 of qwen2.5-coder-0.5b; one sequence always is."""

Owner = tuple[str, bytes]
"""Whose sequence it is: a document, and the content key of the scope."""


@dataclass
class _Live:
    """``ids[: cache.length]`` stand in the buffers, and ``features`` are theirs."""

    cache: KeyValueCache
    ids: Int32  # (T,)
    features: Float32  # (T, d)
    owner: Owner | None = None


class LiveSequences:
    """Runs sequences, each from the first token in which it differs from one that is kept.

    A sequence that is only scored in passing (a file being read from top to bottom) always uses the same
    buffers; what it shares with the one before, mostly its context, is not run again.  A sequence being edited
    takes over the buffers of its own older state, or copies the prefix it shares with another.  The ones not
    used for longest are given up when together they take more than ``memory`` bytes.  The features have the
    bits of a run from scratch.  Not safe for use from two threads at once.
    """

    def __init__(self, session: SupervisorSession, probe: SpanProbe, memory: int = DEFAULT_MEMORY) -> None:
        self._session = session
        self._probe = probe
        self._memory = memory
        self._passing = self._new()
        self._kept: OrderedDict[int, _Live] = OrderedDict()  # by id, the one used last at the end
        self.tokens_run = 0

    def passing(self, sequence: Sequence, cancelled: Callable[[], bool] = never) -> Float32:
        """Features ``(scored, d)`` of a sequence that will hardly come again.

        Raises ``Cancelled`` between chunks; what was run until then is kept for the next call.
        """
        best, length = self._nearest(sequence.ids)
        if best is not None and best is not self._passing:
            self._fork(self._passing, best, length)
        return self._run(self._passing, sequence, cancelled)

    def edited(
        self,
        sequence: Sequence,
        owner: Owner,
        others: Collection[bytes] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Float32:
        """Features ``(scored, d)`` of a sequence of the scope that is being edited; its prefix is kept.

        ``others`` are the content keys of the document's scopes: a sequence that still belongs to one of them
        is copied rather than taken over.  Raises as ``passing``.
        """
        best, length = self._nearest(sequence.ids)
        context = len(sequence.ids) - sequence.scored
        if best is None or best is self._passing or length <= context or not _is_older(best, owner, others):
            live = self._new()
            if best is not None:
                self._fork(live, best, length)
        else:
            live = best
        live.owner = owner
        self._kept[id(live)] = live
        self._kept.move_to_end(id(live))
        try:
            return self._run(live, sequence, cancelled)
        finally:
            self._shrink()

    def forget(self, document: str) -> None:
        """Give up a document's sequences."""
        for live in [live for live in self._kept.values() if live.owner and live.owner[0] == document]:
            del self._kept[id(live)]

    @property
    def memory(self) -> int:
        """Bytes taken by the kept keys and values."""
        return sum(live.cache.memory for live in self._kept.values())

    def _new(self) -> _Live:
        empty = np.empty((0, self._probe.width), np.float32)
        return _Live(self._session.new_cache(SEQUENCE), np.empty(0, np.int32), empty)

    def _nearest(self, ids: Int32) -> tuple[_Live | None, int]:
        """The live sequence that begins with most of ``ids``, and how many tokens they share."""
        best, longest = None, 0
        for live in (self._passing, *self._kept.values()):
            length = common_prefix(live.ids, ids)
            if length >= longest and length:
                best, longest = live, length
        return best, longest

    def _fork(self, live: _Live, other: _Live, length: int) -> None:
        live.cache.copy_prefix(other.cache, length)
        live.ids, live.features = other.ids[:length], other.features[:length]

    def _run(self, live: _Live, sequence: Sequence, cancelled: Callable[[], bool]) -> Float32:
        ids = sequence.ids
        position = common_prefix(live.ids, ids)
        while position < len(ids):
            if cancelled():
                raise Cancelled
            # Before the buffers are written: a run that fails must not leave ids that are not in them.
            live.ids, live.features, live.cache.length = ids[:position], live.features[:position], position
            hidden = self._session.run(ids[position : position + CHUNK], live.cache)
            live.features = np.concatenate([live.features, self._probe.features(hidden)])
            position = live.cache.length
            live.ids = ids[:position]
            self.tokens_run += len(hidden)
        return live.features[len(ids) - sequence.scored : len(ids)]

    def _shrink(self) -> None:
        while len(self._kept) > 1 and self.memory > self._memory:
            self._kept.popitem(last=False)


def common_prefix(a: Int32, b: Int32) -> int:
    """How many tokens two sequences begin with alike."""
    shorter = min(len(a), len(b))
    differs = a[:shorter] != b[:shorter]
    return int(differs.argmax()) if differs.any() else shorter


def _is_older(live: _Live, owner: Owner, others: Collection[bytes]) -> bool:
    """Whether ``live`` is an older state of the owner's scope: nobody else's scope has its content any more."""
    if live.owner is None or live.owner[0] != owner[0]:
        return False
    return live.owner[1] == owner[1] or live.owner[1] not in others
