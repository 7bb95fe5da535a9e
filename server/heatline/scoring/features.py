"""What is kept of the supervisor's work: d-dimensional features of every token of a scope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ScopeFeatures:
    """One scored scope of a document.

    ``start`` and ``end`` are code-point offsets in the document; ``token_spans`` ``(T, 2)`` int32 are
    absolute code-point offsets too; ``features`` ``(T, d)`` float32 are the probe's activations, of which
    every span query is made without running the model again.
    """

    start: int
    end: int
    name: str
    kind: str
    token_spans: NDArray[np.int32]  # (T, 2)
    features: NDArray[np.float32]  # (T, d)
