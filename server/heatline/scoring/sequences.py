"""Runs laid-out sequences through a supervisor, in chunks, on buffers that are used again and again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from heatline.scoring.cancellation import Cancelled, never
from heatline.scoring.layout import SEQUENCE, Sequence
from heatline.supervisor.architecture import Float32
from heatline.supervisor.session import CHUNK, KeyValueCache, SupervisorSession


class SequenceRunner:
    """Computes hidden states of whole sequences; training and serving use this same code."""

    def __init__(self, session: SupervisorSession) -> None:
        self.session = session
        self._buffers: KeyValueCache = session.new_cache(SEQUENCE)

    def hidden_states(self, sequence: Sequence, cancelled: Callable[[], bool] = never) -> Float32:
        """Hidden states ``(T, D)`` of a sequence; raises ``Cancelled`` between chunks."""
        ids, states, position = sequence.ids, [], 0
        self._buffers.length = 0
        while position < len(ids):
            if cancelled():
                raise Cancelled
            states.append(self.session.run(ids[position : position + CHUNK], self._buffers))
            position += CHUNK
        return np.concatenate(states)
