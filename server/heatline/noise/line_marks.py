"""Names for lines that outlast what happens around them: a line's content and its neighbours', as hashes.

White space is normalised and blank lines don't count, so a line keeps its mark when it moves with its neighbours,
when the file is renamed, and when it is indented anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from heatline.scoring.lines import line_spans

_HASH_BYTES = 8
_NOTHING = bytes(_HASH_BYTES)  # above the first line, below the last


@dataclass(frozen=True, slots=True)
class LineMark:
    """A line's content and its neighbours', as hashes."""

    line: bytes
    above: bytes
    below: bytes

    def is_of(self, other: LineMark) -> bool:
        """Whether both are marks of one line: the same text, beside the same text on one side at least.

        So a mark outlives an edit beside its line, and doesn't spread to every ``return None``.
        """
        return self.line == other.line and (self.above == other.above or self.below == other.below)

    def __str__(self) -> str:
        return f"{self.line.hex()}.{self.above.hex()}.{self.below.hex()}"

    @classmethod
    def parse(cls, written: str) -> LineMark:
        """The mark that ``str`` made ``written`` of.  Raises ValueError for anything else."""
        line, above, below = (bytes.fromhex(part) for part in written.split("."))
        if not len(line) == len(above) == len(below) == _HASH_BYTES:
            raise ValueError(f"“{written}” is no mark of a line.")
        return cls(line, above, below)


def line_marks(text: str) -> dict[int, LineMark]:
    """The mark of every line of ``text``, from 0, that isn't blank."""
    hashes = {
        number: short_hash(" ".join(text[start:end].split()))
        for number, (start, end) in enumerate(line_spans(text).tolist())
        if text[start:end].strip()
    }
    around = [_NOTHING, *hashes.values(), _NOTHING]
    return {number: LineMark(around[i + 1], around[i], around[i + 2]) for i, number in enumerate(hashes)}


def short_hash(text: str) -> bytes:
    """The first 8 bytes of the SHA-256 of ``text``; lone surrogates are allowed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_HASH_BYTES]
