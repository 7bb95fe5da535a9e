"""How a client counts characters within a line: UTF-8, UTF-16 or UTF-32 code units.

Everywhere else Heatline counts Unicode code points.  A position that falls inside one code point (half a
surrogate pair, the middle of a UTF-8 sequence) means the start of that code point: always rounding the same
way keeps the order of two positions.  Texts must hold no surrogate pair as two code points: see
:func:`join_surrogates`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod


class PositionEncoding(ABC):
    """Converts between code points and code units of one line."""

    name: str

    @abstractmethod
    def units(self, text: str) -> int:
        """The length of ``text`` in code units."""

    @abstractmethod
    def code_points(self, line: str, units: int) -> int:
        """The number of whole code points in the first ``units`` code units of ``line``.

        Past the end of the line it is the line's length; below zero it is 0.
        """


class Utf32(PositionEncoding):
    """One unit per code point."""

    name = "utf-32"

    def units(self, text: str) -> int:
        return len(text)

    def code_points(self, line: str, units: int) -> int:
        return min(max(units, 0), len(line))


class Utf16(PositionEncoding):
    """Two units for a code point beyond the basic plane, else one (a lone surrogate too)."""

    name = "utf-16"

    def units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def code_points(self, line: str, units: int) -> int:
        if line.isascii():
            return min(max(units, 0), len(line))
        encoded = line[: max(units, 0)].encode("utf-16-le", "surrogatepass")
        cut = min(2 * max(units, 0), len(encoded))
        if 0 < cut < len(encoded) and _is_high(encoded[cut - 1]) and _is_low(encoded[cut + 1]):
            cut -= 2  # inside a pair
        return len(encoded[:cut].decode("utf-16-le", "surrogatepass"))


class Utf8(PositionEncoding):
    """One to four units per code point; a lone surrogate counts three."""

    name = "utf-8"

    def units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        return len(text.encode("utf-8", "surrogatepass"))

    def code_points(self, line: str, units: int) -> int:
        if line.isascii():
            return min(max(units, 0), len(line))
        encoded = line[: max(units, 0)].encode("utf-8", "surrogatepass")
        cut = min(max(units, 0), len(encoded))
        while cut < len(encoded) and encoded[cut] & 0xC0 == 0x80:  # a continuation byte: inside a code point
            cut -= 1
        return len(encoded[:cut].decode("utf-8", "surrogatepass"))


ENCODINGS: dict[str, PositionEncoding] = {e.name: e for e in (Utf8(), Utf16(), Utf32())}

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def join_surrogates(text: str) -> str:
    """Makes one code point of every surrogate pair that arrived as two.

    A client that counts UTF-16 may insert the halves of an emoji one after the other.
    """
    if text.isascii() or _PAIR.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def without_surrogates(text: str) -> str:
    """The same text with U+FFFD for every lone surrogate, which no tokenizer takes; offsets stay the same."""
    return text if text.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _is_high(byte: int) -> bool:
    return byte & 0xFC == 0xD8


def _is_low(byte: int) -> bool:
    return byte & 0xFC == 0xDC
