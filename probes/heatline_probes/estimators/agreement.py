"""Multisampling: what other answers to the same problem have too is probably kept (Gros & Devanbu, §6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from heatline_probes.estimators.subject import Estimate, Float64, Int64, Subject

Bool = NDArray[np.bool_]

SAMPLES = 5
TEMPERATURE = 0.8


def agreement(code: str, spans: Int64, sample: str) -> Bool:
    """Which tokens `(T,)` of `code` the alignment with `sample` keeps.

    Both are cut at the same kind of places, words, numbers and single signs, so that no tokenizer is needed
    for a sample; a token is kept when all its pieces are matched and nothing is inserted right before it.
    """
    old, new = _pieces(code), _pieces(sample)
    matcher = SequenceMatcher(
        None, [code[a:b] for a, b in old], [sample[a:b] for a, b in new], autojunk=False
    )
    kept = np.ones(len(old) + 1, bool)  # one more for what is inserted at the end
    for tag, i1, i2, _, _ in matcher.get_opcodes():
        if tag == "insert":
            kept[i1] = False
        elif tag != "equal":
            kept[i1:i2] = False
    starts, ends = old[:, 0], old[:, 1]
    first = np.searchsorted(ends, spans[:, 0], side="right")
    last = np.searchsorted(starts, spans[:, 1], side="left")
    return np.asarray([bool(kept[a:b].all()) for a, b in zip(first, last, strict=True)], bool)


def _pieces(text: str) -> Int64:
    """Words and single signs `(n, 2)`; white space between them belongs to none, but line indents do."""
    import re

    found = [m.span() for m in re.finditer(r"\w+|[^\w\s]|(?<=\n)[ \t]+", text)]
    return np.asarray(found, np.int64).reshape(-1, 2)


def _mean(kept: Bool) -> float:
    return float(kept.mean())


def _gmean(kept: Bool) -> float:
    shares = np.clip(kept.mean(axis=0), 1e-3, 1.0)  # a token no sample has must not decide alone
    return float(np.exp(np.log(shares).mean()))


def _min(kept: Bool) -> float:
    return float(kept.mean(axis=0).min())


def _pre_min(kept: Bool) -> float:
    return float(kept.all(axis=1).mean())


def _pre_mean(kept: Bool) -> float:
    return float((kept.mean(axis=1) > 0.5).mean())


# each takes (samples, tokens of a span); "pre" decides within each sample before it counts samples
AGGREGATORS: Mapping[str, Callable[[Bool], float]] = {
    "mean": _mean,
    "gmean": _gmean,
    "min": _min,
    "pre_min": _pre_min,
    "pre_mean": _pre_mean,
}


@dataclass(frozen=True)
class Multisampling:
    """The share of samples that have a token too; of a span, by an aggregator."""

    aggregator: str = "mean"
    samples: Callable[[Subject], Sequence[str]] = lambda subject: subject.samples
    model: str = ""

    @property
    def name(self) -> str:
        """With the aggregator."""
        return f"multisampling:{self.aggregator}"

    @property
    def identity(self) -> str:
        """Name and the model that gave the samples."""
        return f"{self.name} {self.model}"

    def estimate(self, subject: Subject) -> Estimate:
        """Confidences of one subject; NaN without samples."""
        others = list(self.samples(subject))[:SAMPLES]
        token: Float64 = np.full(len(subject.spans), np.nan)
        line: Float64 = np.full(len(subject.line_numbers), np.nan)
        if not others or not len(subject.spans):
            return Estimate(token, line, float("nan"), {"samples": 0, "without samples": 1})
        kept = np.stack([agreement(subject.code, subject.spans, other) for other in others])  # (S, T)
        combine = AGGREGATORS[self.aggregator]
        line = np.asarray([combine(kept[:, subject.line_rows == i]) for i in range(len(line))])
        return Estimate(kept.mean(axis=0), line, combine(kept), {"samples": len(others)})
