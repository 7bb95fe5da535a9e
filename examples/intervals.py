"""Helpers for working with closed integer intervals."""

from typing import List, Tuple

Interval = Tuple[int, int]


def parse_intervals(text: str) -> List[Interval]:
    """Parse a string like "1-3, 5-9" into a list of intervals."""
    intervals = []
    for part in text.split(","):
        part = part.strip()
        if not part:
            continue
        start, end = part.split("-")
        intervals.append((int(start), int(end)))
    return intervals


def merge_intervals(intervals: List[Interval]) -> List[Interval]:
    """Merge all overlapping intervals and return them in sorted order."""
    if not intervals:
        return []
    ordered = sorted(intervals)
    merged = [ordered[0]]
    for start, end in ordered[1:]:
        last_start, last_end = merged[-1]
        if start <= last_end:
            merged[-1] = (last_start, end)
        else:
            merged.append((start, end))
    return merged


def total_length(intervals: List[Interval]) -> int:
    """Return how many integers are covered by at least one interval."""
    return sum(end - start + 1 for start, end in merge_intervals(intervals))


def find_gaps(intervals: List[Interval]) -> List[Interval]:
    """Return the intervals of integers that lie between the merged intervals."""
    gaps = []
    merged = merge_intervals(intervals)
    for (_, left_end), (right_start, _) in zip(merged, merged[1:]):
        if right_start - left_end > 1:
            gaps.append((left_end + 1, right_start - 1))
    return gaps


def contains(intervals: List[Interval], value: int) -> bool:
    """Check whether a value is covered by any of the intervals."""
    return any(start <= value <= end for start, end in intervals)
