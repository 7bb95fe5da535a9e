"""What is estimated: one program with its tokens and lines, and what an estimator says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heatline_probes.corpus.programs import Problem

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Recorded:
    """The generator's own tokens of the code and their log-probabilities."""

    spans: Int64  # (G, 2) code points of the program
    log_probability: Float64  # (G,) natural


@dataclass(frozen=True)
class Subject:
    """One program to estimate. Offsets are code points of `code`."""

    key: str  # names program and problem in caches
    problem: Problem
    code: str
    spans: Int64  # (T, 2) the tokens that are judged: the supervisor's
    lines: Int64  # (T,) the line of each token, from 0
    recorded: Recorded | None = None
    samples: Sequence[str] = ()  # other answers to the same problem

    @cached_property
    def line_numbers(self) -> Int64:
        """The lines `(L,)` that have tokens, rising."""
        return np.unique(self.lines)

    @cached_property
    def line_rows(self) -> Int64:
        """Which of `line_numbers` each token `(T,)` is on."""
        return np.searchsorted(self.line_numbers, self.lines)

    def numbered(self) -> str:
        """The code with a number in front of each line, from 1."""
        return "\n".join(f"{i}: {line}" for i, line in enumerate(self.code.split("\n"), 1))


@dataclass(frozen=True)
class Estimate:
    """Confidences, P(kept); NaN where an estimator says nothing of a level."""

    token: Float64  # (T,)
    line: Float64  # (L,) of `Subject.line_numbers`
    problem: float
    counts: Mapping[str, int] = field(
        default_factory=dict
    )  # what happened: "asked", "malformed", "fell back", …

    def level(self, name: str) -> Float64:
        """`token`, `line` or `problem` as an array."""
        return np.asarray([self.problem]) if name == "problem" else np.asarray(getattr(self, name))


class Estimator(Protocol):
    """Says how sure to be of a program's tokens, its lines, and the whole."""

    @property
    def name(self) -> str:
        """As it is registered."""
        ...

    @property
    def identity(self) -> str:
        """Everything an estimate depends on besides the subject: what is cached is kept by it."""
        ...

    def estimate(self, subject: Subject) -> Estimate:
        """Confidences of one subject."""
        ...


def nothing(subject: Subject) -> tuple[Float64, Float64]:
    """Token and line confidences of an estimator that only judges the whole."""
    return np.full(len(subject.spans), np.nan), np.full(len(subject.line_numbers), np.nan)
