"""What a person wants to see in the terminal's report; apart from it, as drawing takes a while to import."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """What the terminal report shows.

    ``every_line``: all lines, not only those around the flagged ones.  ``explain``: the tokens that raise the
    risk of each flagged line.  ``top``: instead of the flagged lines, the ``top`` riskiest of all files.
    """

    every_line: bool = False
    explain: bool = False
    top: int | None = None
