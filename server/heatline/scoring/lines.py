"""Line boundaries as editors count them: ``\\n``, ``\\r\\n`` and ``\\r`` alone end a line, nothing else does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LF, _CR = 0x0A, 0x0D


def line_spans(text: str) -> NDArray[np.int64]:
    """Code-point offsets ``(n, 2)`` of every line, line ends left out; an empty text has one empty line."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    after_cr = np.zeros(len(points), bool)
    after_cr[1:] = points[:-1] == _CR
    feeds = points == _LF
    pairs = feeds & after_cr  # the second character of a line end of two
    last = feeds | (points == _CR)  # of a line end
    last[:-1] &= ~pairs[1:]
    ends = np.flatnonzero(last)  # (n - 1,)
    starts = np.concatenate([[0], ends + 1])
    contents = np.concatenate([ends - pairs[ends], [len(points)]])
    return np.stack([starts, contents], axis=1).astype(np.int64)
