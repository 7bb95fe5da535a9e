"""Cuts a document into scopes: top-level functions, classes and runs of statements.

A class longer than ``LONG_CLASS`` characters splits into its members.  A scope is scored independently of the
others, knowing only its context: the import lines before it and the headers of the classes around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from tree_sitter import Node, Tree

from heatline.scoring.languages import LANGUAGES, PLAIN, LanguageSyntax, parser_for, unwrapped

LONG_CLASS = 1500  # characters
_DEPTH = 6  # nested containers that are opened
_PARAGRAPH = "paragraph"  # statements that are not joined with their neighbours
_LINE_END = re.compile(r"\r\n|\n|\r")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Scope:
    """``text[start:end]``, from the start of its first line, without trailing white space.

    ``kind`` is ``function``, ``method``, ``class`` or ``statements``; ``context`` is what the supervisor reads
    before it.
    """

    start: int
    end: int
    name: str
    kind: str
    context: str = ""


@dataclass(frozen=True)
class _Block:
    """A node's lines, in code points, before grouping."""

    start: int
    end: int
    name: str
    kind: str
    outer: str = ""  # headers of the enclosing classes


Parse = Callable[[str, bytes], Tree]
"""From a language's name and UTF-8 source to a tree."""


def parse_from_scratch(language: str, source: bytes) -> Tree:
    """The tree of a text of which nothing is known."""
    return parser_for(language).parse(source)


def find_scopes(text: str, language: str, parse: Parse = parse_from_scratch, above: str = "") -> list[Scope]:
    """Scopes in document order; every non-white-space character is in exactly one of them.

    ``above`` are import lines that hold here and stand elsewhere, as in the cells before a notebook's cell.
    """
    blocks: list[_Block]
    imports: list[tuple[int, int]] = []
    if language == PLAIN or language not in LANGUAGES:
        blocks = list(_by_indentation(text))
    else:
        blocks, imports = _by_grammar(text, LANGUAGES[language], language, parse)
    return [
        Scope(
            block.start,
            block.end,
            block.name,
            "statements" if block.kind == _PARAGRAPH else block.kind,
            _context(text, block, imports, above),
        )
        for block in _whole_lines(text, _merge_statements(text, _attach_comments(text, blocks)))
    ]


def import_lines(text: str, language: str) -> str:
    """The import lines of a text, as the context of what comes after it."""
    if language not in LANGUAGES:
        return ""
    _, imports = _by_grammar(text, LANGUAGES[language], language, parse_from_scratch)
    return "\n".join(text[start:end] for start, end in imports)


def _context(text: str, block: _Block, imports: list[tuple[int, int]], above: str) -> str:
    lines = [above] if above else []
    lines += [text[start:end] for start, end in imports if end <= block.start]
    if block.outer:
        lines.append(block.outer)
    return "\n".join(lines)


def _by_grammar(
    text: str, syntax: LanguageSyntax, language: str, parse: Parse
) -> tuple[list[_Block], list[tuple[int, int]]]:
    source = _SURROGATE.sub("\ufffd", text).encode("utf-8")
    to_offset = _byte_to_offset(text, len(source))
    root = parse(language, source).root_node
    blocks: list[_Block] = []
    imports: list[tuple[int, int]] = []

    def visit(node: Node, outer: str, depth: int) -> None:
        declaration = unwrapped(node, syntax)
        start, end = to_offset(node.start_byte), to_offset(node.end_byte)
        end -= len(text[start:end]) - len(text[start:end].rstrip())  # some nodes hold their line end
        if node.type in syntax.imports:
            imports.append((start, end))
        if node.type in syntax.sections:
            for child in node.children:
                visit(child, outer, depth)
        elif declaration.type in syntax.functions:
            kind = "method" if outer else "function"
            blocks.append(_Block(start, end, _name(declaration, source), kind, outer))
        elif declaration.type in syntax.containers:
            body = declaration.child_by_field_name("body")
            if body is None or end - start <= LONG_CLASS or depth >= _DEPTH:
                blocks.append(_Block(start, end, _name(declaration, source), "class", outer))
                return
            body_start = to_offset(body.start_byte)
            header = text[start:body_start].strip()
            name = _name(declaration, source)
            inner = f"{outer}\n{header}" if outer else header
            # Python's header goes with its first member: shipped probes were trained on scopes that are cut so.
            header_end = body_start if language == "python" else start + len(text[start:body_start].rstrip())
            blocks.append(_Block(start, header_end, name, "class", outer))
            for child in body.children:
                visit(child, inner, depth + 1)
            last = body.children[-1].end_byte if body.children else body.start_byte
            blocks.append(_Block(max(to_offset(last), body_start), end, name, "class", outer))
        else:
            leads = "comment" in node.type or node.type in syntax.attributes
            kind = "comment" if leads else "statements"
            blocks.append(_Block(start, end, "", kind, outer))

    for child in root.children:
        visit(child, "", 0)
    return blocks, imports


def _byte_to_offset(text: str, byte_length: int) -> Callable[[int], int]:
    """A function from UTF-8 byte offsets to code-point offsets."""
    if byte_length == len(text):
        return lambda byte: byte
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    sizes = 1 + (points > 0x7F) + (points > 0x7FF) + (points > 0xFFFF)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return lambda byte: int(np.searchsorted(starts, byte))


def _name(node: Node, source: bytes) -> str:
    """The declared name; C and C++ hide it in nested declarators, Rust's ``impl`` in its type."""
    current: Node | None = node
    while current is not None:
        if current.type == "qualified_identifier":  # C++: K::m
            return _text_of(current, source)
        named = current.child_by_field_name("name") or current.child_by_field_name("type")
        declarator = current.child_by_field_name("declarator")
        if declarator is None:
            found = named if named is not None else (current if current is not node else None)
            if found is None:  # the value of a constant or a field is named by what holds it
                holder = node.parent
                named = holder and (
                    holder.child_by_field_name("name") or holder.child_by_field_name("property")
                )
                return _text_of(named, source) if named else ""
            return _text_of(found, source)
        current = declarator
    return ""


def _text_of(node: Node, source: bytes) -> str:
    lines = source[node.start_byte : node.end_byte].decode("utf-8", "replace").splitlines()
    return lines[0][:80] if lines else ""


def _line_ends(text: str, start: int, end: int) -> int:
    return len(_LINE_END.findall(text, start, end))


def _attach_comments(text: str, blocks: list[_Block]) -> list[_Block]:
    """Comments and attributes right above a declaration belong to it; others are statements."""
    attached: list[_Block] = []
    for block in blocks:
        current = block
        if block.kind not in ("statements", "comment"):
            while (
                attached
                and attached[-1].kind == "comment"
                and _line_ends(text, attached[-1].end, current.start) == 1
            ):
                current = replace(current, start=attached.pop().start)
        attached.append(current)
    return [replace(b, kind="statements") if b.kind == "comment" else b for b in attached]


def _merge_statements(text: str, blocks: list[_Block]) -> list[_Block]:
    """Join neighbours that are no declarations, and what shares a line."""
    merged: list[_Block] = []
    for block in blocks:
        if block.end <= block.start:
            continue
        previous = merged[-1] if merged else None
        same_line = previous is not None and _line_ends(text, previous.end, block.start) == 0
        if previous is not None and same_line:
            keep = previous if previous.kind != "statements" else block
            merged[-1] = replace(keep, start=previous.start, end=block.end)
        elif (
            previous is not None
            and previous.kind == block.kind == "statements"
            and previous.outer == block.outer
        ):
            merged[-1] = replace(previous, end=block.end)
        else:
            merged.append(block)
    return merged


def _whole_lines(text: str, blocks: list[_Block]) -> Iterator[_Block]:
    """Extend blocks to the start of their first line and over what no node covers; trim white space."""
    edges = []
    for block in blocks:
        line_start = max(text.rfind("\n", 0, block.start), text.rfind("\r", 0, block.start)) + 1
        clean = not text[line_start : block.start].strip()
        edges.append(line_start if clean else block.start)
    for i, block in enumerate(blocks):
        start = 0 if i == 0 else edges[i]
        end = edges[i + 1] if i + 1 < len(blocks) else len(text)
        piece = text[start:end]
        body = piece.rstrip()
        if not body:
            continue
        blank = len(body) - len(body.lstrip())
        lead = body[:blank]
        skipped = max(lead.rfind("\n"), lead.rfind("\r")) + 1  # whole blank lines above, not the indentation
        yield replace(block, start=start + skipped, end=start + len(body))
    if not blocks and text.strip():
        yield _Block(len(text) - len(text.lstrip()), len(text.rstrip()), "", "statements")


def _by_indentation(text: str) -> Iterator[_Block]:
    """For a language without a grammar: a block starts at an unindented line after an indented or blank one."""
    start, previous = 0, "start"
    for match in re.finditer(r"[^\r\n]*(?:\r\n|\n|\r|$)", text):
        line = match.group()
        if not line:
            break
        kind = "blank" if not line.strip() else "indented" if line[0] in " \t" else "top"
        closing = line.strip()[:1] in ("}", ")", "]", "")
        if kind == "top" and previous == "blank" and not closing and text[start : match.start()].strip():
            yield _Block(start, start + len(text[start : match.start()].rstrip()), "", _PARAGRAPH)
            start = match.start()
        previous = kind
    if text[start:].strip():
        yield _Block(start, len(text), "", _PARAGRAPH)
