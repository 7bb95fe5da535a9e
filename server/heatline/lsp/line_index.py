r"""Where the lines of a text start, as the protocol counts lines, and positions to offsets and back.

A line ends at ``\n``, ``\r\n`` or ``\r`` and at nothing else: form feed, U+0085 and U+2028 are characters
like any other.  (``str.splitlines``, which pygls 2.1 uses, ends lines at those too and corrupts the text.)
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from heatline.lsp.position_encoding import PositionEncoding

_LINE_END = re.compile(r"\r\n|\r|\n")


class LineIndex:
    """The lines of one immutable text.

    Offsets are code points into the text; positions are (line from 0, character in the encoding's units).
    """

    def __init__(self, text: str) -> None:
        self._text = text
        if "\r" in text:
            self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        else:  # the same, ten times as fast
            self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
            self._starts.pop()

    def __len__(self) -> int:
        """The number of lines; an empty text has one."""
        return len(self._starts)

    def start(self, line: int) -> int:
        """The offset at which ``line`` starts. Raises IndexError for a line that isn't there."""
        return self._starts[line]

    def end(self, line: int) -> int:
        """The offset at which the content of ``line`` ends: that of its line end, which is not included."""
        if line + 1 == len(self._starts):
            return len(self._text)
        end = self._starts[line + 1] - 1
        if self._text[end] == "\n" and end > self._starts[line] and self._text[end - 1] == "\r":
            end -= 1
        return end

    def line_at(self, offset: int) -> int:
        """The line that holds ``offset``; a line end belongs to the line it ends."""
        return bisect_right(self._starts, min(max(offset, 0), len(self._text))) - 1

    def offset(self, line: int, character: int, encoding: PositionEncoding) -> int:
        """The offset of a position.

        As the protocol says: past the end of its line is the line's end, and a line past the last is the end
        of the text.  A negative number counts as 0.
        """
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self._text)
        start = self._starts[line]
        return start + encoding.code_points(self._text[start : self.end(line)], character)

    def position(self, offset: int, encoding: PositionEncoding) -> tuple[int, int]:
        """The position of ``offset``; between ``\\r`` and ``\\n`` it is the line's end."""
        line = self.line_at(offset)
        start = self._starts[line]
        return line, encoding.units(self._text[start : min(max(offset, 0), self.end(line))])
