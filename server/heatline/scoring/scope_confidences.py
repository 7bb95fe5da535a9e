"""The confidences of one scope, wherever it stands in its document: computed once, kept while its text stays."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.calibrators import Float64, sigmoid
from heatline.probe import SpanProbe
from heatline.scoring.lines import line_spans

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class Confidences:
    """Confidences of spans ``(n,)``: by the level's calibrator, and by the probe's own sigmoid."""

    __slots__ = ("logits", "scaled", "unscaled")

    def __init__(self, probe: SpanProbe, level: str, pooled: Float32) -> None:
        self._take(probe, level, probe.logits(pooled))

    @classmethod
    def of_logits(cls, probe: SpanProbe, level: str, logits: Float64) -> Confidences:
        """The same of spans whose unscaled logits are known."""
        confidences = cls.__new__(cls)
        confidences._take(probe, level, logits)
        return confidences

    def _take(self, probe: SpanProbe, level: str, logits: Float64) -> None:
        self.logits = logits
        self.scaled: Float64 = np.asarray(probe.calibrator(level).predict(logits))
        self.unscaled: Float64 = np.asarray(sigmoid(logits))


class ScopeConfidences:
    """Tokens and lines of one scope with their confidences; offsets and lines count from the scope's start.

    ``text`` is the scope's own, ``spans`` ``(T, 2)`` its tokens' code-point offsets in it, ``features``
    ``(T, d)`` what is kept of them.
    """

    def __init__(self, text: str, spans: NDArray[np.integer], features: Float32, probe: SpanProbe) -> None:
        self._probe = probe
        self.spans: Int64 = np.asarray(spans, np.int64)  # (T, 2)
        self.features = probe.in_scope(features)  # (T, f)
        borders = line_spans(text)
        self.token_lines = token_lines(text, self.spans, borders[:, 0])  # (T,)
        firsts = np.flatnonzero(np.diff(self.token_lines, prepend=-1))  # (n,) first token of each line
        lasts = np.append(firsts[1:], len(self.spans))
        numbers = self.token_lines[firsts]
        filled = [bool(text[start:end].strip()) for start, end in borders[numbers].tolist()]
        self.line_numbers: Int64 = numbers[filled]  # (L,)
        self.line_tokens: Int64 = np.stack([firsts, lasts], axis=1)[filled]  # (L, 2)
        pooled = np.maximum.reduceat(self.features, firsts)[filled] if len(firsts) else self.features
        self.line_features: Float32 = pooled  # (L, f)

    @cached_property
    def tokens(self) -> Confidences:
        return Confidences(self._probe, "token", self.features)

    @cached_property
    def lines(self) -> Confidences:
        return Confidences(self._probe, "line", self.line_features)

    @cached_property
    def whole(self) -> Confidences:
        """Those of the whole scope, which must have a token."""
        return Confidences(self._probe, "scope", self.features.max(axis=0, keepdims=True))

    @property
    def scope(self) -> tuple[float, float]:
        """Scaled and unscaled confidence of the whole scope. It must have a token."""
        return float(self.whole.scaled[0]), float(self.whole.unscaled[0])


def token_lines(text: str, spans: Int64, line_starts: Int64) -> Int64:
    """The line ``(T,)`` each token belongs to: that of its first character other than white space.

    A token of white space alone belongs to the line of its last character: line end and indentation in one
    token are the indentation of the line they open.
    """
    if not len(spans):
        return np.empty(0, np.int64)
    anchors = spans[:, 0].copy()
    for i, (start, end) in enumerate(spans.tolist()):
        piece = text[start:end]
        body = piece.lstrip()
        if body:
            anchors[i] = start + len(piece) - len(body)
        elif end > start:
            anchors[i] = end - 1
    return np.searchsorted(line_starts, anchors, "right") - 1
