"""Taking work back: a callable is asked between chunks."""

from __future__ import annotations


class Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Raised between chunks when the caller no longer wants the result."""


def never() -> bool:
    """The ``cancelled`` of work that nobody takes back."""
    return False
