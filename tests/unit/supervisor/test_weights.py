"""Checkpoints are read right, or refused in one sentence."""

import json
import os

import numpy as np
import pytest

from heatline.errors import WeightsError
from heatline.supervisor.gguf_weights import GgufWeights
from heatline.supervisor.safetensors_weights import SafetensorsWeights
from heatline.supervisor.store import open_weights
from heatline.supervisor.tokenizer import TextTokenizer
from tests.tiny import LAYERS, tiny_gguf


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_the_architecture_is_read(tmp_path, family):
    arch = GgufWeights(tiny_gguf(tmp_path, family)).architecture
    assert (arch.family, arch.hidden_size, arch.layers, arch.heads, arch.kv_heads) == (
        family,
        64,
        LAYERS,
        4,
        2,
    )
    assert (arch.qkv_bias, arch.qk_norm) == (family == "qwen2", family == "qwen3")


def test_a_truncated_file_is_refused(tmp_path):
    path = tiny_gguf(tmp_path)
    os.truncate(path, path.stat().st_size - 100)
    with pytest.raises(WeightsError, match=r"truncated|complete"):
        GgufWeights(path)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100])
def test_a_file_that_is_no_gguf_is_refused(tmp_path, content):
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(WeightsError, match="not a complete GGUF"):
        GgufWeights(tmp_path / "x.gguf")


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"config\.json"):
        open_weights(tmp_path)


def save_as_safetensors(gguf: GgufWeights, folder, dtype=np.float32):
    from safetensors.numpy import save_file

    from heatline.supervisor.safetensors_weights import _LAYER_NAMES

    arch = gguf.architecture
    tensors = {"model.embed_tokens.weight": np.concatenate(list(gguf.embedding_rows(1000)))}
    for layer in range(arch.layers):
        for part, name in _LAYER_NAMES.items():
            if part.endswith("_bias") or part in ("q_norm", "k_norm"):
                continue
            tensors[f"model.layers.{layer}.{name}"] = gguf.tensor(f"{layer}.{part}")
    save_file({k: v.astype(dtype) for k, v in tensors.items()}, folder / "model.safetensors")
    config = {
        "model_type": "llama", "hidden_size": 64, "num_hidden_layers": arch.layers, "num_attention_heads": 4,
        "num_key_value_heads": 2, "intermediate_size": 96, "vocab_size": arch.vocab_size,
        "max_position_embeddings": 2048, "rms_norm_eps": arch.norm_epsilon, "rope_theta": arch.rope_theta,
        "bos_token_id": 263,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(gguf.tokenizer_json())


def test_safetensors_and_gguf_hold_the_same_numbers(tmp_path):
    gguf = GgufWeights(tiny_gguf(tmp_path))
    save_as_safetensors(gguf, tmp_path)
    safe = SafetensorsWeights(tmp_path)
    for field in ("family", "hidden_size", "layers", "heads", "kv_heads", "head_dim", "rope_theta"):
        assert getattr(gguf.architecture, field) == getattr(safe.architecture, field)
    assert np.array_equal(gguf.tensor("1.q"), safe.tensor("1.q"))
    assert np.array_equal(gguf.tensor("0.down"), safe.tensor("0.down"))


def test_a_missing_tensor_is_named(tmp_path):
    gguf = GgufWeights(tiny_gguf(tmp_path))
    save_as_safetensors(gguf, tmp_path)
    with pytest.raises(WeightsError, match=r"layers\.9\."):
        SafetensorsWeights(tmp_path).tensor("9.q")


def test_the_tokenizer_gives_code_point_offsets_for_any_text(tmp_path):
    (tmp_path / "tokenizer.json").write_text(GgufWeights(tiny_gguf(tmp_path)).tokenizer_json())
    tokenizer = TextTokenizer.load(tmp_path / "tokenizer.json")
    text = "return 'é😋'\ud800 <|endoftext|>"
    tokens = tokenizer.encode(text)
    covered = set()
    for start, end in tokens.offsets.tolist():
        covered.update(range(start, end))
    assert covered == set(range(len(text)))
    assert 263 not in tokens.ids  # the special token is ordinary text here
