"""Where a failing program is probably wrong: by the tests that run a line, and by what other repairs touch."""

from collections.abc import Iterable, Sequence

from heatline_probes.patches.coverage import Spectrum
from heatline_probes.patches.units import Hunk, Source

_UNKNOWN = 0.5  # the score of all lines where no spectrum is known


def suspicion(failing: Source, spectrum: Spectrum | None, repairs: Iterable[Sequence[Hunk]]) -> list[float]:
    """How suspicious each unit of `failing` is, 0..1.

    Half of it is the Ochiai score of the unit's line; the other half goes to units that one of `repairs` changes
    or that stand beside one.
    """
    scores = spectrum.ochiai() if spectrum is not None and spectrum.failed else None
    weights = []
    line, position = 1, 0
    for unit in failing.units:
        # A line break belongs to the line it ends.
        line += failing.code.count("\n", position, unit.start)
        position = unit.start
        weights.append(_UNKNOWN if scores is None else scores.get(line, 0.0))
    touched = {
        index
        for hunks in repairs
        for hunk in hunks
        for index in range(max(0, hunk.first - 1), min(hunk.last + 1, len(weights)))
    }
    return [(weight + (i in touched)) / 2 for i, weight in enumerate(weights)]


def most_suspicious_first(weights: Sequence[float]) -> list[int]:
    """Indices of units; those of equal weight in the order of the program."""
    return sorted(range(len(weights)), key=lambda i: (-weights[i], i))
