"""Ignore comments: ``heatline: ignore`` and ``heatline: ignore-file`` in each language's comment syntax.

==================================================================  ==========================
where it stands                                                     what is ignored
==================================================================  ==========================
after code, on the same line                                        that line
on its own line, above a function or class, or among its decorators  all of it
on its own line, above anything else                                the next line of code
``ignore-file``, on its own line                                    the file
==================================================================  ==========================

Words after it are for people: ``# heatline: ignore - checked by hand``.  In a string it is no comment.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from heatline.noise.comments import ParsedText, comment_markers, parsed_text
from heatline.scoring.languages import LANGUAGES, LanguageSyntax, unwrapped
from heatline.scoring.lines import line_spans
from heatline.scoring.scopes import Parse, parse_from_scratch

_PREFIX = "heatline:"
_DIRECTIVE = re.compile(rf"{_PREFIX}[ \t]*(ignore(?:-file)?)(?![-\w])", re.I)
_MARKER = r"(?:#+|//[/!]?|/\*+!?|--|;+|%+|<!--|\(\*)"
# Directly after what opens a comment, or a line of one: prose that only mentions the words is no directive.
_OPENS_IN_COMMENT = re.compile(rf"(?:^|{_MARKER}|\*)[ \t]*$")
_OPENS_IN_TEXT = re.compile(rf"(?:^|(?<=\s)){_MARKER}[ \t]*$")
_COMMENT_LINE = re.compile(_MARKER)
_CLOSED = re.compile(r"\*/|-->|\*\)")


@dataclass(frozen=True, slots=True)
class IgnoredLines:
    """The lines, from 0, that ignore comments name; with ``whole_file``, every line."""

    whole_file: bool = False
    lines: frozenset[int] = frozenset()

    def __contains__(self, line: int) -> bool:
        return self.whole_file or line in self.lines


NOTHING_IGNORED = IgnoredLines()


def ignore_comment(language: str, *, file: bool = False) -> str:
    """The comment to write into a text of ``language`` (our name or an editor's language id)."""
    opening, closing = comment_markers(language)
    return f"{opening}heatline: {'ignore-file' if file else 'ignore'}{closing}"


def ignored_lines(text: str, language: str, parse: Parse = parse_from_scratch) -> IgnoredLines:
    """What the ignore comments of ``text`` name; ``language`` is one of `heatline.scoring.languages`.

    Costs a search of the text where there is no such comment, and a ``parse`` where there is.
    """
    if _PREFIX not in text.lower():  # ten times as fast as the expression, and true of nearly all texts
        return NOTHING_IGNORED
    found = list(_DIRECTIVE.finditer(text))
    return _Reader(text, language, parse).read(found) if found else NOTHING_IGNORED


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment ``[start, end)`` in code points; ``node`` is None where there is no tree to find it in."""

    start: int
    end: int
    node: Node | None


class _Reader:
    def __init__(self, text: str, language: str, parse: Parse) -> None:
        self.text = text
        self.lines: list[tuple[int, int]] = [(start, end) for start, end in line_spans(text).tolist()]
        self.starts = [start for start, _ in self.lines]
        self.syntax = LANGUAGES.get(language)
        self.parsed = parsed_text(text, language, parse)

    def read(self, found: Iterable[re.Match[str]]) -> IgnoredLines:
        whole_file = False
        lines: set[int] = set()
        for match in found:
            comment = self.comment(match)
            if comment is None:
                continue
            alone = self.is_alone(comment)
            if match.group(1).lower() == "ignore-file":
                whole_file |= alone
            elif alone:
                lines.update(self.below(comment))
            else:
                lines.add(self.line_at(match.start()))
        return IgnoredLines(whole_file, frozenset(lines))

    def comment(self, match: re.Match[str]) -> _Comment | None:
        """The comment that ``match`` is the directive of."""
        line_start = self.starts[self.line_at(match.start())]
        if self.parsed is not None:
            node = self.parsed.comment_at(match.start())
            if node is not None:
                start, end = self.parsed.span(node)
                before = self.text[max(start, line_start) : match.start()]
                return _Comment(start, end, node) if _OPENS_IN_COMMENT.search(before) else None
            if not self.parsed.is_unclear_at(match.start()):
                return None
        opened = _OPENS_IN_TEXT.search(self.text[line_start : match.start()])
        if opened is None:
            return None
        line_end = self.lines[self.line_at(match.start())][1]
        closed = _CLOSED.search(self.text, match.end(), line_end)
        return _Comment(line_start + opened.start(), closed.end() if closed else line_end, None)

    def is_alone(self, comment: _Comment) -> bool:
        """Whether nothing but the comment is on its lines."""
        before = self.text[self.starts[self.line_at(comment.start)] : comment.start].strip()
        after = self.text[comment.end : self.lines[self.line_at(max(comment.end - 1, 0))][1]].strip()
        parent = comment.node.parent if comment.node is not None else None
        if parent is not None and parent.type == "jsx_expression":  # {/* the only way to comment in JSX */}
            return (before, after) in (("", ""), ("{", "}"))
        return not before and not after

    def below(self, comment: _Comment) -> range:
        """The lines of the function or class below, else the next line that isn't a comment."""
        code = self.next_code_line(self.line_at(max(comment.end - 1, 0)))
        if code is None:
            return range(0)
        if self.parsed is not None and self.syntax is not None:
            declared = self.declaration(self.parsed, self.syntax, code, comment.node)
            if declared is not None:
                _, end = self.parsed.span(declared)
                return range(code, self.line_at(max(end - 1, 0)) + 1)
        return range(code, code + 1)

    def declaration(
        self, parsed: ParsedText, syntax: LanguageSyntax, line: int, comment: Node | None
    ) -> Node | None:
        """The outermost function or class that begins on ``line``, or whose decorators hold the comment."""
        at = self.first_code(line)
        chosen: Node | None = None
        node: Node | None = parsed.node_at(at)
        while node is not None:
            begins = parsed.offset(node.start_byte) == at
            if node.type in syntax.attributes and begins:
                following = node.next_named_sibling
                while following is not None and (
                    following.type in syntax.attributes or "comment" in following.type
                ):
                    following = following.next_named_sibling
                return following if following is not None and syntax.declares(following) else None
            holds = comment is not None and node == comment.parent and node.type in syntax.wrappers
            if (begins or holds) and syntax.declares(unwrapped(node, syntax)):
                chosen = node
            node = node.parent
        return chosen

    def next_code_line(self, line: int) -> int | None:
        for number in range(line + 1, len(self.lines)):
            start, end = self.lines[number]
            if self.text[start:end].strip() and not self.is_comment(self.first_code(number)):
                return number
        return None

    def first_code(self, line: int) -> int:
        """The first character of a line that isn't white space."""
        start, end = self.lines[line]
        return end - len(self.text[start:end].lstrip())

    def is_comment(self, offset: int) -> bool:
        if self.parsed is not None:
            return self.parsed.comment_at(offset) is not None
        return _COMMENT_LINE.match(self.text, offset) is not None

    def line_at(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1
