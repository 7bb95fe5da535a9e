"""Ranges of a text that stay on the same characters while the text is edited."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]


class MovingRanges:
    """Disjoint, sorted, non-empty ranges ``[start, end)`` of code points.

    An edit within a range widens or narrows it; one across its edge keeps what is left of it.
    """

    def __init__(self) -> None:
        self._spans: list[Span] = []

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(self._spans)

    def add(self, spans: Iterable[Span]) -> None:
        """Marks more of the text."""
        self._spans = merged([*self._spans, *spans])

    def edit(self, start: int, end: int, inserted: int) -> list[Span]:
        """Follows an edit that puts ``inserted`` characters in place of ``[start, end)``.

        Returns what was marked of the removed text, as ranges within it.  What is inserted between two marked
        characters is marked.
        """
        shift = inserted - (end - start)
        kept: list[Span] = []
        removed: list[Span] = []
        for first, last in self._spans:
            if first < start and last > end:  # within
                kept.append((first, last + shift))
            elif last <= start:
                kept.append((first, last))
            elif first >= end:
                kept.append((first + shift, last + shift))
            else:
                kept += [(first, start), (end + shift, last + shift)]
            removed.append((max(first, start) - start, min(last, end) - start))
        self._spans = merged(kept)
        return merged(removed)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same characters as sorted ranges that neither overlap nor touch; empty ones are left out."""
    result: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result
