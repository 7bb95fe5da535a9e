"""Keep track of the stock of a small shop."""

from collections import defaultdict


def parse_movements(lines):
    """Parse lines like "apple +3" into (name, change) pairs, skipping blank lines."""
    movements = []
    for line in lines:
        line = line.strip()
        if not line:
            continue
        name, change = line.split()
        movements.append((name, int(change)))
    return movements


def stock_levels(movements):
    """Return a dict with the stock of every item after all movements."""
    stock = defaultdict(int)
    for name, change in movements:
        stock[name] += change
    return dict(stock)


def low_items(stock, minimum):
    """Return the names of items with less than minimum in stock, the scarcest first."""
    return sorted([name for name, count in stock.items() if count <= minimum], key=lambda name: stock[name])


def reorder(stock, minimum, target):
    """Return how many of each low item to order so that target is reached."""
    orders = {}
    for name in low_items(stock, minimum):
        orders[name] = target - stock[name]
    return orders


def total_value(stock, prices):
    """Return the value of the whole stock at the given prices."""
    return sum(count * prices.get(name, 0) for name, count in stock.items())
