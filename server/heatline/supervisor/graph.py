"""Builds the truncated ONNX graph of a supervisor: layers up to the probed one, no head, no final norm.

Inputs:  ``embeddings`` (T, D) float32; per layer ``past_key_N``, ``past_value_N`` (1, kv_heads, capacity,
         head_dim) float32, float16 in "fp16"; ``last_position`` (1,) int32, the number of tokens minus one;
         ``sequence_length`` scalar int32, the number of tokens; both count the kept prefix.
Outputs: ``hidden`` (T, D) float32, the hidden state after the last kept layer *before* any final norm
         (``hidden_states[k]`` of transformers); per layer ``present_key_N``, ``present_value_N``.

With ``precision="int8"`` a linear layer multiplies integers: weights of 8 bits with one scale per output
column, activations of 8 bits with one scale *per token*.  A scale of its own for every token keeps the
attention sink's huge activations out of the others' scale, and makes a token's numbers independent of what
else is in the batch, so that re-running a suffix gives the same bits as a run from scratch.  Inputs with
outliers within a token (all but the attention's output) are split into a coarse and a fine part of 8 bits
each, whose rows make one product, so that the weights are read once: what error remains is mostly the
weights'.  ``"fp32"`` uses plain ``MatMul``s, the reference for tests.

``"fp16"`` is for graphics cards, whose grouped-query attention wants 16 bits: products, attention, keys and values are
float16; the residual stream and its norms stay float32, as an attention sink's activations of tens of thousands leave
16 bits no room to add to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from heatline.supervisor.architecture import Architecture, Float32, Weights

Number = TypeVar("Number", bound=np.generic)

CONTRIB = "com.microsoft"
MAX_POSITIONS = 8192
PRECISIONS = ("int8", "fp16", "fp32")
KERNELS = ("u8s8", "u8u8")  # how weights are stored; the products are the same integers
ZERO_POINT = 128  # of activations, and of weights in "u8u8"
FINE_STEPS = 254.0  # the fine part of a split activation resolves one coarse step into this many

Progress = Callable[[int, int], None]


def quantize_columns(weight: Float32) -> tuple[NDArray[np.int8], Float32]:
    """Quantise a weight ``(out, in)`` to 8 bits, symmetric, with one scale per output.

    Returns the transposed integers ``(in, out)`` in [−127, 127] and the scales ``(out,)``.
    """
    scales = np.abs(weight).max(axis=1) / np.float32(127)  # (out,)
    scales = np.where(scales == 0, np.float32(1), scales).astype(np.float32)
    integers = np.rint(weight / scales[:, None]).astype(np.int8)
    return np.ascontiguousarray(integers.T), scales


def rotary_tables(architecture: Architecture, positions: int) -> tuple[Float32, Float32]:
    """Cosine and sine tables ``(positions, head_dim / 2)`` of rotary position embedding."""
    half = np.arange(0, architecture.head_dim, 2, dtype=np.float64) / architecture.head_dim
    frequencies = architecture.rope_theta**-half
    if architecture.rope_factors:
        frequencies = frequencies / np.asarray(architecture.rope_factors)
    angles = np.outer(np.arange(positions, dtype=np.float64), frequencies)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


@dataclass(frozen=True)
class Quantised:
    """The rows of a value as integers, and a scale for each token, ``(T, 1)``.

    With two ``parts`` the coarse rows come first and the fine ones of the same tokens after them, a step of which is
    ``1 / FINE_STEPS`` of a coarse one: one product reads the weights once for both, and to read them is what a run of
    a few tokens takes its time for.
    """

    rows: str
    scales: str
    parts: int


@dataclass(frozen=True)
class Linear:
    """One linear layer of the checkpoint; ``weight`` is ``(out, in)``, ``bias`` ``(out,)``."""

    name: str
    weight: Float32
    bias: Float32 | None = None


@dataclass
class _Builder:
    """Collects nodes and initializers, and a digest of every weight that goes into the graph."""

    precision: str
    kernel: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, name: str, values: NDArray[np.generic]) -> str:
        return self.constant(name, self._counted(name, values))

    def _counted(self, name: str, values: NDArray[Number]) -> NDArray[Number]:
        """``values``, whose bits are now in the digest under ``name``."""
        contiguous = np.ascontiguousarray(values)
        self.digest.update(f"{name} {contiguous.dtype} {contiguous.shape}".encode())
        self.digest.update(contiguous.data)
        return contiguous

    def node(
        self, kind: str, inputs: list[str], output: str, *more: str, domain: str = "", **attributes: object
    ) -> str:
        outputs = [output, *more]
        self.nodes.append(
            helper.make_node(
                kind, inputs, outputs, domain=domain, name=next(filter(None, outputs)), **attributes
            )
        )
        return output

    def quantize(self, name: str, value: str, split: bool = False) -> Quantised:
        """Quantise the rows of ``value``; with ``split`` into a coarse and a fine part."""
        if self.precision != "int8":
            return Quantised(self.narrow(f"{name}.half", value), "", parts=1)
        # of a row of zeros the scale is 0, and whatever its integers are, their products times 0 are 0
        absolute = self.node("Abs", [value], f"{name}.abs")
        largest = self.node("ReduceMax", [absolute, "last_axis"], f"{name}.max", keepdims=0)
        scale = self.node("Mul", [largest, "coarse_step"], f"{name}.scale")
        coarse = self.node("QuantizeLinear", [value, scale, "zero_points"], f"{name}.q", axis=0)
        if not split:
            return Quantised(coarse, self._column(scale), parts=1)
        known = self.node("DequantizeLinear", [coarse, scale, "zero_points"], f"{name}.known", axis=0)
        rest = self.node("Sub", [value, known], f"{name}.rest")
        fine_scale = self.node("Mul", [scale, "fine_step"], f"{name}.fine_scale")
        fine = self.node("QuantizeLinear", [rest, fine_scale, "zero_points"], f"{name}.fine", axis=0)
        rows = self.node("Concat", [coarse, fine], f"{name}.parts", axis=0)
        return Quantised(rows, self._column(scale), parts=2)

    def narrow(self, name: str, value: str) -> str:
        """``value`` in the type of products and attention: itself unless that is float16."""
        return self._cast(name, value, TensorProto.FLOAT16)

    def widen(self, name: str, value: str) -> str:
        """``value`` in the residual stream's type, float32."""
        return self._cast(name, value, TensorProto.FLOAT)

    def _cast(self, name: str, value: str, kind: int) -> str:
        return self.node("Cast", [value], name, to=kind) if self.precision == "fp16" else value

    @property
    def product_type(self) -> np.dtype[np.float16] | np.dtype[np.float32]:
        """Of what isn't quantised in products, attention, keys and values."""
        return np.dtype(np.float16) if self.precision == "fp16" else np.dtype(np.float32)

    def _column(self, scale: str) -> str:
        return self.node("Unsqueeze", [scale, "last_axis"], f"{scale}.column")

    def linear(self, value: Quantised, *members: Linear) -> str:
        """``value @ weight.T + bias``; several layers of one input make one product, their columns side by side."""
        name, biases = members[0].name, [each.bias for each in members if each.bias is not None]
        numbers: list[tuple[NDArray[np.generic], Float32]] = []
        for each in members:  # the digest takes one layer after the other, however they are put together
            if self.precision != "int8":
                weight = self._counted(f"{each.name}.weight", each.weight.T.astype(self.product_type))
                numbers.append((weight, np.empty(0, np.float32)))
            else:
                integers, scales = quantize_columns(each.weight)
                self.digest.update(integers.data)  # the same whichever way the kernel stores them
                numbers.append((integers, self._counted(f"{each.name}.scales", scales)))
            if each.bias is not None:
                self._counted(f"{each.name}.bias", each.bias)
        stored = np.concatenate([columns for columns, _ in numbers], axis=1)
        if self.precision != "int8":
            total = self.node("MatMul", [value.rows, self.constant(f"{name}.weight", stored)], f"{name}.out")
        else:
            self.constant(f"{name}.scales", np.concatenate([scales for _, scales in numbers]))
            total = self._product(name, value, stored)
        if not biases:
            return total
        bias = np.concatenate(biases).astype(self.product_type)
        return self.node("Add", [total, self.constant(f"{name}.bias", bias)], f"{name}.biased")

    def _product(self, name: str, value: Quantised, integers: NDArray[np.generic]) -> str:
        unsigned = self.kernel == "u8u8"
        self.constant(
            f"{name}.q", (integers.astype(np.int16) + ZERO_POINT).astype(np.uint8) if unsigned else integers
        )
        product = self.node(
            "MatMulIntegerToFloat",
            [
                *(value.rows, f"{name}.q", "one", f"{name}.scales"),
                *("unsigned_zero", "unsigned_zero" if unsigned else "signed_zero"),
            ],
            f"{name}.product",
            domain=CONTRIB,
        )
        if value.parts == 2:  # added up by a product, which passes over them once
            width = self.constant(f"{name}.width", np.asarray([-1, integers.shape[1]], np.int64))
            parts = self.node("Reshape", [product, "two_rows"], f"{name}.parts")
            summed = self.node("MatMul", ["part_steps", parts], f"{name}.summed")
            product = self.node("Reshape", [summed, width], f"{name}.sum")
        return self.node("Mul", [product, value.scales], f"{name}.scaled")

    def columns(self, name: str, value: str, widths: Sequence[int]) -> list[str]:
        """The parts of ``value`` that are so many columns wide."""
        names = [f"{name}.{i}" for i in range(len(widths))]
        sizes = self.constant(f"{name}.widths", np.asarray(widths, np.int64))
        self.node("Split", [value, sizes], *names, axis=1)
        return names


@dataclass(frozen=True)
class BuiltGraph:
    """The model and the sha256 over every number in it, which does not depend on how it is serialised."""

    model: onnx.ModelProto
    numbers_sha256: str


def build_graph(
    weights: Weights,
    layers: int,
    precision: str = "int8",
    kernel: str = "u8s8",
    progress: Progress | None = None,
) -> BuiltGraph:
    """Build the graph of the first ``layers`` layers.

    ``progress(done, total)`` is called after every layer.  Raises ``WeightsError`` for a missing tensor.
    """
    arch = weights.architecture
    graph = _Builder(precision, kernel)
    cosine, sine = rotary_tables(arch, min(MAX_POSITIONS, arch.context_length))
    graph.constant("cos", cosine.astype(graph.product_type))
    graph.constant("sin", sine.astype(graph.product_type))
    graph.constant("first_axis", np.asarray([0], np.int64))
    if precision == "int8":
        _shared_constants(graph)
    residual, branch = "embeddings", ""
    for layer in range(layers):
        residual, branch = _decoder_layer(graph, weights, layer, residual, branch)
        if progress is not None:
            progress(layer + 1, layers)
    graph.node("Add", [residual, branch], "hidden")
    return BuiltGraph(_assemble(graph, arch, layers), graph.digest.hexdigest())


def _shared_constants(graph: _Builder) -> None:
    graph.constant("last_axis", np.asarray([-1], np.int64))
    graph.constant("one", np.asarray(1, np.float32))
    graph.constant("coarse_step", np.asarray([1 / 127], np.float32))
    graph.constant("fine_step", np.asarray([1 / FINE_STEPS], np.float32))
    graph.constant("part_steps", np.asarray([[1, 1 / FINE_STEPS]], np.float32))
    graph.constant("two_rows", np.asarray([2, -1], np.int64))
    graph.constant("unsigned_zero", np.asarray(ZERO_POINT, np.uint8))
    graph.constant("signed_zero", np.asarray(0, np.int8))
    # one zero point per token, as QuantizeLinear wants along an axis
    shape = graph.node("Shape", ["embeddings"], "row_count", start=0, end=1)
    zero = numpy_helper.from_array(np.asarray([ZERO_POINT], np.uint8))
    graph.node("ConstantOfShape", [shape], "zero_points", value=zero)


def _decoder_layer(
    graph: _Builder, weights: Weights, layer: int, residual: str, branch: str
) -> tuple[str, str]:
    """Append one layer; returns the names of its residual stream and of the branch still to be added."""
    prefix = f"layer{layer}"
    normed, residual = _norm(graph, weights, layer, "attn_norm", residual, branch)
    attention = _attention(graph, weights, layer, graph.quantize(f"{prefix}.attn_in", normed, split=True))
    attended = graph.quantize(f"{prefix}.o_in", attention)
    projected = graph.linear(attended, Linear(f"{prefix}.o", weights.tensor(f"{layer}.o")))
    projected = graph.widen(f"{prefix}.o.wide", projected)
    normed, residual = _norm(graph, weights, layer, "ffn_norm", residual, projected)
    ffn_in = graph.quantize(f"{prefix}.ffn_in", normed, split=True)
    gate, up = (  # two products: to take one apart would copy it
        graph.linear(ffn_in, Linear(f"{prefix}.{part}", weights.tensor(f"{layer}.{part}")))
        for part in ("gate", "up")
    )
    silu = graph.node("QuickGelu", [gate], f"{prefix}.silu", domain=CONTRIB, alpha=1.0)
    gated = graph.node("Mul", [silu, up], f"{prefix}.gated")
    down_in = graph.quantize(f"{prefix}.down_in", gated, split=True)
    down = graph.linear(down_in, Linear(f"{prefix}.down", weights.tensor(f"{layer}.down")))
    return residual, graph.widen(f"{prefix}.down.wide", down)


def _norm(
    graph: _Builder, weights: Weights, layer: int, part: str, stream: str, addend: str
) -> tuple[str, str]:
    """RMS-normalise ``stream + addend``; returns the names of the result and of the sum."""
    name, epsilon = f"layer{layer}.{part}", weights.architecture.norm_epsilon
    gamma = graph.weight(f"{name}.gamma", weights.tensor(f"{layer}.{part}"))
    if not addend:
        inputs = [stream, gamma]
        graph.node("SimplifiedLayerNormalization", inputs, name, axis=-1, epsilon=epsilon, stash_type=1)
        return name, stream
    total = f"{name}.residual"
    graph.node(
        "SkipSimplifiedLayerNormalization", [stream, addend, gamma], name, "", "", total,
        domain=CONTRIB, epsilon=epsilon,
    )  # fmt: skip
    return name, total


def _attention(graph: _Builder, weights: Weights, layer: int, value: Quantised) -> str:
    """Grouped-query attention over the kept prefix and the new tokens; returns ``(T, heads · head_dim)``."""
    arch, prefix = weights.architecture, f"layer{layer}"
    members = [
        Linear(
            f"{prefix}.{part}",
            weights.tensor(f"{layer}.{part}"),
            weights.tensor(f"{layer}.{part}_bias") if arch.qkv_bias else None,
        )
        for part in ("q", "k", "v")
    ]
    projected = graph.linear(value, *members)
    if arch.qk_norm:
        parts = graph.columns(f"{prefix}.qkv", projected, [len(each.weight) for each in members])
        for i, (part, heads) in enumerate((("q", arch.heads), ("k", arch.kv_heads))):
            parts[i] = _per_head_norm(graph, weights, layer, part, parts[i], heads)
        projected = graph.node("Concat", parts, f"{prefix}.normed_qkv", axis=1)
    packed = graph.node("Unsqueeze", [projected, "first_axis"], f"{prefix}.qkv.batch")
    cache = [f"past_key_{layer}", f"past_value_{layer}"]
    batch = graph.node(
        "GroupQueryAttention",
        [packed, "", "", *cache, "last_position", "sequence_length", "cos", "sin"],
        f"{prefix}.attention.batch", f"present_key_{layer}", f"present_value_{layer}",
        domain=CONTRIB, num_heads=arch.heads, kv_num_heads=arch.kv_heads, do_rotary=1, rotary_interleaved=0,
    )  # fmt: skip
    return graph.node("Squeeze", [batch, "first_axis"], f"{prefix}.attention")


def _per_head_norm(graph: _Builder, weights: Weights, layer: int, part: str, value: str, heads: int) -> str:
    """Qwen3 normalises every query and key head before the rotation."""
    arch, name = weights.architecture, f"layer{layer}.{part}_norm"
    split = graph.constant(f"{name}.split", np.asarray([0, heads, arch.head_dim], np.int64))
    merge = graph.constant(f"{name}.merge", np.asarray([0, heads * arch.head_dim], np.int64))
    gamma = graph.weight(f"{name}.gamma", weights.tensor(f"{layer}.{part}_norm"))
    by_head = graph.node("Reshape", [graph.widen(f"{name}.wide", value), split], f"{name}.heads")
    normed = graph.node(
        "SimplifiedLayerNormalization", [by_head, gamma], f"{name}.normed",
        axis=-1, epsilon=arch.norm_epsilon, stash_type=1,
    )  # fmt: skip
    return graph.narrow(f"{name}.half", graph.node("Reshape", [normed, merge], f"{name}.out"))


def _assemble(graph: _Builder, arch: Architecture, layers: int) -> onnx.ModelProto:
    def tensor(name: str, shape: list[object], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)

    cache = [1, arch.kv_heads]
    kept = helper.np_dtype_to_tensor_dtype(graph.product_type)
    inputs = [tensor("embeddings", ["tokens", arch.hidden_size])]
    outputs = [tensor("hidden", ["tokens", arch.hidden_size])]
    for layer in range(layers):
        for what in ("key", "value"):
            inputs.append(tensor(f"past_{what}_{layer}", [*cache, "capacity", arch.head_dim], kept))
            outputs.append(tensor(f"present_{what}_{layer}", [*cache, "capacity", arch.head_dim], kept))
    inputs.append(tensor("last_position", [1], TensorProto.INT32))
    inputs.append(tensor("sequence_length", [], TensorProto.INT32))
    built = helper.make_graph(graph.nodes, "supervisor", inputs, outputs, graph.initializers)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(built, opset_imports=opsets, ir_version=10, producer_name="heatline")


def save_graph(model: onnx.ModelProto, folder: Path) -> None:
    """Write ``graph.onnx`` and its numbers, ``graph.data``, which ONNX Runtime memory-maps."""
    onnx.save_model(
        model, folder / "graph.onnx", save_as_external_data=True, all_tensors_to_one_file=True,
        location="graph.data", size_threshold=1024,
    )  # fmt: skip
