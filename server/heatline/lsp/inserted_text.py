"""What was inserted in one go, as a paste or an accepted completion is: ``heatline.scope`` = ``inserted``."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from heatline.lsp.moving_ranges import MovingRanges, Span
from heatline.scoring.generated import differing_ranges
from heatline.scoring.lines import line_spans

MIN_LINES = 2
MIN_CHARACTERS = 40

_REMEMBERED = 256


class InsertedText:
    """The inserted ranges of one document, which move with later edits.

    Text that was removed is remembered by its hash with what was marked of it, so that undoing a deletion
    marks neither more nor less than was marked before.
    """

    def __init__(self) -> None:
        self._ranges = MovingRanges()
        self._removed: OrderedDict[bytes, list[Span]] = OrderedDict()

    @property
    def spans(self) -> tuple[Span, ...]:
        return self._ranges.spans

    def mark(self, spans: Iterable[Span]) -> None:
        """Marks what a client says was inserted in one go."""
        self._ranges.add(spans)

    def edit(self, before: str, start: int, end: int, inserted: str) -> None:
        """Follows one edit of the text ``before``: ``inserted`` in place of ``[start, end)``."""
        start, end, inserted = _trimmed(before, start, end, inserted)
        removed = before[start:end]
        marked = self._ranges.edit(start, end, len(inserted))
        if len(removed) > 1:
            self._remember(removed, marked)
        known = self._removed.get(_hash(inserted)) if len(inserted) > 1 else None
        fresh = inserted_spans(removed, inserted) if known is None else known
        self._ranges.add((start + first, start + last) for first, last in fresh)

    def _remember(self, removed: str, marked: list[Span]) -> None:
        key = _hash(removed)
        self._removed.pop(key, None)
        self._removed[key] = marked
        while len(self._removed) > _REMEMBERED:
            self._removed.popitem(last=False)


def inserted_spans(removed: str, inserted: str) -> list[Span]:
    """What of ``inserted`` is new, if it is enough to have been inserted in one go.

    Lines that were in ``removed`` already, perhaps indented otherwise, are not new: a formatter that replaces
    a whole document has written none of them.
    """
    lines = line_spans(inserted).tolist()
    texts = [inserted[first:last] for first, last in lines]
    if removed.strip():
        old = [removed[first:last].strip() for first, last in line_spans(removed).tolist()]
        ranges = differing_ranges(old, [text.strip() for text in texts])
    else:
        ranges = [(0, len(texts))]
    new = [number for first, last in ranges for number in range(first, last) if texts[number].strip()]
    if len(new) < MIN_LINES and sum(len(texts[number].strip()) for number in new) < MIN_CHARACTERS:
        return []
    return [(lines[first][0], lines[last - 1][1]) for first, last in ranges]


def _trimmed(before: str, start: int, end: int, inserted: str) -> tuple[int, int, str]:
    """The same edit without the lines at its beginning and end that it leaves as they are."""
    limit = min(end - start, len(inserted))
    if limit == 0:
        return start, end, inserted
    head = _common(before[start:end], inserted, limit)
    tail = _common(before[start:end][::-1], inserted[::-1], limit - head)
    return start + head, end - tail, inserted[head : len(inserted) - tail]


def _common(left: str, right: str, limit: int) -> int:
    """The length of the longest common beginning, at most ``limit``; in steps, as texts are long."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
