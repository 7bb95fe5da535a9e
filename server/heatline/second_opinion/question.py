"""What the model is asked, and what counts as an answer."""

from __future__ import annotations

import json
import math
import re

_SYSTEM = "You review code that other people wrote. You are exact, brief and hard to impress."
_QUESTION = """Here is part of a file{language}, with a number in front of each line.

{program}

Suppose a careful programmer makes the smallest change after which this code does what it is meant to do. For each \
line, how likely is it that this change leaves the line alone?
Think first, in at most three sentences: what is the code for, and where might it go wrong? Then write one last line \
that holds only a JSON list of {count} numbers from 0.0 (surely changed) to 1.0 (surely left alone), one for each \
line in order. Example for three lines: [0.9, 0.35, 0.8]"""
_LIST = re.compile(r"\[[^\[\]]*\]")


class UnusableAnswerError(ValueError):
    """Raised for an answer that can't be used; the message says why, in a few words."""


def question(lines: list[str], language: str = "") -> list[dict[str, str]]:
    """Chat messages that ask for a confidence of every line."""
    shown = "\n".join(f"{number}: {line}" for number, line in enumerate(lines, 1))
    of = f" in {language}" if language else ""
    text = _QUESTION.format(language=of, program=shown, count=len(lines))
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": text}]


def confidences(text: str, count: int, cut_off: bool = False) -> list[float]:
    """The last list of an answer as ``count`` confidences; raises ``UnusableAnswerError`` for anything else.

    Strict: as many numbers as lines, all of them finite and from 0 to 1.
    """
    lists = _LIST.findall(text)
    if not lists:
        raise UnusableAnswerError("cut off" if cut_off else "no list")
    try:
        found = json.loads(lists[-1])
    except (ValueError, RecursionError):
        raise UnusableAnswerError("not a list of numbers") from None
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in found):
        raise UnusableAnswerError("not a list of numbers")
    # a whole number may have more digits than a float can hold: only floats are asked whether they are finite
    if not all(math.isfinite(value) for value in found if isinstance(value, float)):
        raise UnusableAnswerError("not finite")
    if len(found) != count:
        raise UnusableAnswerError("too short" if len(found) < count else "too long")
    if any(value < 0 or value > 1 for value in found):
        raise UnusableAnswerError("outside 0 to 1")
    return [float(value) for value in found]
