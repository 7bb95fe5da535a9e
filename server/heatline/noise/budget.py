"""The review budget: at most a share of the lines is flagged, the riskiest first."""

from __future__ import annotations

from collections.abc import Sequence


def within_budget(risks: Sequence[float], threshold: float, share: float | None) -> list[int]:
    """Positions, in order, of the risks to flag: at or above ``threshold``, and among the riskiest.

    ``share`` of all the ``risks`` (from 0 to 1, rounded down, but one line at least unless it is 0) may be flagged;
    None is no limit.  Of equal risks the earlier goes first.
    """
    above = [i for i, risk in enumerate(risks) if risk >= threshold]
    if share is None:
        return above
    most = max(int(share * len(risks) + 1e-9), 1 if share > 0 else 0)
    return sorted(sorted(above, key=lambda i: -risks[i])[:most])
