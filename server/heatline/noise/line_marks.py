"""Names for lines that outlast what happens around them: a line's content and its neighbours', as hashes.

White space is normalised and blank lines don't count, so a line keeps its mark when it moves with its neighbours,
when the file is renamed, and when it is indented anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from dataclasses import dataclass

from heatline.scoring.lines import line_spans

_HASH_BYTES = 8
_MOST_KNOWN = 20_000  # contents of lines
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


class LineHashes:
    """Hashes of lines' contents; those of a text seen before are not computed again."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def of(self, text: str) -> dict[int, bytes]:
        """The hash of every line of ``text``, from 0, that isn't blank."""
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        known, hashes = self._known, {}
        for number, (start, end) in enumerate(line_spans(text).tolist()):
            content = text[start:end].strip()
            if content:
                found = known.get(content)
                if found is None:
                    found = known[content] = short_hash(" ".join(content.split()))
                hashes[number] = found
        return hashes


def line_marks(text: str) -> dict[int, LineMark]:
    """The mark of every line of ``text``, from 0, that isn't blank."""
    return marks_of(LineHashes().of(text))


def marks_of(hashes: dict[int, bytes], wanted: Container[bytes] | None = None) -> dict[int, LineMark]:
    """The marks of lines whose ``hashes`` are known; with ``wanted``, of those with a hash in it only."""
    around = [_NOTHING, *hashes.values(), _NOTHING]
    return {
        number: LineMark(content, around[i], around[i + 2])
        for i, (number, content) in enumerate(hashes.items())
        if wanted is None or content in wanted
    }


def short_hash(text: str) -> bytes:
    """The first 8 bytes of the SHA-256 of ``text``; lone surrogates are allowed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_HASH_BYTES]
