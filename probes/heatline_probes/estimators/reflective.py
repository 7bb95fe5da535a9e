"""Estimators that ask a model what it thinks of a program: line by line, as a whole, and among distractors."""

import random
from collections import Counter
from dataclasses import dataclass

import numpy as np

from heatline_probes.corpus.endpoint import Answer
from heatline_probes.estimators.asking import Asker
from heatline_probes.estimators.prompts import (
    VERSION,
    ask_choice,
    ask_lines,
    ask_whole,
    parse_choice,
    parse_lines,
    parse_yes,
)
from heatline_probes.estimators.subject import Estimate, Float64, Subject, nothing

CHOICES = 10  # of the first token
MOST_DISTRACTORS = 3


@dataclass(frozen=True)
class Verbalized:
    """A confidence for every line, said by the model after a few sentences of thought.

    A token has its line's, the whole the lowest. Where no attempt gave a usable list, everything is NaN: the
    comparison puts the base rate there, and counts it.
    """

    asker: Asker
    name: str = "verbalized"

    @property
    def identity(self) -> str:
        """Name, model, and the words of the question."""
        return f"{self.name} {self.asker.model.model} {VERSION}"

    def estimate(self, subject: Subject) -> Estimate:
        """Confidences of one subject."""
        count = len(subject.code.split("\n"))

        def parse(answer: Answer) -> Float64:
            return parse_lines(answer, count)

        asked = self.asker.ask(ask_lines(subject), parse)
        if asked.value is None:
            token, line = nothing(subject)
            return Estimate(token, line, float("nan"), asked.counts)
        said = asked.value
        line = said[subject.line_numbers]
        return Estimate(said[subject.lines], line, float(line.min(initial=1.0)), asked.counts)


@dataclass(frozen=True)
class PTrue:
    """P(Yes) to whether the whole would pass (Kadavath et al. 2022); it says nothing of lines and tokens."""

    asker: Asker
    name: str = "p-true"

    @property
    def identity(self) -> str:
        """Name, model, and the words of the question."""
        return f"{self.name} {self.asker.model.model} {VERSION}"

    def estimate(self, subject: Subject) -> Estimate:
        """Confidence of one subject."""
        asked = self.asker.ask(ask_whole(subject), parse_yes, max_tokens=4, choices=CHOICES)
        value = float("nan") if asked.value is None else asked.value
        return Estimate(*nothing(subject), value, asked.counts)


@dataclass(frozen=True)
class DistractorAugmented:
    """P(this one) when the model is shown other answers to the same problem beside the program.

    The distractors are the model's own samples that differ from it. It is asked once with the program first and
    once last, because models like some letters better; the mean counts. Without a distractor it can't be asked.
    """

    asker: Asker
    name: str = "distractor-augmented"

    @property
    def identity(self) -> str:
        """Name, model, and the words of the question."""
        return f"{self.name} {self.asker.model.model} {VERSION}"

    def estimate(self, subject: Subject) -> Estimate:
        """Confidence of one subject."""
        others = _different(subject)
        if not others:
            return Estimate(*nothing(subject), float("nan"), {"without distractors": 1})
        counts: Counter[str] = Counter()
        values = []
        for place in (0, len(others)):
            shown = [*others[:place], subject.code, *others[place:]]

            def parse(answer: Answer, place: int = place, count: int = len(shown)) -> float:
                return float(parse_choice(answer, count)[place])

            asked = self.asker.ask(ask_choice(subject, shown), parse, max_tokens=4, choices=CHOICES)
            counts.update(asked.counts)
            if asked.value is not None:
                values.append(asked.value)
        return Estimate(*nothing(subject), float(np.mean(values)) if values else float("nan"), counts)


def _different(subject: Subject) -> list[str]:
    """Up to `MOST_DISTRACTORS` samples of another text, in an order given by the subject."""
    own = "".join(subject.code.split())
    seen, found = {own}, []
    for sample in subject.samples:
        text = "".join(sample.split())
        if text and text not in seen:
            seen.add(text)
            found.append(sample)
    random.Random(subject.key).shuffle(found)
    return found[:MOST_DISTRACTORS]
