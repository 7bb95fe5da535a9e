"""Keeps a shown risk where it is until the computed one has really moved, so that flags don't flicker."""

from __future__ import annotations

from bisect import bisect_right

from heatline.report.heat import BUCKETS

_EDGES = (0.0, *BUCKETS, 1.0)


def steady_risk(shown: float | None, computed: float) -> float:
    """The risk to show for a line: ``shown`` still, unless ``computed`` is more than one bucket away from it.

    A distance is measured in buckets, each as wide as any other, so a risk that wavers about the edge of a bucket,
    or about the threshold, changes nothing.  ``shown`` is None for a line that shows no risk yet.
    """
    if shown is None or abs(_position(computed) - _position(shown)) > 1.0:
        return computed
    return shown


def _position(risk: float) -> float:
    """Where a risk is on the scale of buckets, from 0 to 6: linear within each."""
    bucket = min(bisect_right(_EDGES, risk), len(_EDGES) - 1) - 1
    low, high = _EDGES[bucket], _EDGES[bucket + 1]
    return bucket + (risk - low) / (high - low)
