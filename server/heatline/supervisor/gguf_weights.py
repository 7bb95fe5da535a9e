"""Reads Llama, Qwen2 and Qwen3 checkpoints from GGUF files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, dequantize

from heatline.errors import WeightsError
from heatline.supervisor.architecture import FAMILIES, Architecture, Float32
from heatline.supervisor.tokenizer import byte_level_bpe

# canonical name → GGUF's name inside "blk.N."
_LAYER_NAMES = {
    "attn_norm": "attn_norm.weight",
    "q": "attn_q.weight",
    "k": "attn_k.weight",
    "v": "attn_v.weight",
    "o": "attn_output.weight",
    "q_bias": "attn_q.bias",
    "k_bias": "attn_k.bias",
    "v_bias": "attn_v.bias",
    "q_norm": "attn_q_norm.weight",
    "k_norm": "attn_k_norm.weight",
    "ffn_norm": "ffn_norm.weight",
    "gate": "ffn_gate.weight",
    "up": "ffn_up.weight",
    "down": "ffn_down.weight",
}


class GgufWeights:
    """A GGUF file as ``Weights``.

    Raises ``WeightsError`` when the file is no GGUF, is truncated, or holds an unsupported architecture.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._reader = GGUFReader(path)
        except (ValueError, IndexError, OSError, KeyError) as error:
            raise WeightsError(
                f"{path.name} is not a complete GGUF file ({error}). Download it again, or check the path."
            ) from error
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self._check_complete()
        self.architecture = self._read_architecture()
        self.source_name = str(self._field("general.name", path.stem))
        self.licence = str(self._field("general.license", "unknown"))

    def tensor(self, name: str) -> Float32:
        """Read one tensor by its canonical name; see ``Weights``."""
        layer, _, part = name.partition(".")
        key = "token_embd.weight" if name == "embed" else f"blk.{layer}.{_LAYER_NAMES[part]}"
        tensor = self._tensors.get(key)
        if tensor is None:
            raise WeightsError(
                f"{self._path.name} lacks the tensor {key}. Use another conversion of this model."
            )
        values = np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        # llama.cpp permutes the query and key rows of llama files to interleave rotary pairs; undo it, so
        # that every graph uses one rotary layout.
        if self.architecture.family == "llama" and part in ("q", "k"):
            heads = self.architecture.heads if part == "q" else self.architecture.kv_heads
            values = _half_split_rows(values, heads)
        return values

    def embedding_rows(self, rows: int) -> Iterator[Float32]:
        """Dequantise the embedding table block by block, so that it never stands whole in memory."""
        tensor = self._tensors.get("token_embd.weight")
        if tensor is None:
            raise WeightsError(
                f"{self._path.name} has no embedding table. Use another conversion of this model."
            )
        for start in range(0, tensor.data.shape[0], rows):
            block = dequantize(tensor.data[start : start + rows], tensor.tensor_type)
            yield np.asarray(block, dtype=np.float32)

    def tokenizer_json(self) -> str:
        """Build the tokenizer from the file's own vocabulary and merges."""
        model = self._field("tokenizer.ggml.model", "")
        if model != "gpt2":
            raise WeightsError(
                f"{self._path.name} uses the tokenizer model {model!r}; Heatline reads byte-level BPE (gpt2). "
                "Use a checkpoint of the Llama 3, SmolLM or Qwen families."
            )
        return byte_level_bpe(
            tokens=self._field("tokenizer.ggml.tokens", []),
            merges=self._field("tokenizer.ggml.merges", []),
            pre_tokenizer=str(self._field("tokenizer.ggml.pre", "default")),
        )

    def tokenizer_digest(self) -> str:
        """sha256 of vocabulary, merges and the name of the cutting rule."""
        keys = ("tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.pre")
        return hashlib.sha256(json.dumps([self._field(key, None) for key in keys]).encode()).hexdigest()

    def sink_token_id(self) -> int:
        """``<|endoftext|>`` where the vocabulary has it, else the file's beginning-of-sequence token."""
        tokens: list[str] = self._field("tokenizer.ggml.tokens", [])
        if "<|endoftext|>" in tokens:
            return tokens.index("<|endoftext|>")
        bos = self._field("tokenizer.ggml.bos_token_id", None)
        return int(bos) if bos is not None else 0

    def _field(self, key: str, default: Any) -> Any:
        field = self._reader.fields.get(key)
        return default if field is None else field.contents()

    def _check_complete(self) -> None:
        size = self._path.stat().st_size
        end = max((t.data_offset + t.n_bytes for t in self._reader.tensors), default=0)
        if end == 0 or end > size:
            raise WeightsError(
                f"{self._path.name} is truncated ({size:,} bytes of {end:,}). Download it again."
            )

    def _read_architecture(self) -> Architecture:
        family = str(self._field("general.architecture", "?"))
        if family not in FAMILIES:
            raise WeightsError(
                f"{self._path.name} holds the architecture {family!r}; Heatline runs {', '.join(FAMILIES)}. "
                "Choose a checkpoint of one of these families."
            )
        rope_kind = self._field(f"{family}.rope.scaling.type", "none")
        if rope_kind not in ("none", "", None):
            raise WeightsError(
                f"{self._path.name} uses {rope_kind!r} rotary scaling, which Heatline doesn't build. "
                "Choose a checkpoint without it."
            )
        hidden = int(self._field(f"{family}.embedding_length", 0))
        heads = int(self._field(f"{family}.attention.head_count", 1))
        factors = self._tensors.get("rope_freqs.weight")
        return Architecture(
            family=family,
            hidden_size=hidden,
            layers=int(self._field(f"{family}.block_count", 0)),
            heads=heads,
            kv_heads=int(self._field(f"{family}.attention.head_count_kv", heads)),
            head_dim=int(self._field(f"{family}.attention.key_length", hidden // heads)),
            intermediate_size=int(self._field(f"{family}.feed_forward_length", 0)),
            vocab_size=len(self._field("tokenizer.ggml.tokens", [])),
            context_length=int(self._field(f"{family}.context_length", 2048)),
            norm_epsilon=float(self._field(f"{family}.attention.layer_norm_rms_epsilon", 1e-5)),
            rope_theta=float(self._field(f"{family}.rope.freq_base", 10000.0)),
            qkv_bias="blk.0.attn_q.bias" in self._tensors,
            qk_norm="blk.0.attn_q_norm.weight" in self._tensors,
            rope_factors=() if factors is None else tuple(float(x) for x in factors.data.ravel()),
        )


def _half_split_rows(values: Float32, heads: int) -> Float32:
    """Reorder interleaved rotary rows ``(x0 y0 x1 y1 …)`` of each head into ``(x0 x1 … y0 y1 …)``."""
    rows, columns = values.shape
    split = values.reshape(heads, rows // heads // 2, 2, columns)
    return np.ascontiguousarray(split.swapaxes(1, 2).reshape(rows, columns))
