"""Which texts are left alone: what is too large, or minified, is not for people to review."""

from __future__ import annotations

MAX_BYTES = 1_000_000
_LONGEST_LINE = 10_000
_LONG_MEAN = 300
_SMALLEST_MINIFIED = 5_000


def minified_line(text: str) -> tuple[int, int] | None:
    """The longest line of a minified text as (line from 1, characters); None for a text people can read."""
    lengths = [len(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    longest = max(lengths)
    filled = sum(1 for length in lengths if length) or 1
    dense = len(text) >= _SMALLEST_MINIFIED and len(text) / filled > _LONG_MEAN
    if longest > _LONGEST_LINE or dense:
        return lengths.index(longest) + 1, longest
    return None
