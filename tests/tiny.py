"""A random supervisor of a few thousand weights and a random probe on it: everything but sense, in milliseconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from gguf import GGUFWriter

from heatline.probe import ProbeCard, ScopeStage, SpanProbe
from heatline.probe.card import FORMAT_VERSION
from heatline.scoring.layout import LAYOUT_VERSION
from heatline.supervisor.card import BundleCard
from heatline.supervisor.store import SupervisorStore

HIDDEN, HEADS, KV_HEADS, INTERMEDIATE, LAYERS = 64, 4, 2, 96, 3
HEAD_DIM = HIDDEN // HEADS
FEATURES = 8
SCOPE_FEATURES = 6
NAME = "tiny"


def byte_alphabet() -> list[str]:
    """The 256 characters that stand for bytes in a byte-level vocabulary, by byte."""
    from tokenizers.pre_tokenizers import ByteLevel

    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    mapped = {byte: chr(byte) for byte in printable}
    spare = (chr(0x100 + i) for i in range(256 - len(printable)))
    for byte in range(256):
        if byte not in mapped:
            mapped[byte] = next(spare)
    assert set(mapped.values()) == set(ByteLevel.alphabet())
    return [mapped[byte] for byte in range(256)]


def tiny_gguf(folder: Path, architecture: str = "llama", seed: int = 0) -> Path:
    """Write a random checkpoint of the architecture (``llama``, ``qwen2`` or ``qwen3``) with byte-level tokens."""
    path = folder / f"tiny-{architecture}.gguf"
    generator = np.random.default_rng(seed)
    merges = ["Ġ Ġ", "ĠĠ ĠĠ", "r e", "re t", "d e", "i n", "Ċ Ġ"]
    tokens = [*byte_alphabet(), *("".join(pair.split(" ")) for pair in merges), "<|endoftext|>"]
    writer = GGUFWriter(path, architecture)
    writer.add_name(f"tiny {architecture}")
    writer.add_license("CC0-1.0")
    writer.add_block_count(LAYERS)
    writer.add_context_length(2048)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INTERMEDIATE)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm" if architecture == "llama" else "qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - 1) + [3])
    writer.add_token_merges(merges)

    def tensor(name: str, *shape: int, center: float = 0.0) -> None:
        scale = 0.1 if center else 1 / np.sqrt(shape[-1])
        writer.add_tensor(name, (center + scale * generator.standard_normal(shape)).astype(np.float32))

    tensor("token_embd.weight", len(tokens), HIDDEN)
    tensor("output_norm.weight", HIDDEN, center=1.0)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        tensor(f"{block}attn_norm.weight", HIDDEN, center=1.0)
        tensor(f"{block}ffn_norm.weight", HIDDEN, center=1.0)
        for part, heads in (("q", HEADS), ("k", KV_HEADS), ("v", KV_HEADS)):
            tensor(f"{block}attn_{part}.weight", heads * HEAD_DIM, HIDDEN)
            if architecture == "qwen2":
                tensor(f"{block}attn_{part}.bias", heads * HEAD_DIM)
            if architecture == "qwen3" and part != "v":
                tensor(f"{block}attn_{part}_norm.weight", HEAD_DIM, center=1.0)
        tensor(f"{block}attn_output.weight", HIDDEN, HIDDEN)
        tensor(f"{block}ffn_gate.weight", INTERMEDIATE, HIDDEN)
        tensor(f"{block}ffn_up.weight", INTERMEDIATE, HIDDEN)
        tensor(f"{block}ffn_down.weight", HIDDEN, INTERMEDIATE)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def tiny_supervisor(folder: Path, architecture: str = "llama", name: str = NAME) -> Path:
    """Build a tiny bundle into ``folder/supervisors``; returns the bundle's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    store = SupervisorStore(folder / "supervisors")
    return store.add(name, tiny_gguf(folder, architecture), layers=2)


def tiny_probe(bundle: Path, folder: Path | None = None, name: str = "tiny-probe", seed: int = 0) -> Path:
    """Write a random probe for the bundle; returns the path of its card.

    Its risks spread from cool to hot, so that something is flagged and something isn't.
    """
    card = BundleCard.read(bundle)
    generator = np.random.default_rng(seed)
    shapes = {
        "own": (FEATURES, SCOPE_FEATURES),
        "shared": (2 * FEATURES, SCOPE_FEATURES),
        "bias": (SCOPE_FEATURES,),
    }
    stage = ScopeStage(
        **{n: (generator.standard_normal(s) / 2).astype(np.float32) for n, s in shapes.items()}
    )
    output = generator.standard_normal(SCOPE_FEATURES).astype(np.float32)
    platt = {"kind": "platt", "slope": 0.8, "intercept": 0.5, "base_rate": 0.9}
    probe = SpanProbe(
        projection=(generator.standard_normal((card.hidden_size, FEATURES)) / 8).astype(np.float32),
        projection_bias=np.zeros(FEATURES, np.float32),
        output=output,
        output_bias=0.25,
        card=ProbeCard(
            format_version=FORMAT_VERSION,
            name=name,
            supervisor=card.name,
            bundle_hash=card.bundle_hash,
            layout_version=LAYOUT_VERSION,
            pooling="max",
            features=FEATURES,
            scope_features=SCOPE_FEATURES,
            loss="none: random",
            threshold=0.3,
            calibrators={level: dict(platt) for level in ("token", "line", "scope")},
            sha256="",
        ),
        scope_stage=stage,
    )
    return probe.save(folder or bundle.parent.parent)


def edit_card(path: Path, **changes: object) -> None:
    """Change fields of a JSON card, to see it refused."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
