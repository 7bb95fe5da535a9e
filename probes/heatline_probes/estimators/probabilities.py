"""Estimators that read token probabilities: the generator's own where they were recorded, else the supervisor's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from heatline_probes.errors import EvaluationError
from heatline_probes.estimators.subject import Estimate, Float64, Int64, Subject
from heatline_probes.estimators.token_scores import (
    SCORES,
    Score,
    aligned,
    attention_weighted_confidence,
    average_token_probability,
    lowest_k_probability,
    minimum_token_probability,
    normalised_sequence_likelihood,
    per_span,
)


@dataclass(frozen=True)
class Reading:
    """What a language model makes of a text: its tokens, their log-probabilities, and their weight in attention."""

    spans: Int64  # (G, 2) code points
    log_probability: Float64  # (G,)
    weight: Float64 | None = None  # (G,) by rollout, where it was asked for


class Reader(Protocol):
    """A language model that reads a program after its problem."""

    @property
    def identity(self) -> str:
        """Names the weights."""
        ...

    def read(self, before: str, text: str, attention: bool = False) -> Reading:
        """Log-probabilities of `text` after `before`."""
        ...


def token_log_probabilities(subject: Subject, reader: Reader | None) -> tuple[Float64, str]:
    """Natural log-probabilities `(T,)` of the subject's tokens, and whose: `generator` or `supervisor`.

    Raises EvaluationError where neither is known.
    """
    if subject.recorded is not None:
        recorded = subject.recorded
        return aligned(subject.spans, recorded.spans, recorded.log_probability), "generator"
    if reader is None:
        raise EvaluationError(
            "These programs have no recorded log-probabilities. Give the weights of a model with --weights."
        )
    reading = reader.read(subject.problem.prompt, subject.code)
    return aligned(subject.spans, reading.spans, reading.log_probability), "supervisor"


@dataclass(frozen=True)
class TokenProbability:
    """A token's probability; a line's and the whole's by one score over their tokens."""

    name: str
    score: Score
    reader: Reader | None

    @property
    def identity(self) -> str:
        """Name and weights."""
        return f"{self.name} {self.reader.identity if self.reader else ''}"

    def estimate(self, subject: Subject) -> Estimate:
        """Confidences of one subject; raises EvaluationError where no probabilities are known."""
        logs, whose = token_log_probabilities(subject, self.reader)
        lines = per_span(logs, subject.line_rows, len(subject.line_numbers), self.score)
        return Estimate(np.exp(logs), lines, self.score(logs), {f"probabilities of the {whose}": 1})


@dataclass(frozen=True)
class AttentionWeighted:
    """Token probabilities weighted by how much of a token reaches the last one, over all layers."""

    reader: Reader | None
    name: str = "attention-weighted"

    @property
    def identity(self) -> str:
        """Name and weights."""
        return f"{self.name} {self.reader.identity if self.reader else ''}"

    def estimate(self, subject: Subject) -> Estimate:
        """Confidences of one subject; the weights are always the supervisor's, for a generator's aren't recorded."""
        if self.reader is None:
            raise EvaluationError(
                "Attention is read from a model's weights. Give them with --weights, or leave "
                "attention-weighted out of --estimators."
            )
        reading = self.reader.read(subject.problem.prompt, subject.code, attention=True)
        assert reading.weight is not None
        weights = aligned(subject.spans, reading.spans, reading.weight)
        if subject.recorded is not None:
            logs, whose = token_log_probabilities(subject, None)
        else:
            logs, whose = aligned(subject.spans, reading.spans, reading.log_probability), "supervisor"
        weights = np.nan_to_num(weights)
        rows = subject.line_rows
        lines = [
            attention_weighted_confidence(logs[rows == i], weights[rows == i])
            for i in range(len(subject.line_numbers))
        ]
        return Estimate(
            np.exp(logs),
            np.asarray(lines),
            attention_weighted_confidence(logs, weights),
            {f"probabilities of the {whose}": 1},
        )


FINE_GRAINED: Mapping[str, Score] = {
    "sequence-likelihood": normalised_sequence_likelihood,
    "average-token-probability": average_token_probability,
    "minimum-token-probability": minimum_token_probability,
    "lowest-k": lowest_k_probability,
    **{f"token-probability:{name}": score for name, score in SCORES.items()},
}
