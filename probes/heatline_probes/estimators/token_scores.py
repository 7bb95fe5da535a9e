"""Confidence in a span from the probabilities of its tokens (Lin et al. 2026, §3; Gros & Devanbu, §6).

All take natural log-probabilities `(n,)` of one span, in order, and give a confidence from 0 to 1; NaN for a span
without a known token. Tokens whose probability isn't known (NaN) are left out.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heatline_probes.estimators.kneedle import knee

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Score = Callable[[ArrayLike], float]


def _known(log_probability: ArrayLike) -> Float64:
    values = np.asarray(log_probability, np.float64)
    return np.minimum(values[~np.isnan(values)], 0.0)


def normalised_sequence_likelihood(log_probability: ArrayLike) -> float:
    """exp of the mean log-probability: the likelihood's n-th root, so that length doesn't count."""
    known = _known(log_probability)
    return float(np.exp(known.mean())) if len(known) else float("nan")


def average_token_probability(log_probability: ArrayLike) -> float:
    """The mean of the probabilities."""
    known = _known(log_probability)
    return float(np.exp(known).mean()) if len(known) else float("nan")


def minimum_token_probability(log_probability: ArrayLike) -> float:
    """The least probability: one token that is not sure is enough to be wrong."""
    known = _known(log_probability)
    return float(np.exp(known.min())) if len(known) else float("nan")


def lowest_k_probability(log_probability: ArrayLike) -> float:
    """The mean of the K least probabilities; K is where they, sorted, stop rising fast (Kneedle, S = 0).

    All of them where there is no such place.
    """
    probabilities = np.sort(np.exp(_known(log_probability)))
    if not len(probabilities):
        return float("nan")
    bend = knee(probabilities)
    return float(probabilities[: len(probabilities) if bend is None else bend + 1].mean())


def attention_weighted_confidence(log_probability: ArrayLike, weights: ArrayLike) -> float:
    """1 less the uncertainty Σ w_t · (1 − p_t), the weights `(n,)` scaled to add up to 1 (eq. 6).

    Equal weights where all are 0.
    """
    values, weight = np.asarray(log_probability, np.float64), np.asarray(weights, np.float64)
    known = ~np.isnan(values)
    if not known.any():
        return float("nan")
    p, w = np.exp(np.minimum(values[known], 0.0)), weight[known]
    w = np.full(len(w), 1 / len(w)) if w.sum() <= 0 else w / w.sum()
    return float(1 - w @ (1 - p))


def attention_rollout(attentions: ArrayLike) -> Float64:
    """How much of each input position `(T,)` reaches the last one, through all layers (Abnar & Zuidema 2020).

    `attentions` `(layers, T, T)`, averaged over heads, rows adding up to 1. The residual stream is half of what
    a layer passes on: the product of (A + I) / 2 from the first layer to the last.
    """
    layers = np.asarray(attentions, np.float64)
    flow = np.eye(layers.shape[-1])
    for attention in layers:
        flow = (attention + np.eye(len(attention))) / 2 @ flow
    return np.asarray(flow[-1])


SCORES: Mapping[str, Score] = {
    "min": minimum_token_probability,
    "mean": average_token_probability,
    "gmean": normalised_sequence_likelihood,
}


def per_span(log_probability: Float64, rows: Int64, count: int, score: Score) -> Float64:
    """The score `(count,)` of each group of tokens; `rows` `(T,)` says which group a token is in."""
    order = np.argsort(rows, kind="stable")
    bounds = np.searchsorted(rows[order], np.arange(count + 1))
    return np.asarray([score(log_probability[order[a:b]]) for a, b in pairwise(bounds)])


def aligned(spans: ArrayLike, others: ArrayLike, values: ArrayLike) -> Float64:
    """Values of another tokenization's tokens as values of these: the least of those that overlap.

    `spans` `(T, 2)`, `others` `(G, 2)` in order, without overlap among themselves, code points; `values` `(G,)`.
    NaN where nothing overlaps.
    """
    here, there = np.asarray(spans, np.int64).reshape(-1, 2), np.asarray(others, np.int64).reshape(-1, 2)
    known = np.asarray(values, np.float64)
    first = np.searchsorted(there[:, 1], here[:, 0], side="right")
    last = np.searchsorted(there[:, 0], here[:, 1], side="left")
    return np.asarray(
        [np.min(known[a:b]) if b > a else np.nan for a, b in zip(first, last, strict=True)], np.float64
    )
