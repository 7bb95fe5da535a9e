"""How a risk looks and reads: bars, buckets of colour, per cent, and code that can't control the terminal."""

from __future__ import annotations

from bisect import bisect_right

# The one scale of colours, for lines and tokens, in reports and in editors: a colour always means the same risk.
BUCKETS = (0.10, 0.20, 0.35, 0.50, 0.70)

# One hue from pale to dark (yellow to brown): the order survives every kind of colour blindness and a grey
# print-out.  Token styles set both colours, so that they read on light and on dark terminals.
BAR_STYLES = ("dim", "color(143)", "color(178)", "color(208)", "bold color(166)", "bold color(160)")
TOKEN_STYLES = (
    "",
    "",  # most tokens are here: only those that stand out are marked
    "black on #fee391",
    "black on #fec44f",
    "black on #fe9929",
    "bold white on #a63603",
)

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029)
_PRINTABLE = {
    **{code: 0x2400 + code for code in range(0x20) if code != 0x09},
    0x7F: 0x2421,
    **dict.fromkeys((*range(0x80, 0xA0), *_BIDI, *range(0xD800, 0xE000)), 0xFFFD),
}


def bucket(risk: float) -> int:
    """The bucket of a risk, from 0 (below 10 %) to 5 (70 % and more)."""
    return bisect_right(BUCKETS, risk)


def bar(risk: float, width: int, *, ascii_only: bool = False) -> str:
    """A bar of ``width`` cells, filled in proportion to ``risk``."""
    risk = min(max(risk, 0.0), 1.0)
    if ascii_only:
        return ("#" * round(risk * width)).ljust(width)
    full, part = divmod(round(risk * width * 8), 8)
    return ("█" * full + (_EIGHTHS[part] if part else "")).ljust(width)


def percent(risk: float) -> str:
    """A risk for a person: whole per cents, never a false 0 or 100."""
    if risk < 0.005:
        return "<1 %"
    if risk > 0.995:
        return ">99 %"
    return f"{risk:.0%}".replace("%", " %")


def frequency(risk: float) -> str:
    """A risk as a natural frequency: “about 3 in 10”, or “about 1 in 25” where tenths are too coarse."""
    if risk < 0.005:
        return "fewer than 1 in 200"
    if risk < 0.075:
        return f"about 1 in {round(1 / risk)}"
    tenths = round(risk * 10)
    return f"about {tenths} in 10" if tenths < 10 else "nearly all"


def printable(text: str) -> str:
    """``text`` with every control and bidirectional character shown as a sign, one for one; tabs are left.

    Source code is not trusted: an escape sequence in it must not reach the terminal, nor may it reorder
    what is read.
    """
    return text.translate(_PRINTABLE)
