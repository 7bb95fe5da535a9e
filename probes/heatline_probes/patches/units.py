"""A program as a sequence of units that a patch may delete, replace or insert before.

A unit is a code token, or a whole line break: the break, the comments and docstrings around it and the
indentation behind it. Breaks inside brackets mean nothing and belong to the unit behind them. So two
programs that differ in comments, docstrings or layout only have equal units.
"""

import keyword
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from heatline_probes.patches.labels import Edit, EditKind, edit_spans
from heatline_probes.patches.lexing import Token, code_tokens

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
# No expression continues with these: a bracket still open there was never closed.
_STATEMENT_ONLY = frozenset({"def", "class", "return", "while", "import", "raise", "del", "assert"})


class Unit(NamedTuple):
    """One unit at code-point offsets [start, end) of its program."""

    text: str  # what two programs are compared by
    raw: str  # as it is written
    gap: str  # what stands before it
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hunk:
    """Replace units [first, last) of the failing program by `new` units."""

    first: int
    last: int
    new: tuple[Unit, ...]

    @property
    def size(self) -> int:
        """Tokens deleted or inserted, a replaced token once."""
        return max(self.last - self.first, len(self.new))


@dataclass(frozen=True)
class Source:
    """A program cut into units; `tail` is what follows the last one."""

    code: str
    units: tuple[Unit, ...]
    tail: str

    @property
    def texts(self) -> list[str]:
        """What the program is compared by."""
        return [unit.text for unit in self.units]


def cut(code: str) -> Source:
    """Cut a program, which need not parse, into units."""
    tokens = code_tokens(code)
    units: list[Unit] = []
    depth = 0
    index = 0
    written = 0  # offset up to which the program is covered by units and their gaps
    while index < len(tokens):
        token = tokens[index]
        if _is_trivia(tokens, index, depth):
            stop = index
            while stop < len(tokens) and _is_trivia(tokens, stop, depth):
                stop += 1
            run = tokens[index:stop]
            following = tokens[stop].text if stop < len(tokens) else ""
            if depth and any(t.kind == "line" for t in run) and following in _STATEMENT_ONLY:
                depth = 0
            index = stop
            breaks = [t for t in run if t.kind == "line"]
            if depth == 0 and breaks and units and stop < len(tokens):
                start, end = run[0].start, run[-1].end
                # A docstring or comment right before code on its line leaves the indentation of that line.
                units.append(Unit(breaks[-1].text, code[start:end], code[written:start], start, end))
                written = end
            continue
        if token.kind == "other" and token.text in _OPENING:
            depth += 1
        elif token.kind == "other" and token.text in _CLOSING:
            depth = max(0, depth - 1)
        units.append(Unit(token.text, token.text, code[written : token.start], token.start, token.end))
        written = token.end
        index += 1
    return Source(code, tuple(units), code[written:])


def difference(failing: Source, passing: Source) -> list[Hunk]:
    """Hunks that turn `failing` into `passing`, in order, from a token-level difflib alignment."""
    matcher = SequenceMatcher(None, failing.texts, passing.texts, autojunk=False)
    return [
        Hunk(i1, i2, tuple(bare(unit) for unit in passing.units[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def difference_by_lines(failing: Source, passing: Source) -> list[Hunk]:
    """As `difference`, but whole lines are aligned first and tokens only inside lines that differ."""
    old, new = _lines(failing), _lines(passing)
    matcher = SequenceMatcher(None, [k for k, _, _ in old], [k for k, _, _ in new], autojunk=False)
    hunks = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        a1, a2 = _extent(old, i1, i2, len(failing.units))
        b1, b2 = _extent(new, j1, j2, len(passing.units))
        inner = SequenceMatcher(None, failing.texts[a1:a2], passing.texts[b1:b2], autojunk=False)
        hunks += [
            Hunk(a1 + k1, a1 + k2, tuple(bare(unit) for unit in passing.units[b1 + m1 : b1 + m2]))
            for inner_tag, k1, k2, m1, m2 in inner.get_opcodes()
            if inner_tag != "equal"
        ]
    return hunks


def apply(failing: Source, hunks: Sequence[Hunk]) -> str:
    """The program after `hunks` (in order, not overlapping)."""
    parts: list[str] = []
    position = 0
    for hunk in hunks:
        for unit in failing.units[position : hunk.first]:
            _emit(parts, unit)
        for unit in hunk.new:
            _emit(parts, unit)
        position = hunk.last
    for unit in failing.units[position:]:
        _emit(parts, unit)
    parts.append(failing.tail)
    return "".join(parts)


def edits_of(failing: Source, hunks: Sequence[Hunk]) -> tuple[Edit, ...]:
    """The hunks as edits at code-point offsets, refined inside strings and comments."""
    edits = []
    for hunk in hunks:
        if hunk.first == hunk.last:
            at_end = hunk.first >= len(failing.units)
            point = len(failing.code) if at_end else failing.units[hunk.first].start
            edits.append(Edit(point, point, EditKind.INSERTION))
            continue
        start, end = failing.units[hunk.first].start, failing.units[hunk.last - 1].end
        if not hunk.new:
            edits.append(Edit(start, end, EditKind.DELETED))
            continue
        replacement: list[str] = []
        for unit in hunk.new:
            _emit(replacement, unit)
        inner = edit_spans(failing.code[start:end], "".join(replacement).lstrip(" \t"))
        if not inner:  # blanks in a string, which the finer alignment can't tell from layout
            edits.append(Edit(start, end, EditKind.REPLACED))
        edits += [Edit(e.start + start, e.end + start, e.kind) for e in inner]
    return tuple(edits)


def identifiers(source: Source) -> set[str]:
    """Names that occur in a program, without keywords."""
    return {u.text for u in source.units if u.text.isidentifier() and not keyword.iskeyword(u.text)}


def _is_trivia(tokens: list[Token], index: int, depth: int) -> bool:
    token = tokens[index]
    if token.kind in ("line", "comment"):
        return True
    if token.kind != "string" or depth:
        return False
    before = index == 0 or tokens[index - 1].kind in ("line", "comment")
    after = index + 1 == len(tokens) or tokens[index + 1].kind in ("line", "comment")
    return before and after


def bare(unit: Unit) -> Unit:
    """A unit of another program without that program's comments, docstrings and layout."""
    gap = " " if unit.gap and "\n" not in unit.gap else ""
    return unit._replace(raw=unit.text, gap="" if unit.text.startswith("\n") else gap)


def _emit(parts: list[str], unit: Unit) -> None:
    gap = unit.gap
    if parts and gap.isspace() and "\n" not in gap and _is_indentation(parts[-1]):
        gap = ""  # it stood inside a line before: here it would change the indentation
    if not gap and parts and parts[-1] and _is_word(parts[-1][-1]) and _is_word(unit.raw[:1]):
        gap = " "
    parts.append(gap)
    parts.append(unit.raw)


def _is_indentation(written: str) -> bool:
    return "\n" in written and written.rsplit("\n", 1)[-1].strip() == ""


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _lines(source: Source) -> list[tuple[tuple[str, ...], int, int]]:
    starts = [0, *(i for i, unit in enumerate(source.units) if unit.text.startswith("\n"))]
    if len(starts) > 1 and starts[1] == 0:
        del starts[0]
    ends = [*starts[1:], len(source.units)]
    texts = source.texts
    return [(tuple(texts[a:b]), a, b) for a, b in zip(starts, ends, strict=True)]


def _extent(
    lines: list[tuple[tuple[str, ...], int, int]], first: int, last: int, end: int
) -> tuple[int, int]:
    start = lines[first][1] if first < len(lines) else end
    return start, (lines[last - 1][2] if last > first else start)
