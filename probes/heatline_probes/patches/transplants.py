"""Single lines of passing programs put into a failing one, one at a time.

The nearest passing program decides a whole-program difference; here every passing program may lend the one line
that is missing or wrong: the "plastic surgery hypothesis" of program repair (Barr et al., 2014). Lines come from
programs whose identifiers were mapped onto the failing program's before.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from heatline_probes.patches.units import Hunk, Source, Unit, bare

MOST_BEFORE = 2  # lines that prepare what a guard asks for
LEAST_SIMILAR = 0.3  # lines that share less are no variants of each other


@dataclass(frozen=True, slots=True)
class Line:
    """One line: units [first, last) of a program; `head` is the line break in front, None for the first line."""

    first: int
    last: int
    head: Unit | None
    body: tuple[Unit, ...]  # without the line break in front

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(unit.text for unit in self.body)

    @property
    def indentation(self) -> str:
        return "" if self.head is None else self.head.text[1:]


def replaced_lines(
    failing: Source, donors: Sequence[Source], weights: Sequence[float]
) -> Iterator[list[Hunk]]:
    """A line of `failing` made into a similar line of a donor; the likeliest first.

    weights: how suspicious each unit of `failing` is, 0..1; multiplied with the similarity of the lines.
    """
    known = Counter(line.texts for donor in donors for line in lines_of(donor) if line.body)
    bodies = {line.texts: line.body for donor in reversed(donors) for line in lines_of(donor)}
    ranked: list[tuple[float, int, int, Line, tuple[str, ...]]] = []
    for number, line in enumerate(lines_of(failing)):
        if not line.body or line.body[0].text in ("def", "class", "import", "from"):
            continue
        weight = max(weights[i] for i in range(line.first, line.last))
        matcher = SequenceMatcher(None, [], line.texts, autojunk=False)
        for order, (texts, count) in enumerate(known.items()):
            if texts == line.texts or texts[0] in ("def", "class", "import", "from"):
                continue
            matcher.set_seq1(texts)
            if matcher.real_quick_ratio() < LEAST_SIMILAR or matcher.quick_ratio() < LEAST_SIMILAR:
                continue
            similarity = matcher.ratio()
            if similarity >= LEAST_SIMILAR:
                often = 1 - 0.5 ** min(count, 8)
                ranked.append((-(weight + 0.1) * similarity * often, number, order, line, texts))
    ranked.sort(key=lambda item: item[:3])
    for _, _, _, line, texts in ranked:
        start = line.first + (line.head is not None)
        new = bodies[texts]
        matcher = SequenceMatcher(None, line.texts, texts, autojunk=False)
        yield [
            Hunk(start + i1, start + i2, tuple(bare(unit) for unit in new[j1:j2]))
            for tag, i1, i2, j1, j2 in matcher.get_opcodes()
            if tag != "equal"
        ]


def inserted_guards(failing: Source, donors: Sequence[Source]) -> Iterator[list[Hunk]]:
    """An early return or raise that passing programs have and `failing` lacks, put at the start of a function.

    What many donors have comes first, and of these the shorter.
    """
    lines = lines_of(failing)
    own = {line.texts for line in lines}
    counts: Counter[tuple[tuple[str, ...], ...]] = Counter()
    guards: dict[tuple[tuple[str, ...], ...], tuple[Line, ...]] = {}
    for donor in donors:
        found = {tuple(line.texts for line in guard): guard for guard in _guards(donor)}
        counts.update(found.keys())
        guards = found | guards
    starts = [
        (after.first, after.indentation, after.indentation[len(line.indentation) :])
        for line, after in pairwise(lines)
        if line.texts[:1] == ("def",) and len(after.indentation) > len(line.indentation)
    ]
    for key, _ in sorted(counts.items(), key=lambda item: (-item[1], len(item[0][0]), item[0])):
        if key[0] in own:
            continue
        for at, indentation, step in reversed(starts):
            yield [Hunk(at, at, at_depth(guards[key], indentation, step))]


def _guards(source: Source) -> Iterator[tuple[Line, ...]]:
    lines = lines_of(source)
    plain: list[Line] = []  # lines from the start of the function to here, as long as nothing branches
    for index, line in enumerate(lines):
        if line.texts[:1] != ("if",):
            plain = [] if line.texts[-1:] == (":",) else [*plain, line]
            continue
        before, plain = tuple(plain[:]), [line] * (MOST_BEFORE + 1)
        below = lines[index + 1 : index + 3]
        if len(below) > 1 and below[-1].texts[:1] in (("else",), ("elif",)):
            continue
        if line.texts[-1] != ":":
            if {"return", "raise"} & set(line.texts):
                guard: tuple[Line, ...] = (line,)
            else:
                continue
        elif below and below[0].texts[:1] in (("return",), ("raise",)):
            guard = (line, below[0])
        else:
            continue
        yield guard
        if 0 < len(before) <= MOST_BEFORE:
            yield *before, *guard


def at_depth(statement: Sequence[Line], indentation: str, step: str) -> tuple[Unit, ...]:
    """A statement with its line breaks in front, as deep as `indentation`, what is below it deeper by `step`."""
    new: list[Unit] = []
    depths = sorted({len(line.indentation) for line in statement})
    for line in statement:
        depth = depths.index(len(line.indentation)) if len(statement) > 1 else 0
        new += [_break("\n" + indentation + depth * step), *(bare(unit) for unit in line.body)]
    return tuple(new)


def lines_of(source: Source) -> list[Line]:
    """The lines of a program, in order; together they have all its units."""
    units = source.units
    breaks = [i for i, unit in enumerate(units) if unit.text.startswith("\n")]
    starts = breaks if breaks[:1] == [0] else [0, *breaks]
    ends = [*starts[1:], len(units)]
    lines = []
    for first, last in zip(starts, ends, strict=True):
        head = units[first] if first < last and units[first].text.startswith("\n") else None
        lines.append(Line(first, last, head, units[first + (head is not None) : last]))
    return lines


def _break(text: str) -> Unit:
    return Unit(text, text, "", 0, 0)
