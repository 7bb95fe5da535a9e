"""Where a rising curve bends: Kneedle (Satopää et al. 2011), offline, with sensitivity 0."""

import numpy as np
from numpy.typing import ArrayLike


def knee(values: ArrayLike) -> int | None:
    """The index of the first knee of non-decreasing `values` `(n,)`, as a concave curve over 0 … n − 1.

    Both axes are scaled to [0, 1]; a knee is a local maximum of (value − position) that is followed by a fall.
    With sensitivity 0 any fall will do. None where nothing rises, or no maximum is followed by a fall.
    """
    y = np.asarray(values, np.float64)
    if len(y) < 3 or y[-1] <= y[0]:
        return None
    difference = (y - y[0]) / (y[-1] - y[0]) - np.linspace(0, 1, len(y))
    for index in range(len(y) - 1):
        before = difference[index - 1] if index else -np.inf
        if difference[index] >= before and difference[index + 1] < difference[index]:
            return index
    return None
