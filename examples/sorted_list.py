"""Searching in lists that are already sorted."""


def lower_bound(items, target):
    """Return the index of the first item that is not less than target.

    If every item is less than target, the length of the list is returned.
    """
    low = 0
    high = len(items) - 1
    while low < high:
        mid = (low + high) // 2
        if items[mid] < target:
            low = mid + 1
        else:
            high = mid
    return low


def upper_bound(items, target):
    """Return the index of the first item that is greater than target."""
    low = 0
    high = len(items)
    while low < high:
        mid = (low + high) // 2
        if items[mid] <= target:
            low = mid + 1
        else:
            high = mid
    return low


def contains(items, target):
    """Return True if target is in the sorted list."""
    index = lower_bound(items, target)
    return index < len(items) and items[index] == target


def count_in_range(items, start, end):
    """Count the items that are between start and end, both included."""
    return upper_bound(items, end) - lower_bound(items, start)


def insert_sorted(items, value):
    """Return a new sorted list with the value inserted."""
    index = lower_bound(items, value)
    return items[:index] + [value] + items[index:]


def closest(items, target):
    """Return the item with the smallest distance to target."""
    index = upper_bound(items, target)
    candidates = items[max(index - 1, 0):index + 1]
    return min(candidates, key=lambda item: abs(item - target))
