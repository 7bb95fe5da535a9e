"""Reads Llama, Qwen2 and Qwen3 checkpoints from a folder of safetensors files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from heatline.errors import WeightsError
from heatline.supervisor.architecture import FAMILIES, Architecture, Float32

_LAYER_NAMES = {
    "attn_norm": "input_layernorm.weight",
    "q": "self_attn.q_proj.weight",
    "k": "self_attn.k_proj.weight",
    "v": "self_attn.v_proj.weight",
    "o": "self_attn.o_proj.weight",
    "q_bias": "self_attn.q_proj.bias",
    "k_bias": "self_attn.k_proj.bias",
    "v_bias": "self_attn.v_proj.bias",
    "q_norm": "self_attn.q_norm.weight",
    "k_norm": "self_attn.k_norm.weight",
    "ffn_norm": "post_attention_layernorm.weight",
    "gate": "mlp.gate_proj.weight",
    "up": "mlp.up_proj.weight",
    "down": "mlp.down_proj.weight",
}
_BFLOAT16 = "BF16"


class SafetensorsWeights:
    """A checkpoint folder (``config.json``, ``tokenizer.json``, ``*.safetensors``) as ``Weights``.

    Raises ``WeightsError`` when a file is missing or malformed, or the architecture is unsupported.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config = self._read_json("config.json")
        self._where: dict[str, Path] = {}
        for file in sorted(folder.glob("*.safetensors")):
            try:
                with safe_open(file, framework="numpy") as reader:
                    self._where.update(dict.fromkeys(reader.keys(), file))
            except (SafetensorError, OSError) as error:
                raise WeightsError(
                    f"{file.name} is not a complete safetensors file ({error}). Download it again."
                ) from error
        if not self._where:
            raise WeightsError(f"{folder} holds no .safetensors file. Give the folder of a checkpoint.")
        self.architecture = self._read_architecture()
        self.source_name = str(self._config.get("_name_or_path") or folder.name)
        self.licence = "unknown"

    def tensor(self, name: str) -> Float32:
        """Read one tensor by its canonical name; see ``Weights``."""
        layer, _, part = name.partition(".")
        key = "model.embed_tokens.weight" if name == "embed" else f"model.layers.{layer}.{_LAYER_NAMES[part]}"
        return self._read(key)

    def embedding_rows(self, rows: int) -> Iterator[Float32]:
        """Yield the embedding table in blocks of ``rows`` rows."""
        table = self.tensor("embed")
        for start in range(0, len(table), rows):
            yield table[start : start + rows]

    def tokenizer_json(self) -> str:
        """The folder's ``tokenizer.json`` without its special tokens and post-processor."""
        tokenizer = self._read_json("tokenizer.json")
        if tokenizer.get("model", {}).get("type") != "BPE":
            raise WeightsError(
                f"{self._folder} has no byte-level BPE tokenizer. Use a Llama 3, SmolLM or Qwen checkpoint."
            )
        tokenizer["added_tokens"] = []
        tokenizer["post_processor"] = None
        return json.dumps(tokenizer, ensure_ascii=False)

    def tokenizer_digest(self) -> str:
        """sha256 of the folder's ``tokenizer.json``."""
        return hashlib.sha256((self._folder / "tokenizer.json").read_bytes()).hexdigest()

    def sink_token_id(self) -> int:
        """``<|endoftext|>`` where the tokenizer has it, else the configured beginning-of-sequence token."""
        for added in self._read_json("tokenizer.json").get("added_tokens", []):
            if added.get("content") == "<|endoftext|>":
                return int(added["id"])
        return int(self._config.get("bos_token_id") or 0)

    def _read(self, key: str) -> Float32:
        file = self._where.get(key)
        if file is None:
            raise WeightsError(f"{self._folder} lacks the tensor {key}. Use a complete checkpoint.")
        with safe_open(file, framework="numpy") as reader:
            view = reader.get_slice(key)
            if view.get_dtype() == _BFLOAT16:
                return _read_bfloat16(file, key)
            return np.ascontiguousarray(reader.get_tensor(key), dtype=np.float32)

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            return dict(json.loads((self._folder / name).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise WeightsError(
                f"{self._folder} has no readable {name} ({error}). Give the folder of a checkpoint."
            ) from error

    def _read_architecture(self) -> Architecture:
        config = self._config
        family = str(config.get("model_type", "?"))
        if family not in FAMILIES:
            raise WeightsError(
                f"{self._folder} holds the architecture {family!r}; Heatline runs {', '.join(FAMILIES)}. "
                "Choose a checkpoint of one of these families."
            )
        heads = int(config["num_attention_heads"])
        head_dim = int(config.get("head_dim") or config["hidden_size"] // heads)
        # transformers 5 moved the rotary settings into one table
        rope = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
        theta = float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0)
        return Architecture(
            family=family,
            hidden_size=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads", heads)),
            head_dim=head_dim,
            intermediate_size=int(config["intermediate_size"]),
            vocab_size=int(config["vocab_size"]),
            context_length=int(config.get("max_position_embeddings", 2048)),
            norm_epsilon=float(config.get("rms_norm_eps", 1e-6)),
            rope_theta=theta,
            qkv_bias="model.layers.0.self_attn.q_proj.bias" in self._where,
            qk_norm="model.layers.0.self_attn.q_norm.weight" in self._where,
            rope_factors=_rope_factors(rope, theta, head_dim),
        )


def _rope_factors(rope: dict[str, Any], theta: float, head_dim: int) -> tuple[float, ...]:
    """Divisors of the rotary frequencies for Llama 3's scaling; empty for the plain kind."""
    kind = str(rope.get("rope_type") or rope.get("type") or "default")
    if kind == "default":
        return ()
    if kind != "llama3":
        raise WeightsError(
            f"The checkpoint uses {kind!r} rotary scaling, which Heatline doesn't build. Choose another one."
        )
    wavelength = 2 * np.pi * theta ** (np.arange(0, head_dim, 2) / head_dim)
    original = float(rope["original_max_position_embeddings"])
    low, high, factor = (float(rope[k]) for k in ("low_freq_factor", "high_freq_factor", "factor"))
    smooth = np.clip((original / wavelength - low) / (high - low), 0.0, 1.0)
    return tuple(float(x) for x in 1.0 / ((1.0 - smooth) / factor + smooth))


def _read_bfloat16(file: Path, key: str) -> Float32:
    """numpy has no bfloat16: take the tensor's bytes and widen them to float32."""
    with file.open("rb") as stream:
        header_size = int.from_bytes(stream.read(8), "little")
        entry = json.loads(stream.read(header_size))[key]
        begin, end = entry["data_offsets"]
        stream.seek(8 + header_size + begin)
        raw = np.frombuffer(stream.read(end - begin), dtype="<u2")
    widened = (raw.astype(np.uint32) << 16).view(np.float32)
    return np.ascontiguousarray(widened.reshape(entry["shape"]))
