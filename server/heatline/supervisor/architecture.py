"""The shape of a decoder-only transformer, and the canonical names of its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

FAMILIES = ("llama", "qwen2", "qwen3")


@dataclass(frozen=True)
class Architecture:
    """What the graph builder must know of a Llama, Qwen2 or Qwen3 checkpoint.

    ``rope_factors`` divides the rotary frequencies (shape ``(head_dim / 2,)``, as Llama 3 wants); empty
    means none.
    """

    family: str
    hidden_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate_size: int
    vocab_size: int
    context_length: int
    norm_epsilon: float
    rope_theta: float
    qkv_bias: bool
    qk_norm: bool
    rope_factors: tuple[float, ...] = ()


class Weights(Protocol):
    """A checkpoint opened for reading: its architecture, tensors and tokenizer.

    Tensors are asked for by canonical names, are float32, and have the orientation of a linear layer's
    weight, ``(out, in)``; query and key rows are in the half-split ("neox") rotary order, whatever the file
    holds.  Names: ``embed``; per layer ``L.attn_norm``, ``L.q``, ``L.k``, ``L.v``, ``L.o``, ``L.q_bias``,
    ``L.k_bias``, ``L.v_bias``, ``L.q_norm``, ``L.k_norm``, ``L.ffn_norm``, ``L.gate``, ``L.up``,
    ``L.down`` with ``L`` the layer number from 0.
    """

    architecture: Architecture
    source_name: str
    licence: str

    def tensor(self, name: str) -> Float32:
        """Read one tensor as float32; raises ``WeightsError`` when the file lacks it."""
        ...

    def embedding_rows(self, rows: int) -> Iterator[Float32]:
        """Yield the embedding table in blocks of at most ``rows`` rows, each ``(n, hidden_size)``."""
        ...

    def tokenizer_json(self) -> str:
        """The tokenizer in the ``tokenizers`` library's JSON form, special tokens left out of matching."""
        ...

    def tokenizer_digest(self) -> str:
        """sha256 of what the tokenizer is made of, whatever the library's version writes."""
        ...

    def sink_token_id(self) -> int:
        """The token put before every sequence: it takes the attention sink's huge activation."""
        ...
