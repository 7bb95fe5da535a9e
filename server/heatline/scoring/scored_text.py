"""From features to confidences of tokens, lines, scopes and any other span; numpy alone, no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.calibrators import Float64, sigmoid
from heatline.errors import InputError
from heatline.probe import SpanProbe
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.lines import line_spans
from heatline.scoring.result import Contribution, ScoredLine, ScoredQuery, ScoredScope, ScoredToken
from heatline.scoring.scope_confidences import Confidences, ScopeConfidences, token_lines

__all__ = ["PlacedConfidences", "ScoredText", "token_lines"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlacedConfidences:
    """A scope's confidences and where it stands; ``start`` and ``end`` are code-point offsets."""

    start: int
    end: int
    name: str
    kind: str
    confidences: ScopeConfidences

    @classmethod
    def of(cls, text: str, scope: ScopeFeatures, probe: SpanProbe) -> PlacedConfidences:
        """The confidences of one scope of ``text``."""
        spans = scope.token_spans - np.int32(scope.start)
        own = ScopeConfidences(text[scope.start : scope.end], spans, scope.features, probe)
        return cls(scope.start, scope.end, scope.name, scope.kind, own)


@dataclass(frozen=True, slots=True)
class TokenColumns:
    """Tokens in document order."""

    spans: Int64  # (T, 2) code points
    lines: Int64  # (T,)
    logits: Float64  # (T,) unscaled


@dataclass(frozen=True, slots=True)
class LineColumns:
    """Lines that are not blank, in order."""

    spans: Int64  # (L, 2) code points
    numbers: Int64  # (L,)
    tokens: Int64  # (L, 2) slices of the tokens
    logits: Float64  # (L,) unscaled
    scaled: Float64  # (L,) confidences
    unscaled: Float64  # (L,)


class ScoredText:
    """A text with the confidences of its spans.

    ``scopes`` may be a part of the document's, in any order: what is not scored yet has no tokens and no
    lines here.
    """

    def __init__(self, text: str, language: str, scopes: Sequence[ScopeFeatures], probe: SpanProbe) -> None:
        own = probe.in_language(language)
        self._take(text, language, [PlacedConfidences.of(text, scope, own) for scope in scopes], own)

    @classmethod
    def placed(
        cls, text: str, language: str, scopes: Sequence[PlacedConfidences], probe: SpanProbe
    ) -> ScoredText:
        """The same from scopes whose confidences are known: an edit elsewhere costs them nothing."""
        scored = cls.__new__(cls)
        scored._take(text, language, scopes, probe.in_language(language))
        return scored

    def _take(self, text: str, language: str, scopes: Sequence[PlacedConfidences], probe: SpanProbe) -> None:
        self.text = text
        self.language = language
        self._probe = probe
        self._parts = sorted((s for s in scopes if len(s.confidences.spans)), key=lambda s: s.start)
        self._line_spans = line_spans(text)  # (n, 2)
        starts = np.asarray([part.start for part in self._parts], np.int64)
        self._first_lines = np.searchsorted(self._line_spans[:, 0], starts, "right") - 1  # (parts,)
        counts = [len(part.confidences.spans) for part in self._parts]
        self._first_tokens = np.cumsum([0, *counts])  # (parts + 1,)

    @cached_property
    def tokens(self) -> tuple[ScoredToken, ...]:
        """Every supervisor token, in document order."""
        return tuple(token for number in range(len(self._parts)) for token in self._part_tokens(number))

    def tokens_between(self, first: int, last: int) -> tuple[ScoredToken, ...]:
        """``tokens[first:last]`` without making the others."""
        if "tokens" in self.__dict__:
            return self.tokens[first:last]
        found: list[ScoredToken] = []
        number = int(np.searchsorted(self._first_tokens, first, "right")) - 1
        while number < len(self._parts) and (before := int(self._first_tokens[number])) < last:
            found += self._part_tokens(number, max(first - before, 0), last - before)
            number += 1
        return tuple(found)

    @cached_property
    def lines(self) -> tuple[ScoredLine, ...]:
        """Every scored line that has a character other than white space."""
        if not self._parts:
            return ()
        columns = self.line_columns
        return tuple(
            map(
                ScoredLine, columns.spans[:, 0].tolist(), columns.spans[:, 1].tolist(), columns.scaled.tolist(),
                columns.unscaled.tolist(), columns.numbers.tolist(), map(tuple, columns.tokens.tolist()),
            )
        )  # fmt: skip

    @property
    def line_columns(self) -> LineColumns:
        """The lines as arrays."""
        if not self._parts:
            none, pairs = np.empty(0), np.empty((0, 2), np.int64)
            return LineColumns(pairs, pairs[:, 0], pairs, none, none, none)
        parts = [part.confidences for part in self._parts]
        counts = [len(part.line_numbers) for part in parts]
        numbers = np.concatenate([p.line_numbers for p in parts]) + np.repeat(self._first_lines, counts)
        tokens = np.concatenate([p.line_tokens for p in parts])
        tokens = tokens + np.repeat(self._first_tokens[:-1], counts)[:, None]
        logits = np.concatenate([p.lines.logits for p in parts])
        scaled = np.concatenate([p.lines.scaled for p in parts])
        unscaled = np.concatenate([p.lines.unscaled for p in parts])
        if (np.diff(numbers) == 0).any():  # two scopes on one line: it is pooled over both
            firsts = np.flatnonzero(np.diff(numbers, prepend=-1))
            pooled = np.maximum.reduceat(np.concatenate([p.line_features for p in parts]), firsts)
            together = Confidences(self._probe, "line", pooled)
            logits, scaled, unscaled = together.logits, together.scaled, together.unscaled
            ends = np.append(firsts[1:], len(numbers)) - 1
            numbers, tokens = numbers[firsts], np.stack([tokens[firsts, 0], tokens[ends, 1]], axis=1)
        return LineColumns(self._line_spans[numbers], numbers, tokens, logits, scaled, unscaled)

    @property
    def token_columns(self) -> TokenColumns:
        """The tokens as arrays."""
        parts = [part.confidences for part in self._parts]
        if not parts:
            return TokenColumns(np.empty((0, 2), np.int64), np.empty(0, np.int64), np.empty(0))
        counts = [len(part.spans) for part in parts]
        starts = np.asarray([part.start for part in self._parts], np.int64)
        return TokenColumns(
            np.concatenate([part.spans for part in parts]) + np.repeat(starts, counts)[:, None],
            np.concatenate([part.token_lines for part in parts]) + np.repeat(self._first_lines, counts),
            np.concatenate([part.tokens.logits for part in parts]),
        )

    @property
    def scope_logits(self) -> Float64:
        """Unscaled logits ``(S,)`` of ``scopes``."""
        logits = [part.confidences.whole.logits for part in self._parts]
        return np.concatenate(logits) if logits else np.empty(0)

    @cached_property
    def scopes(self) -> tuple[ScoredScope, ...]:
        """Every scored scope, in document order."""
        lasts = np.asarray([max(part.end - 1, part.start) for part in self._parts], np.int64)
        last_lines = np.searchsorted(self._line_spans[:, 0], lasts, "right") - 1
        return tuple(
            ScoredScope(part.start, part.end, *part.confidences.scope, part.name, part.kind, first, last)
            for part, first, last in zip(
                self._parts, self._first_lines.tolist(), last_lines.tolist(), strict=True
            )
        )

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
        spans, features, lines = self._overlapping(start, max(end, start + 1))
        if not len(spans):
            raise InputError(f"Nothing is scored at {start}–{end}. Choose a span with code in it.")
        level = "token" if len(spans) == 1 else "line" if lines[0] == lines[-1] else "scope"
        logit = self._probe.logits(features.max(axis=0, keepdims=True))
        shares = -self._probe.contributions(features)  # of the risk's logit
        order = np.argsort(-shares, kind="stable")
        contributions = tuple(
            Contribution(int(spans[i, 0]), int(spans[i, 1]), float(shares[i]))
            for i in order
            if shares[i] != 0.0
        )
        confidence = float(self._probe.calibrator(level).predict(logit)[0])
        return ScoredQuery(
            start, end, confidence, float(sigmoid(logit)[0]), level, contributions, -self._probe.output_bias
        )

    def _overlapping(self, start: int, stop: int) -> tuple[Int64, NDArray[np.float32], Int64]:
        """Spans, features and lines of the tokens that share a character with ``[start, stop)``."""
        found: list[tuple[Int64, NDArray[np.float32], Int64]] = []
        for part, first_line in zip(self._parts, self._first_lines.tolist(), strict=True):
            if part.start < stop and part.end > start:
                own = part.confidences
                spans = own.spans + part.start
                chosen = np.flatnonzero((spans[:, 0] < stop) & (spans[:, 1] > start))
                found.append((spans[chosen], own.features[chosen], own.token_lines[chosen] + first_line))
        if not found:
            return np.empty((0, 2), np.int64), np.empty((0, 0), np.float32), np.empty(0, np.int64)
        spans, features, lines = (np.concatenate(column) for column in zip(*found, strict=True))
        return spans, features, lines

    def _part_tokens(self, number: int, first: int = 0, last: int | None = None) -> list[ScoredToken]:
        part, own = self._parts[number], self._parts[number].confidences
        chosen = slice(first, last)
        spans = own.spans[chosen] + part.start
        lines = own.token_lines[chosen] + self._first_lines[number]
        return list(
            map(
                ScoredToken, spans[:, 0].tolist(), spans[:, 1].tolist(), own.tokens.scaled[chosen].tolist(),
                own.tokens.unscaled[chosen].tolist(), lines.tolist(),
            )
        )  # fmt: skip
