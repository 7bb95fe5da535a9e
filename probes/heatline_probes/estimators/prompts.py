"""What models are asked about a program, and what counts as an answer."""

import math
import re
import string
from collections.abc import Callable, Sequence

import numpy as np

from heatline.second_opinion.question import UnusableAnswerError, confidences
from heatline_probes.corpus.endpoint import Answer
from heatline_probes.estimators.subject import Float64, Subject

VERSION = 1  # estimates are cached by it: count up when a word changes

_REVIEWER = "You review Python programs that other people wrote. You are exact, brief and hard to impress."
_LINES = """A program was written for this task.

TASK
{task}

PROGRAM, with a number in front of each line
{program}

Tests will be run on it. If one fails, a careful programmer makes the smallest change that makes all of them pass. \
For each line, how likely is it that this change leaves the line alone?
Think first, in at most three sentences: what must the program do, and where might it go wrong? Then write one \
last line that holds only a JSON list of {count} numbers from 0.0 (surely changed) to 1.0 (surely left alone), one \
for each line in order. Example for three lines: [0.9, 0.35, 0.8]"""
_WHOLE = """A program was written for this task.

TASK
{task}

PROGRAM
{program}

Would it pass a thorough set of tests? Answer with one word, Yes or No."""
_CHOICE = """Several programs were written for this task. At most one of them is a copy of the one that will be used.

TASK
{task}

{programs}

Which of them is the most likely to pass a thorough set of tests? Answer with its letter only."""


def ask_lines(subject: Subject) -> list[tuple[str, str]]:
    """The question for a confidence of every line."""
    count = len(subject.code.split("\n"))
    text = _LINES.format(task=subject.problem.prompt.strip(), program=subject.numbered(), count=count)
    return [("system", _REVIEWER), ("user", text)]


def parse_lines(answer: Answer, count: int) -> Float64:
    """The last list of the answer as `count` confidences; raises UnusableAnswerError for anything else.

    Strict: as many numbers as lines, all finite and from 0 to 1.
    """
    return np.asarray(confidences(answer.text, count, answer.finish_reason == "length"), np.float64)


def ask_whole(subject: Subject) -> list[tuple[str, str]]:
    """The question whether a program would pass."""
    text = _WHOLE.format(task=subject.problem.prompt.strip(), program=subject.code.strip())
    return [("system", _REVIEWER), ("user", text)]


def parse_yes(answer: Answer) -> float:
    """P(Yes) among Yes and No at the first token; 1 or 0 where no log-probabilities came."""
    shares = _first_token(answer, lambda word: word.lower() if word.lower() in ("yes", "no") else None)
    if shares:
        return shares.get("yes", 0.0) / sum(shares.values())
    word = re.match(r"\W*(yes|no)\b", answer.text, re.IGNORECASE)
    if word is None:
        raise UnusableAnswerError("neither yes nor no")
    return float(word[1].lower() == "yes")


def ask_choice(subject: Subject, programs: Sequence[str]) -> list[tuple[str, str]]:
    """The question which of several programs, lettered from A, is right."""
    shown = "\n\n".join(
        f"PROGRAM {letter}\n{code.strip()}"
        for letter, code in zip(string.ascii_uppercase, programs, strict=False)
    )
    return [
        ("system", _REVIEWER),
        ("user", _CHOICE.format(task=subject.problem.prompt.strip(), programs=shown)),
    ]


def parse_choice(answer: Answer, count: int) -> Float64:
    """P(letter) `(count,)` at the first token; 1 for the letter that was said where no log-probabilities came."""
    letters = string.ascii_uppercase[:count]
    shares = _first_token(answer, lambda word: word.upper() if word.upper() in list(letters) else None)
    if not shares:
        said = re.match(rf"\W*([{letters}])\b", answer.text)
        if said is None:
            raise UnusableAnswerError("no letter")
        shares = {said[1]: 1.0}
    total = sum(shares.values())
    return np.asarray([shares.get(letter, 0.0) / total for letter in letters])


def _first_token(answer: Answer, meaning: Callable[[str], str | None]) -> dict[str, float]:
    """Probabilities of the first token's choices that mean something, added up by meaning."""
    found: dict[str, float] = {}
    for token, log_probability in answer.first_choices:
        name = meaning(token.strip())
        if name is not None and math.isfinite(log_probability):
            found[name] = found.get(name, 0.0) + math.exp(min(log_probability, 0.0))
    return found if sum(found.values()) > 0 else {}
