"""Parses a document again after an edit, for the price of the edit."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from tree_sitter import Tree

from heatline.scoring.languages import parser_for

KEPT_TREES = 4
"""Documents whose trees are kept; a tree takes about a hundred times the memory of its text."""


@dataclass(frozen=True)
class _Parsed:
    language: str
    source: bytes
    tree: Tree


class DocumentParser:
    """Keeps the latest trees of a few documents and hands back trees equal to those of a parse from scratch.

    Tree-sitter repairs broken code at the least cost it finds, and finds another repair when it starts from an
    older tree.  So an older tree is only built upon when neither it nor what comes of it holds an error.
    """

    def __init__(self, kept: int = KEPT_TREES) -> None:
        self._kept = kept
        self._parsed: OrderedDict[str, _Parsed] = OrderedDict()

    def parse(self, document: str, language: str, source: bytes) -> Tree:
        """The tree of ``source``, the newest content of ``document``."""
        before = self._parsed.pop(document, None)
        tree = None
        if before is not None and before.language == language and not before.tree.root_node.has_error:
            tree = _parse_again(before, source)
        if tree is None:
            tree = parser_for(language).parse(source)
        self._parsed[document] = _Parsed(language, source, tree)
        while len(self._parsed) > self._kept:
            self._parsed.popitem(last=False)
        return tree

    def forget(self, document: str) -> None:
        """Drops a document's tree."""
        self._parsed.pop(document, None)


def _parse_again(before: _Parsed, source: bytes) -> Tree | None:
    old = before.source
    if old == source:
        return before.tree
    start = common_prefix(old, source)
    tail = common_suffix(old[start:], source[start:])
    edited = before.tree.copy()
    edited.edit(
        start, len(old) - tail, len(source) - tail,
        _point(old, start), _point(old, len(old) - tail), _point(source, len(source) - tail),
    )  # fmt: skip
    tree = parser_for(before.language).parse(source, edited)
    return None if tree.root_node.has_error else tree


def _point(source: bytes, byte: int) -> tuple[int, int]:
    return source.count(b"\n", 0, byte), byte - (source.rfind(b"\n", 0, byte) + 1)


def common_prefix(a: bytes, b: bytes) -> int:
    """How many bytes two contents begin with alike."""
    shorter = min(len(a), len(b))
    if not shorter:
        return 0
    differs = np.frombuffer(a, np.uint8, shorter) != np.frombuffer(b, np.uint8, shorter)
    first = int(differs.argmax())
    return first if differs[first] else shorter


def common_suffix(a: bytes, b: bytes) -> int:
    """How many bytes two contents end with alike."""
    return common_prefix(a[::-1], b[::-1])
