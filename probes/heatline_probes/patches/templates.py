"""Small edits that repair many programs: one operator, constant, index, negation or call at a time.

A bounded search: edits are proposed at suspicious places first, the places being those that other repairs
touch. Each proposal is verified by the tests like any other candidate.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from heatline_probes.patches.units import Hunk, Source, Unit

_SWAPS: dict[str, tuple[str, ...]] = {
    "<": ("<=", ">", ">=", "!="),
    "<=": ("<", ">=", ">"),
    ">": (">=", "<", "<=", "!="),
    ">=": (">", "<=", "<"),
    "==": ("!=", "<=", ">="),
    "!=": ("==", "<", ">"),
    "+": ("-", "*"),
    "-": ("+",),
    "*": ("**", "+"),
    "/": ("//",),
    "//": ("/",),
    "%": ("//",),
    "**": ("*",),
    "+=": ("-=", "=", "*="),
    "-=": ("+=", "="),
    "*=": ("+=", "**="),
    "=": ("+=",),
    "and": ("or",),
    "or": ("and",),
    "True": ("False", "None"),
    "False": ("True", "None"),
    "None": ("[]", '""', "0", "False", "True", "()"),
    "in": ("not in",),
    "min": ("max",),
    "max": ("min",),
    "any": ("all",),
    "all": ("any",),
    "append": ("extend",),
    "extend": ("append",),
    "list": ("sorted", "tuple"),
    "tuple": ("list",),
    "set": ("sorted", "list"),
    "int": ("float", "round"),
    "round": ("int",),
    "lower": ("upper",),
    "upper": ("lower",),
    "isalpha": ("isalnum",),
    "isalnum": ("isalpha",),
    "isdigit": ("isnumeric",),
    "break": ("continue",),
    "continue": ("break",),
    "if": ("elif", "while"),
    "elif": ("if",),
    '""': ('" "', "None"),
    '" "': ('""',),
    "''": ("' '", "None"),
    "' '": ("''",),
    "[]": ("None",),
}
_WRAPPERS = ("int", "str", "list", "tuple", "sorted", "set", "abs", "len", "round", "float")


def proposals(failing: Source, suspicious: Sequence[int], limit: int) -> Iterator[list[Hunk]]:
    """At most `limit` one-hunk edits, at the units `suspicious` names first, then in order of the program.

    Every edit is a single hunk of one or two tokens; `limit` bounds the runs of the tests.
    """
    first_ones = set(suspicious)
    order = [*suspicious, *(i for i in range(len(failing.units)) if i not in first_ones)]
    seen: set[tuple[int, int, tuple[str, ...]]] = set()
    count = 0
    for index in order:
        for first, last, new in _at(failing, index):
            if (first, last, new) in seen:
                continue
            seen.add((first, last, new))
            if count >= limit:
                return
            count += 1
            yield [Hunk(first, last, tuple(_unit(text) for text in new))]


def wrapped_returns(failing: Source) -> Iterator[list[Hunk]]:
    """``return x`` with a conversion around x: the right value of the wrong type."""
    units = failing.units
    for index, unit in enumerate(units):
        if unit.text != "return":
            continue
        stop = next((i for i in range(index + 1, len(units)) if units[i].text.startswith("\n")), len(units))
        if stop == index + 1:
            continue
        for wrapper in _WRAPPERS:
            opening = Hunk(index + 1, index + 1, (_unit(wrapper), _unit("(", gap="")))
            yield [opening, Hunk(stop, stop, (_unit(")", gap=""),))]


def renamed_entry(failing: Source, names: AbstractSet[str]) -> Iterator[list[Hunk]]:
    """A function called what the tests call, where none is."""
    texts = failing.texts
    defined = [i + 1 for i, text in enumerate(texts[:-1]) if text == "def"]
    if not names & {texts[i] for i in defined}:
        for index in reversed(defined):
            for name in sorted(names):
                yield [Hunk(i, i + 1, (_unit(name),)) for i, text in enumerate(texts) if text == texts[index]]


def _at(failing: Source, index: int) -> Iterable[tuple[int, int, tuple[str, ...]]]:
    unit = failing.units[index]
    text = unit.text
    for other in _SWAPS.get(text, ()):
        yield index, index + 1, (other,)
    if text.isdecimal() and len(text) < 12:
        for value in (int(text) + 1, int(text) - 1, 0, 1, 2):
            if value >= 0 and str(value) != text:
                yield index, index + 1, (str(value),)
        if text == "1":
            yield index, index + 1, ("-", "1")
    if text in (")", "]") and index and failing.units[index - 1].text not in ("(", "[", ",", ":"):
        for sign in ("+", "-"):
            yield index, index, (sign, "1")
    if text in ("if", "elif", "while", "return", "and", "or"):
        yield index + 1, index + 1, ("not",)
    if text == "not":
        yield index, index + 1, ()
    if text == ")" and index and failing.units[index - 1].text == "(":
        yield index, index, ("0",)
        yield index, index, ("1",)
        yield index, index, ("-", "1")
    if text == "," and 0 < index < len(failing.units) - 1:
        before, after = failing.units[index - 1], failing.units[index + 1]
        if before.text.isidentifier() and after.text.isidentifier():
            yield index - 1, index + 2, (after.text, ",", before.text)
    if text == "-" and index + 1 < len(failing.units) and failing.units[index + 1].text.isdecimal():
        yield index, index + 2, ()
    if text == "+" and index + 1 < len(failing.units) and failing.units[index + 1].text.isdecimal():
        yield index, index + 2, ()
    if text.startswith("\n") and len(text) > 4:
        yield index, index + 1, (text[:-4],)
    if text.startswith("\n") and len(text) > 1:
        yield index, index + 1, (text + "    ",)


def _unit(text: str, gap: str = " ") -> Unit:
    return Unit(text, text, "" if text.startswith("\n") or text in (")", ",") else gap, 0, 0)
