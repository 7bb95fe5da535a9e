"""What is kept of the supervisor's work: d-dimensional features of every token of a scope."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heatline.scoring.scopes import Scope


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

    def moved_to(self, scope: Scope) -> ScopeFeatures:
        """The same features where a scope of the same text and context stands now."""
        spans = self.token_spans + np.int32(scope.start - self.start)
        return replace(
            self, start=scope.start, end=scope.end, name=scope.name, kind=scope.kind, token_spans=spans
        )
