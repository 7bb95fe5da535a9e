from collections import Counter
from typing import Dict, List, Optional


def mean(values: List[float]) -> float:
    """Return the arithmetic mean of a non-empty list."""
    return sum(values) / len(values)


def median(values: List[float]) -> float:
    """Return the median of a non-empty list.

    For an even number of values, it is the mean of the two middle ones.
    """
    ordered = sorted(values)
    n = len(ordered)
    if n % 2 == 1:
        return ordered[n // 2]
    return (ordered[n // 2 - 1] + ordered[n // 2]) / 2


def moving_average(values: List[float], window: int) -> List[float]:
    """Return the mean of every run of `window` consecutive values."""
    if window <= 0:
        raise ValueError("window must be positive")
    averages = []
    for i in range(len(values) - window):
        averages.append(sum(values[i:i + window]) / window)
    return averages


def most_common(values: List[int]) -> Optional[int]:
    """Return the most common value, and the smallest one in case of a tie."""
    if not values:
        return None
    counts = Counter(values)
    best = max(counts.values())
    return min(value for value, count in counts.items() if count == best)


def histogram(values: List[float], size: float) -> Dict[int, int]:
    """Count how many values fall into each bucket of the given size."""
    buckets: Dict[int, int] = {}
    for value in values:
        index = int(value // size)
        buckets[index] = buckets.get(index, 0) + 1
    return buckets


def is_increasing(values: List[float]) -> bool:
    """Check whether every value is greater than the one before it."""
    return all(a < b for a, b in zip(values, values[1:]))
