"""Which integer kernels multiply exactly on this processor.

x86 processors without VNNI add pairs of u8·s8 products in 16 bits, which saturate: silently wrong numbers.
There the weights are stored unsigned (``u8u8``), which is exact everywhere, and slower.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, numpy_helper

_SIZES = (2, 64)  # rows: the one-row and the many-row kernels differ
_INNER, _OUTER = 576, 64


@cache
def exact_kernels() -> tuple[str, ...]:
    """The kernels whose products equal numpy's on this machine, fastest first; tested once a process."""
    return tuple(kernel for kernel in ("u8s8", "u8u8") if all(_exact(kernel, rows) for rows in _SIZES))


def _exact(kernel: str, rows: int) -> bool:
    generator = np.random.default_rng(rows)
    # extremes only: what saturates, saturates here
    left = generator.choice(np.asarray([0, 1, 254, 255], np.uint8), (rows, _INNER))
    signed = generator.choice(np.asarray([-127, -126, 126, 127], np.int16), (_INNER, _OUTER))
    unsigned = kernel == "u8u8"
    right = (signed + 128).astype(np.uint8) if unsigned else signed.astype(np.int8)
    expected = (left.astype(np.int64) - 128) @ signed.astype(np.int64)
    return bool(np.array_equal(expected, _multiply(left, right, 128 if unsigned else 0)))


def _multiply(
    left: NDArray[np.uint8], right: NDArray[np.uint8] | NDArray[np.int8], right_zero: int
) -> NDArray[np.int32]:
    rows, inner = left.shape
    node = helper.make_node("MatMulInteger", ["left", "right", "left_zero", "right_zero"], ["product"])
    constants = [
        numpy_helper.from_array(right, "right"),
        numpy_helper.from_array(np.asarray(128, np.uint8), "left_zero"),
        numpy_helper.from_array(np.asarray(right_zero, right.dtype), "right_zero"),
    ]
    given = helper.make_tensor_value_info("left", helper.np_dtype_to_tensor_dtype(left.dtype), [rows, inner])
    product = helper.make_tensor_value_info(
        "product", helper.np_dtype_to_tensor_dtype(np.dtype(np.int32)), [rows, right.shape[1]]
    )
    graph = helper.make_graph([node], "kernel", [given], [product], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    result: NDArray[np.int32] = session.run(None, {"left": left})[0]
    return result
