"""Texts that are not worth a model's time: huge or minified ones, by the same rules as ``heatline check``."""

from __future__ import annotations

from heatline.scoring.limits import MAX_BYTES, minified_line


def why_unscorable(text: str) -> str | None:
    """Why ``text`` is left alone, as the end of a sentence about its file; None when it can be scored."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return "is larger than 1 MB"
    if (long := minified_line(text)) is not None:
        number, length = long
        return f"looks minified (line {number} has {length:,} characters)"
    return None
