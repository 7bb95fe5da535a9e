"""Single hunks of the differences to many passing programs: what many of them have is probably what is missing.

A difference is minimised by undoing its parts, which stops where no part can be undone alone. Here the parts are tried
alone from the start, over all passing programs at once.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from heatline_probes.patches.donors import Variant, least_edited
from heatline_probes.patches.minimise import split_by_line
from heatline_probes.patches.units import Hunk, Source

LARGEST = 24  # units that a hunk deletes or inserts


def voted_hunks(
    failing: Source, variants: Sequence[Variant], weights: Sequence[float]
) -> Iterator[list[Hunk]]:
    """Hunks of `variants`, whole and line by line, one at a time; those of most programs and places first.

    weights: how suspicious each unit of `failing` is, 0..1.
    """
    programs: dict[tuple[int, int, tuple[str, ...]], set[int]] = defaultdict(set)
    hunks: dict[tuple[int, int, tuple[str, ...]], Hunk] = {}
    for variant in variants:
        for hunk in variant.hunks:
            parts = split_by_line(hunk, failing)
            for part in (hunk, *(parts if len(parts) > 1 else ())):
                if part.size <= LARGEST:
                    key = (part.first, part.last, tuple(unit.text for unit in part.new))
                    programs[key].add(variant.program)
                    hunks.setdefault(key, part)

    def rank(key: tuple[int, int, tuple[str, ...]]) -> tuple[float, tuple[int, int, tuple[str, ...]]]:
        first, last, _ = key
        weight = max(weights[max(0, first - 1) : last + 1], default=0.0)
        often = 1 - 0.5 ** min(len(programs[key]), 8)
        return -(0.2 + weight) * often / (1 + 0.1 * least_edited([hunks[key]])), key

    for key in sorted(hunks, key=rank):
        yield [hunks[key]]
