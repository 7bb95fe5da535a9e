"""From features to confidences of tokens, lines, scopes and any other span; numpy alone, no model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.calibrators import Float64, sigmoid
from heatline.errors import InputError
from heatline.probe import SpanProbe
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.lines import line_spans
from heatline.scoring.result import Contribution, ScoredLine, ScoredQuery, ScoredScope, ScoredToken

Int64 = NDArray[np.int64]


class ScoredText:
    """A text with the confidences of its spans.

    ``scopes`` may be a part of the document's, in any order: what is not scored yet has no tokens and no
    lines here.
    """

    def __init__(self, text: str, language: str, scopes: Sequence[ScopeFeatures], probe: SpanProbe) -> None:
        self.text = text
        self.language = language
        self._probe = probe
        self._parts = sorted((s for s in scopes if len(s.token_spans)), key=lambda s: s.start)
        width = len(probe.output)
        spans = [part.token_spans for part in self._parts]
        features = [part.features for part in self._parts]
        self._spans = (
            np.concatenate(spans).astype(np.int64) if spans else np.empty((0, 2), np.int64)
        )  # (T, 2)
        self._features = np.concatenate(features) if features else np.empty((0, width), np.float32)  # (T, d)
        self._line_spans = line_spans(text)  # (L, 2)
        self._token_lines = token_lines(text, self._spans, self._line_spans[:, 0])  # (T,)

    @cached_property
    def tokens(self) -> tuple[ScoredToken, ...]:
        """Every supervisor token, in document order."""
        confidences, unscaled = self._confidences(self._features, "token")
        rows = zip(self._spans.tolist(), confidences, unscaled, self._token_lines.tolist(), strict=True)
        return tuple(ScoredToken(start, end, p, u, line) for (start, end), p, u, line in rows)

    @cached_property
    def lines(self) -> tuple[ScoredLine, ...]:
        """Every scored line that has a character other than white space."""
        if not len(self._spans):
            return ()
        firsts = np.flatnonzero(np.diff(self._token_lines, prepend=-1))  # (n,) first token of each line
        lasts = np.append(firsts[1:], len(self._spans))
        confidences, unscaled = self._confidences(np.maximum.reduceat(self._features, firsts), "line")
        lines = []
        for i, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
            number = int(self._token_lines[first])
            start, end = self._line_spans[number].tolist()
            if self.text[start:end].strip():
                lines.append(ScoredLine(start, end, confidences[i], unscaled[i], number, (first, last)))
        return tuple(lines)

    @cached_property
    def scopes(self) -> tuple[ScoredScope, ...]:
        """Every scored scope, in document order."""
        if not self._parts:
            return ()
        firsts = np.cumsum([0, *(len(part.token_spans) for part in self._parts[:-1])])
        confidences, unscaled = self._confidences(np.maximum.reduceat(self._features, firsts), "scope")
        starts = self._line_spans[:, 0]
        return tuple(
            ScoredScope(
                part.start, part.end, confidences[i], unscaled[i], part.name, part.kind,
                int(np.searchsorted(starts, part.start, "right")) - 1,
                int(np.searchsorted(starts, max(part.end - 1, part.start), "right")) - 1,
            )
            for i, part in enumerate(self._parts)
        )  # fmt: skip

    def span(self, start: int, end: int) -> ScoredQuery:
        """Confidences of ``text[start:end]`` and every token's exact share of its risk.

        Tokens that overlap the span are pooled; an empty span means the token at it.  The calibrator is the
        token's, the line's or the scope's, whichever the span's extent is nearest to.  Raises ``InputError``
        when nothing scored is there.
        """
        if not 0 <= start <= end <= len(self.text):
            raise InputError(
                f"The span {start}–{end} is outside the text. Give offsets from 0 to {len(self.text)}."
            )
        stop = max(end, start + 1)
        chosen = np.flatnonzero((self._spans[:, 0] < stop) & (self._spans[:, 1] > start))
        if not len(chosen):
            raise InputError(f"Nothing is scored at {start}–{end}. Choose a span with code in it.")
        features = self._features[chosen]
        level = self._level(chosen)
        logit = self._probe.logits(features.max(axis=0, keepdims=True))
        shares = -self._probe.contributions(features)  # of the risk's logit
        order = np.argsort(-shares, kind="stable")
        contributions = tuple(
            Contribution(int(self._spans[chosen[i], 0]), int(self._spans[chosen[i], 1]), float(shares[i]))
            for i in order
            if shares[i] != 0.0
        )
        confidence = float(self._probe.calibrator(level).predict(logit)[0])
        return ScoredQuery(
            start, end, confidence, float(sigmoid(logit)[0]), level, contributions, -self._probe.output_bias
        )

    def _level(self, chosen: Int64) -> str:
        if len(chosen) == 1:
            return "token"
        lines = self._token_lines[chosen]
        return "line" if lines[0] == lines[-1] else "scope"

    def _confidences(self, pooled: NDArray[np.float32], level: str) -> tuple[list[float], list[float]]:
        logits: Float64 = self._probe.logits(pooled)
        return self._probe.calibrator(level).predict(logits).tolist(), sigmoid(logits).tolist()


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
