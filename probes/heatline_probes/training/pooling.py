"""From token features to one vector per span: the three poolings of the paper (§5.2)."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from heatline_probes.errors import TrainingError

Pooling = Literal["max", "mean", "attention"]
POOLINGS: tuple[str, ...] = get_args(Pooling)


def pool_spans(features: Tensor, lengths: Tensor, pooling: Pooling, attention: nn.Linear | None) -> Tensor:
    """(T, f) and the lengths (n,) of consecutive spans → (n, f).

    With `attention`, a linear map f → heads, every head weighs the tokens of a span by a softmax over its scores
    and pools f / heads features.
    """
    if pooling == "max" or pooling == "mean":
        if len(lengths) == len(features):  # every token a span of its own
            return features
        return torch.segment_reduce(features, pooling, lengths=lengths, unsafe=True)
    if attention is None:
        raise TrainingError("Attention pooling needs a layer of scores. Fit it with pooling='attention'.")
    heads = attention.out_features
    scores = attention(features)  # (T, heads)
    largest = torch.segment_reduce(scores.detach(), "max", lengths=lengths, unsafe=True)
    weights = torch.exp(scores - torch.repeat_interleave(largest, lengths, 0))
    weighted = features.view(len(features), heads, -1) * weights.unsqueeze(2)  # (T, heads, f / heads)
    summed = torch.segment_reduce(weighted.flatten(1), "sum", lengths=lengths, unsafe=True)
    totals = torch.segment_reduce(weights, "sum", lengths=lengths, unsafe=True)  # (n, heads)
    pooled = summed.view(len(lengths), heads, -1) / totals.unsqueeze(2)
    return pooled.flatten(1)
