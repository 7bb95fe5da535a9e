"""Write a passing program with the failing program's own identifiers (alpha-renaming).

Two programs that do the same with other names differ in most lines; after renaming, what differs is what
they do.
"""

import ast
import builtins
import keyword
import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from heatline_probes.patches.lexing import Token, code_tokens

_RESERVED = frozenset(dir(builtins)) | frozenset(keyword.kwlist)
_PLACEHOLDER = "\0name"
_IN_BRACES = re.compile(r"\{[^{}]*\}")


def rename_onto(failing: str, passing: str, keep: frozenset[str] = frozenset()) -> str | None:
    """`passing` with the names it binds mapped onto those of `failing` that stand in their places.

    keep: names that must stay, such as the entry point. Returns None when nothing can be renamed or
    `passing` does not parse. The result means the same where no name is looked up by its text; it is for
    the tests to say.
    """
    try:
        bound = _bound_names(ast.parse(passing)) - keep - _RESERVED
    except (SyntaxError, ValueError, RecursionError):
        return None
    old, new = code_tokens(failing), code_tokens(passing)
    mapping = _mapping(old, new, bound, keep, _parameters(failing, passing, keep))
    if not mapping:
        return None
    parts: list[str] = []
    written = 0
    for index, token in enumerate(new):
        parts.append(passing[written : token.start])
        written = token.end
        parts.append(_renamed(new, index, mapping, passing[token.start : token.end]))
    return "".join(parts) + passing[written:]


def _mapping(
    old: list[Token],
    new: list[Token],
    bound: set[str],
    keep: frozenset[str],
    parameters: Sequence[tuple[str, str]],
) -> dict[str, str]:
    theirs = {t.text for t in new if t.kind == "name"}
    matcher = SequenceMatcher(
        None,
        [_abstract(old, i, None) for i in range(len(old))],
        [_abstract(new, i, bound) for i in range(len(new))],
        autojunk=False,
    )
    votes: Counter[tuple[str, str]] = Counter()
    for i, j, size in matcher.get_matching_blocks():
        for offset in range(size):
            one, other = old[i + offset].text, new[j + offset].text
            if other in bound and old[i + offset].kind == "name" and one not in _RESERVED | keep:
                votes[(other, one)] += 1
    # The tests call both programs with the same arguments: that says more than where names stand.
    votes.update(
        {
            (other, one): len(new)
            for other, one in parameters
            if other in bound and one not in _RESERVED | keep
        }
    )
    mapping: dict[str, str] = {}
    for (other, one), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if other not in mapping and one not in mapping.values():
            mapping[other] = one
    # A target that the passing program already uses must itself be renamed away, or two names would merge.
    for one in [one for one in mapping.values() if one in bound and one not in mapping]:
        freed = next((other for other in mapping if other not in mapping.values()), None)
        if freed is not None:
            mapping[one] = freed
    while clashes := [b for b, a in mapping.items() if a != b and a in theirs and a not in mapping]:
        for name in clashes:
            del mapping[name]
    return {b: a for b, a in mapping.items() if a != b}


def _parameters(failing: str, passing: str, names: frozenset[str]) -> list[tuple[str, str]]:
    """Names of positional parameters of the functions `names`: (that of `passing`, that of `failing`)."""
    try:
        ours, theirs = (_arguments(ast.parse(code), names) for code in (failing, passing))
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [pair for name in ours if name in theirs for pair in zip(theirs[name], ours[name], strict=False)]


def _arguments(tree: ast.Module, names: frozenset[str]) -> dict[str, list[str]]:
    return {
        node.name: [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name in names
    }


def _abstract(tokens: list[Token], index: int, bound: set[str] | None) -> str:
    token = tokens[index]
    if token.kind != "name" or token.text in _RESERVED:
        return token.text
    if index and tokens[index - 1].text == ".":
        return token.text
    return _PLACEHOLDER if bound is None or token.text in bound else token.text


def _renamed(tokens: list[Token], index: int, mapping: dict[str, str], raw: str) -> str:
    token = tokens[index]
    if token.kind == "string" and "f" in raw[:2].lower() and "{" in raw:
        return _IN_BRACES.sub(lambda braces: _rename_words(braces.group(), mapping), raw)
    if token.kind != "name" or token.text not in mapping:
        return raw
    if index and tokens[index - 1].text == ".":
        return raw
    return mapping[token.text]


def _rename_words(text: str, mapping: dict[str, str]) -> str:
    return re.sub(r"(?<![\w.])[^\W\d]\w*", lambda word: mapping.get(word.group(), word.group()), text)


def _bound_names(tree: ast.Module) -> set[str]:
    bound = set()
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imported |= {(a.asname or a.name).split(".")[0] for a in node.names}
    return bound - imported
