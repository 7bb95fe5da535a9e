"""The logits of everything in one text, in a form that is kept: what was scored once isn't even parsed again.

Calibrators are not in it, so that another base rate or a workspace's own scaling holds at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from heatline.scoring.scored_text import ScoredText

FORMAT = 1
"""Part of what such bytes are found by: raise it when they change."""

Int32 = NDArray[np.int32]
Float64 = NDArray[np.float64]
ScopePlace = tuple[int, int, str, str, int, int]
"""Start, end, name, kind, first and last line."""


@dataclass(frozen=True, slots=True)
class TextLogits:
    """Tokens, lines and scopes of a scored text, in document order; offsets are code points of the text."""

    token_spans: Int32  # (T, 2)
    token_lines: Int32  # (T,)
    token_logits: Float64  # (T,)
    line_spans: Int32  # (L, 2)
    line_numbers: Int32  # (L,)
    line_tokens: Int32  # (L, 2)
    line_logits: Float64  # (L,)
    scopes: tuple[ScopePlace, ...]
    scope_logits: Float64  # (S,)

    @classmethod
    def of(cls, scored: ScoredText) -> TextLogits:
        """Those of a text whose scopes are all scored."""
        lines = scored.line_columns
        tokens = scored.token_columns
        return cls(
            _int32(tokens.spans),
            _int32(tokens.lines),
            tokens.logits,
            _int32(lines.spans),
            _int32(lines.numbers),
            _int32(lines.tokens),
            lines.logits,
            tuple(
                (scope.start, scope.end, scope.name, scope.kind, scope.first_line, scope.last_line)
                for scope in scored.scopes
            ),
            scored.scope_logits,
        )

    def to_bytes(self) -> bytes:
        """A line of JSON with the sizes and the scopes' places, then the arrays, little-endian."""
        sizes = {"tokens": len(self.token_lines), "lines": len(self.line_numbers), "scopes": self.scopes}
        head = json.dumps(sizes, separators=(",", ":")).encode() + b"\n"
        logits = (self.token_logits, self.line_logits, self.scope_logits)
        places = (
            *(self.token_spans, self.token_lines),
            *(self.line_spans, self.line_numbers, self.line_tokens),
        )
        return b"".join(
            [
                head,
                *(each.astype("<f8").tobytes() for each in logits),
                *(each.astype("<i4").tobytes() for each in places),
            ]
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> TextLogits:
        """What ``to_bytes`` made. Raises ``ValueError`` for anything else."""
        end = raw.find(b"\n")
        try:
            head = json.loads(raw[:end])
            tokens, lines = int(head["tokens"]), int(head["lines"])
            scopes = tuple(
                (int(start), int(stop), str(name), str(kind), int(first), int(last))
                for start, stop, name, kind, first, last in head["scopes"]
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError("malformed") from error
        logits = (tokens, lines, len(scopes))
        places = ((tokens, 2), (tokens,), (lines, 2), (lines,), (lines, 2))
        start = end + 1
        if len(raw) != start + 8 * sum(logits) + 4 * (3 * tokens + 5 * lines):
            raise ValueError("malformed")
        columns: list[Float64] = []
        for count in logits:
            columns.append(np.frombuffer(raw, "<f8", count, start))
            start += 8 * count
        arrays: list[Int32] = []
        for shape in places:
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(raw, "<i4", count, start).reshape(shape))
            start += 4 * count
        of_tokens, of_lines, of_scopes = columns
        token_spans, token_lines, line_spans, line_numbers, line_tokens = arrays
        return cls(
            token_spans, token_lines, of_tokens,
            line_spans, line_numbers, line_tokens, of_lines,
            scopes, of_scopes,
        )  # fmt: skip


def _int32(values: NDArray[np.integer]) -> Int32:
    return np.asarray(values, np.int32)
