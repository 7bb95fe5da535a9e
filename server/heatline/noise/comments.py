"""Where the comments of a text are, and how a comment is written in each language."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from tree_sitter import Node

from heatline.scoring.languages import LANGUAGES, PLAIN, language_of
from heatline.scoring.scopes import Parse, parse_from_scratch

_SURROGATE = re.compile("[\ud800-\udfff]")

_HASH = ("# ", "")
_SLASHES = ("// ", "")
_DASHES = ("-- ", "")
_MARKERS = {
    **dict.fromkeys(("python", "ruby", "bash", "perl", "r", "julia", "elixir", "nim", "yaml", "toml"), _HASH),
    **dict.fromkeys(("javascript", "typescript", "tsx", "java", "c", "cpp", "go", "rust", "csharp"), _SLASHES),
    **dict.fromkeys(("php", "kotlin", "scala", "groovy", "swift", "dart", "fsharp", "zig"), _SLASHES),
    **dict.fromkeys(("objective-c", "objective-cpp", "jsonc"), _SLASHES),
    **dict.fromkeys(("lua", "haskell", "sql", "ada", "elm"), _DASHES),
    **dict.fromkeys(("erlang", "latex", "matlab", "prolog"), ("% ", "")),
    **dict.fromkeys(("clojure", "lisp", "scheme"), ("; ", "")),
    **dict.fromkeys(("html", "xml", "markdown"), ("<!-- ", " -->")),
    "ocaml": ("(* ", " *)"),
    "css": ("/* ", " */"),
}  # fmt: skip


def comment_markers(language: str) -> tuple[str, str]:
    """What opens and closes a comment on one line; ``language`` is our name or an editor's language id.

    A language that nobody here knows is taken to begin its comments with ``#``.
    """
    known = language_of(language)
    return _MARKERS.get(language.lower() if known == PLAIN else known, _HASH)


class ParsedText:
    """A text and its syntax tree, with ways between the tree's bytes and the text's code points."""

    def __init__(self, text: str, language: str, parse: Parse) -> None:
        """``language`` is one with a grammar."""
        self.text = text
        self._source = _SURROGATE.sub("\ufffd", text).encode("utf-8")
        self.root = parse(language, self._source).root_node

    def byte(self, offset: int) -> int:
        """The byte at which a code point starts."""
        return offset if self._starts is None else int(self._starts[offset])

    def offset(self, byte: int) -> int:
        """The code point that starts at a byte."""
        return byte if self._starts is None else int(np.searchsorted(self._starts, byte))

    def span(self, node: Node) -> tuple[int, int]:
        """The code points of a node, without the line end that some grammars count to it."""
        start, end = self.offset(node.start_byte), self.offset(node.end_byte)
        return start, start + len(self.text[start:end].rstrip())

    def node_at(self, offset: int) -> Node:
        """The smallest node that holds a code point."""
        at = self.byte(offset)
        return self.root.descendant_for_byte_range(at, at + 1) or self.root

    def comment_at(self, offset: int) -> Node | None:
        """The comment that holds a code point, if one does."""
        node: Node | None = self.node_at(offset)
        while node is not None and "comment" not in node.type:
            node = node.parent
        return node

    def is_unclear_at(self, offset: int) -> bool:
        """Whether the grammar makes nothing of the text there, as in code that is half typed."""
        node = self.node_at(offset)
        return node.type == "ERROR" or node == self.root

    @cached_property
    def _starts(self) -> NDArray[np.int64] | None:
        """The first byte ``(n + 1,)`` of every code point; None where bytes and code points are the same."""
        if len(self._source) == len(self.text):
            return None
        points = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)
        sizes = 1 + (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF)
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])


def parsed_text(text: str, language: str, parse: Parse = parse_from_scratch) -> ParsedText | None:
    """``text`` with its syntax tree; None for a language without a grammar."""
    return ParsedText(text, language, parse) if language in LANGUAGES else None
