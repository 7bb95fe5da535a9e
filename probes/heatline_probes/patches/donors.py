"""Which passing programs a failing one is compared with: those that leave most of its tokens as they are.

The nearest program by tokens in common is a short one, or one with other names. What counts is how many tokens of the
failing program would be edited, whatever is inserted between them; so every program that can come near is
written with the failing program's names and aligned with it first.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from heatline_probes.patches.nearest import PassingPool, shape
from heatline_probes.patches.renaming import rename_onto
from heatline_probes.patches.units import Hunk, Source, cut, difference, difference_by_lines


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program that passes, or should, and where it comes from."""

    code: str
    origin: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to turn the failing program into a passing one: `program` is that one's number among the candidates."""

    hunks: tuple[Hunk, ...]
    origin: str
    program: int

    @property
    def size(self) -> tuple[int, int]:
        """What makes a start the better one: fewer edited tokens, then fewer new ones."""
        return least_edited(self.hunks), sum(hunk.size for hunk in self.hunks)


@dataclass(frozen=True, slots=True)
class Donors:
    """Passing programs in the failing program's names, and the differences to them; the nearest first."""

    sources: tuple[Source, ...]
    variants: tuple[Variant, ...]


def least_edited(hunks: Sequence[Hunk]) -> int:
    """A bound from below for the tokens that are edited, but for those that stay equal inside a hunk."""
    return sum(max(1, hunk.last - hunk.first) for hunk in hunks)


def nearest_donors(
    failing: Source,
    pool: PassingPool,
    origins: Sequence[str],
    extra: Sequence[Candidate],
    keep_names: frozenset[str],
    count: int,
) -> Donors:
    """At most `count` of the passing programs, all of `extra`, and their differences to `failing`.

    Half of the programs are those nearest as they are written, the others those that have most of the failing
    program's tokens whatever the names.
    """
    chosen = [index for index, _ in pool.nearest(failing.code, count - count // 2)]
    chosen += [i for i in _covering(failing, pool, count) if i not in set(chosen)][: count - len(chosen)]
    candidates = [*(Candidate(pool.programs[i], origins[i]) for i in chosen), *extra]
    variants: list[Variant] = []
    ranked: list[tuple[tuple[int, int], int, Source]] = []
    seen: set[str] = set()
    for number, candidate in enumerate(candidates):
        texts = [(candidate.code, candidate.origin)]
        renamed = rename_onto(failing.code, candidate.code, keep_names)
        if renamed is not None:
            texts.append((renamed, candidate.origin + " renamed"))
        sources = [(cut(code), origin) for code, origin in texts]
        found = [
            Variant(tuple(align(failing, source)), origin, number)
            for source, origin in sources
            for align in (difference, difference_by_lines)
        ]
        ranked.append((min(variant.size for variant in found), number, sources[-1][0]))
        for variant in found:
            text = repr([(h.first, h.last, [u.text for u in h.new]) for h in variant.hunks])
            if variant.hunks and text not in seen:
                seen.add(text)
                variants.append(variant)
    variants.sort(key=lambda variant: variant.size)
    ranked.sort(key=lambda item: item[:2])
    return Donors(tuple(source for _, _, source in ranked), tuple(variants))


def diverse(variants: Sequence[Variant]) -> list[Variant]:
    """The best variant of every program before the second of any; the smallest first."""
    turn: Counter[int] = Counter()
    turns: list[tuple[int, int, Variant]] = []
    for variant in variants:
        turns.append((turn[variant.program], len(turns), variant))
        turn[variant.program] += 1
    return [variant for _, _, variant in sorted(turns, key=lambda item: item[:2])]


def _covering(failing: Source, pool: PassingPool, count: int) -> list[int]:
    """Programs that share most tokens with `failing` if all names count as one."""
    own = shape(failing.texts)
    shares = [
        ((own & theirs).total() - 0.1 * max(0, theirs.total() - own.total()), index)
        for index, theirs in enumerate(pool.shapes())
    ]
    return [index for _, index in sorted(shares, key=lambda item: (-item[0], item[1]))[:count]]
