"""What each line of a program is: code, or something whose label is too easy to say much about a probe."""

import re
from collections.abc import Iterator
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from tree_sitter import Node

from heatline.scoring.languages import LANGUAGES, parser_for
from heatline.scoring.lines import line_spans

Str = NDArray[np.str_]

_SURROGATE = re.compile("[\ud800-\udfff]")
_BRACKETS = frozenset("{}()[];,:")


class LineKind(StrEnum):
    """A line is code when any of it is; a line of mixed kinds is of the kind it starts with."""

    BLANK = "blank"
    COMMENT = "comment"
    DOCSTRING = "docstring"
    IMPORT = "import"
    SIGNATURE = "signature"  # of a function or class, with decorators and access specifiers
    BRACKET = "bracket"  # nothing but brackets, commas, semicolons and colons
    CODE = "code"


_ORDER = tuple(LineKind)
_CODE = _ORDER.index(LineKind.CODE)

_IMPORTS = frozenset({"preproc_def", "preproc_function_def", "namespace_use_declaration"})
_CLASSES = frozenset(
    {
        *("class_definition", "class_declaration", "interface_declaration", "enum_declaration"),
        *("record_declaration", "class_specifier", "struct_specifier", "union_specifier", "enum_specifier"),
        "namespace_definition",
    }
)
_FUNCTIONS = frozenset(
    {
        *("function_definition", "method_declaration", "constructor_declaration", "function_declaration"),
        *("method_definition", "generator_function_declaration", "function_item"),
        "compact_constructor_declaration",
    }
)
_CLOSURES = frozenset({"arrow_function", "function_expression", "function", "lambda_expression"})
_WRAPPERS = frozenset({"decorated_definition", "template_declaration", "export_statement"})
_SPECIFIERS = frozenset({"access_specifier", "decorator", "package_declaration"})


def line_kinds(code: str, language: str) -> Str:
    """The `LineKind` of every line of `code`, `(lines,)`.

    By tree-sitter. In a language without a grammar a line is code unless it is blank or only brackets.
    """
    character = np.full(len(code) + 1, _CODE, np.int8)
    if language in LANGUAGES:
        _mark(code, language, character)
    kinds = []
    for start, end in line_spans(code).tolist():
        line = code[start:end]
        shown = [i for i, c in enumerate(line, start) if not c.isspace()]
        if not shown:
            kinds.append(LineKind.BLANK)
        elif any(character[i] == _CODE and code[i] not in _BRACKETS for i in shown):
            kinds.append(LineKind.CODE)
        else:
            named = [k for i in shown if (k := int(character[i])) != _CODE]
            kinds.append(_ORDER[named[0]] if named else LineKind.BRACKET)
    return np.asarray([kind.value for kind in kinds], np.str_)


def _mark(code: str, language: str, character: NDArray[np.int8]) -> None:
    """Write the kind of every character that belongs to a comment, docstring, import or signature."""
    source = _SURROGATE.sub("\ufffd", code).encode("utf-8")
    leading = np.frombuffer(source, np.uint8) & 0xC0 != 0x80
    offset = np.concatenate([np.cumsum(leading) - leading, [len(code)]])  # byte → code point
    imports = LANGUAGES[language].imports | _IMPORTS
    for node in _nodes(parser_for(language).parse(source).root_node):
        if found := _kind(node, imports):
            kind, first, last = found
            character[offset[first] : offset[last]] = _ORDER.index(kind)


def _nodes(root: Node) -> Iterator[Node]:
    """All nodes, parents first: what is inside overwrites what is around it."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _kind(node: Node, imports: frozenset[str]) -> tuple[LineKind, int, int] | None:
    whole = node.start_byte, node.end_byte
    if "comment" in node.type:
        return LineKind.COMMENT, *whole
    if node.type in imports:
        return LineKind.IMPORT, *whole
    if node.type in _SPECIFIERS:
        return LineKind.SIGNATURE, *whole
    if node.type == "expression_statement" and _is_string(node):
        return LineKind.DOCSTRING, *whole
    if node.type in _FUNCTIONS | _CLASSES | _CLOSURES:
        return _signature(node)
    if node.type in ("declaration", "field_declaration") and _is_prototype(node):
        return LineKind.SIGNATURE, *whole
    return None


def _is_string(node: Node) -> bool:
    """A statement that is only a string: a docstring, or a comment in its place."""
    return node.named_child_count == 1 and node.named_children[0].type in ("string", "concatenated_string")


def _signature(node: Node) -> tuple[LineKind, int, int] | None:
    body = node.child_by_field_name("body")
    if body is None or (node.type in _CLOSURES and body.type not in ("statement_block", "block")):
        return None  # `x => x + 1` is an expression
    outer = node
    names = ("variable_declarator", "lexical_declaration", "variable_declaration")
    while (parent := outer.parent) is not None and (
        parent.type in _WRAPPERS or (node.type in _CLOSURES and parent.type in names)
    ):
        outer = parent
    return LineKind.SIGNATURE, outer.start_byte, body.start_byte


def _is_prototype(node: Node) -> bool:
    """`int f(int);` and nothing that computes: a parameter list without a value."""
    declarator = node.child_by_field_name("declarator")
    while declarator is not None and declarator.type in ("pointer_declarator", "reference_declarator"):
        declarator = declarator.child_by_field_name("declarator")
    return declarator is not None and declarator.type == "function_declarator"
