"""Statements of passing programs put between the lines of a failing one, which stays as it is.

What is missing is inserted where the passing program has it: beside the lines that both have. An insertion edits one
token, however long it is; whether it goes around the old code is for `deadcode` to say.
"""

import keyword
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from heatline_probes.patches.transplants import Line, at_depth, lines_of
from heatline_probes.patches.units import Hunk, Source, identifiers

LONGEST = 4  # lines of a statement with everything below it
_NEVER = frozenset(
    {"def", "class", "import", "from", "else", "elif", "except", "finally", "@", "return", "raise"}
)

Statement = tuple[Line, ...]  # a line and those below it that are indented deeper


def inserted_statements(
    failing: Source, donors: Sequence[Source], known: frozenset[str], weights: Sequence[float]
) -> Iterator[list[Hunk]]:
    """Statements of `donors`, one at a time, at the places where donors have them; the likeliest first.

    known: names that may be used besides those of `failing`, such as builtins. weights: how suspicious each unit
    of `failing` is, 0..1.
    """
    lines = lines_of(failing)
    own = {line.texts for line in lines}
    allowed = identifiers(failing) | known
    found: dict[tuple[int, str, tuple[tuple[str, ...], ...]], Statement] = {}
    counts: Counter[tuple[int, str, tuple[tuple[str, ...], ...]]] = Counter()
    for donor in donors:
        places: set[tuple[int, str, tuple[tuple[str, ...], ...]]] = set()
        for at, indentation, statement in _missing(lines, lines_of(donor)):
            texts = tuple(line.texts for line in statement)
            if texts[0] in own or not _names(statement) <= allowed:
                continue
            place = (at, indentation, texts)
            places.add(place)
            found.setdefault(place, statement)
        counts.update(places)
    step = next(
        (line.indentation for line in lines if line.indentation.strip(" ") == "" and line.indentation), "    "
    )

    def rank(place: tuple[int, str, tuple[tuple[str, ...], ...]]) -> tuple[float, int, int, str]:
        at, indentation, texts = place
        weight = max(weights[max(0, at - 1) : at + 2], default=0.0)
        return -(0.2 + weight) * (1 - 0.5 ** min(counts[place], 8)), len(texts), at, indentation

    for place in sorted(found, key=rank):
        at, indentation, _ = place
        yield [Hunk(at, at, at_depth(found[place], indentation, step))]


def _missing(lines: Sequence[Line], theirs: Sequence[Line]) -> Iterator[tuple[int, str, Statement]]:
    """Statements that only the donor has: (unit of the failing program to put it before, indentation, statement)."""
    matcher = SequenceMatcher(None, [x.texts for x in lines], [x.texts for x in theirs], autojunk=False)
    partner: dict[int, int] = {}
    for i, j, size in matcher.get_matching_blocks():
        partner.update({j + k: i + k for k in range(size)})
    for number, line in enumerate(theirs):
        if number in partner or not line.body or line.body[0].text in _NEVER:
            continue
        stop = number + 1
        while stop < len(theirs) and len(theirs[stop].indentation) > len(line.indentation):
            stop += 1
        if stop - number > LONGEST:
            continue
        statement = tuple(theirs[number:stop])
        above = next((j for j in range(number - 1, -1, -1) if j in partner), None)
        below = next((j for j in range(stop, len(theirs)) if j in partner), None)
        if below is not None and len(theirs[below].indentation) == len(line.indentation):
            before = lines[partner[below]]
            yield before.first, before.indentation, statement
        if above is not None:
            after = lines[partner[above]]
            deeper = len(line.indentation) - len(theirs[above].indentation)
            following = lines[partner[above] + 1] if partner[above] + 1 < len(lines) else None
            if deeper == 0 and after.body[-1].text != ":":
                yield after.last, after.indentation, statement
            elif deeper > 0 and following is not None and len(following.indentation) > len(after.indentation):
                yield after.last, following.indentation, statement


def _names(statement: Statement) -> set[str]:
    """Names a statement reads: not what it assigns itself, nor attributes and keyword arguments."""
    read: set[str] = set()
    bound: set[str] = set()
    for line in statement:
        texts = line.texts
        for index, text in enumerate(texts):
            if not text.isidentifier() or keyword.iskeyword(text) or (index and texts[index - 1] == "."):
                continue
            follows = texts[index + 1] if index + 1 < len(texts) else ""
            before = texts[index - 1] if index else ""
            if before in ("for", "lambda") or (follows == "=" and (index == 0 or before in ("(", ","))):
                bound.add(text)
            else:
                read.add(text)
    return read - bound
