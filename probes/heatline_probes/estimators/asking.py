"""Ask an endpoint until its answer can be used, a few times, ever later; what happened is counted."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from heatline.second_opinion.question import UnusableAnswerError
from heatline_probes.corpus.endpoint import Answer
from heatline_probes.errors import GeneratorError

T = TypeVar("T")

Messages = Sequence[tuple[str, str]]


class Model(Protocol):
    """What `Endpoint` is: one model that answers."""

    model: str

    def ask(
        self,
        messages: Messages,
        *,
        temperature: float,
        max_tokens: int,
        seed: int,
        choices: int | None = None,
    ) -> Answer:
        """One answer; raises GeneratorError."""
        ...


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What came of a question: a value, or None where every attempt failed; and the counts of it."""

    value: T | None
    counts: Counter[str]


@dataclass(frozen=True)
class Patience:
    """How often to try and how long to wait in between: `first`, then twice as long each time."""

    attempts: int = 4
    first: float = 1.0  # seconds
    longest: float = 30.0
    sleep: Callable[[float], None] = field(default=time.sleep, compare=False)

    def pauses(self) -> list[float]:
        """Seconds before each attempt but the first."""
        return [min(self.first * 2**n, self.longest) for n in range(self.attempts - 1)]


@dataclass(frozen=True)
class Asker:
    """Questions to one model.

    An endpoint that fails (out of reach, time-out, 429, 500, a cut stream) and an answer that the parser calls
    malformed are both asked again, after a pause and with another seed. The counts: `asked` questions,
    `requests`, `failed` requests, `malformed` answers, `compliant` (usable at the first request), `fell back`.
    """

    model: Model
    patience: Patience = Patience()
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0

    def ask(
        self,
        messages: Messages,
        parse: Callable[[Answer], T],
        *,
        max_tokens: int | None = None,
        choices: int | None = None,
    ) -> Asked[T]:
        """Ask until `parse` takes the answer; None after the last attempt."""
        counts = Counter({"asked": 1})
        for attempt in range(self.patience.attempts):
            if attempt:
                self.patience.sleep(self.patience.pauses()[attempt - 1])
            counts["requests"] += 1
            try:
                answer = self.model.ask(
                    messages,
                    # the same question at temperature 0 gets the same answer: another one needs some chance
                    temperature=self.temperature if not attempt else max(self.temperature, 0.5),
                    max_tokens=max_tokens or self.max_tokens,
                    seed=self.seed + attempt,
                    choices=choices,
                )
            except GeneratorError:
                counts["failed"] += 1
                continue
            try:
                value = parse(answer)
            except UnusableAnswerError as reason:
                counts["malformed"] += 1
                counts[f"malformed: {reason}"] += 1
                continue
            if not attempt:
                counts["compliant"] += 1
            return Asked(value, counts)
        counts["fell back"] += 1
        return Asked(None, counts)
