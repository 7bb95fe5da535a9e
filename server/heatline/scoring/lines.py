"""Line boundaries as editors count them: ``\\n``, ``\\r\\n`` and ``\\r`` alone end a line, nothing else does."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_LINE_END = re.compile(r"\r\n|\n|\r")


def line_spans(text: str) -> NDArray[np.int64]:
    """Code-point offsets ``(n, 2)`` of every line, line ends left out; an empty text has one empty line."""
    starts, ends, position = [], [], 0
    for match in _LINE_END.finditer(text):
        starts.append(position)
        ends.append(match.start())
        position = match.end()
    starts.append(position)
    ends.append(len(text))
    return np.stack([np.asarray(starts, np.int64), np.asarray(ends, np.int64)], axis=1)
