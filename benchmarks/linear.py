"""Integer linear layers side by side: ours (a scale per token, split activations) and 8-bit blocks of 32.

    python benchmarks/linear.py [--threads N]

For the layer shapes of the two catalog supervisors and 256 tokens, in one run: median milliseconds of each, their
ratio, and the relative error of each against fp32, on random numbers with outliers as activations have them.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from rich.console import Console
from rich.table import Table

from heatline.supervisor.graph import CONTRIB, Linear, _Builder, _shared_constants
from heatline.supervisor.kernel import exact_kernels

TOKENS, ROUNDS, BLOCK = 256, 15, 32
SHAPES = {
    "smollm2 gate": (1536, 576),
    "smollm2 down": (576, 1536),
    "qwen gate": (4864, 896),
    "qwen down": (896, 4864),
}
Float32 = NDArray[np.float32]


def session(nodes: list, constants: list, shape: tuple[int, int], threads: int) -> ort.InferenceSession:
    rows, columns = shape
    given = helper.make_tensor_value_info("embeddings", 1, ["t", columns])
    result = helper.make_tensor_value_info(nodes[-1].output[0], 1, ["t", rows])
    graph = helper.make_graph(nodes, "layer", [given], [result], constants)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(CONTRIB, 1)]
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def ours(weight: Float32, threads: int) -> ort.InferenceSession:
    builder = _Builder("int8", exact_kernels()[0])
    _shared_constants(builder)
    builder.linear(builder.quantize("in", "embeddings", split=True), Linear("layer", weight))
    return session(builder.nodes, builder.initializers, weight.shape, threads)


def blocks(weight: Float32, threads: int) -> ort.InferenceSession:
    rows, columns = weight.shape
    split = weight.reshape(rows, columns // BLOCK, BLOCK)
    scales = np.abs(split).max(axis=2) / 127
    quantised = (np.rint(split / scales[:, :, None]) + 128).astype(np.uint8)
    constants = [
        numpy_helper.from_array(quantised, "q"),
        numpy_helper.from_array(scales.astype(np.float32), "s"),
    ]
    node = helper.make_node(
        "MatMulNBits", ["embeddings", "q", "s"], ["out"], domain=CONTRIB,
        K=columns, N=rows, bits=8, block_size=BLOCK, accuracy_level=4,
    )  # fmt: skip
    return session([node], constants, weight.shape, threads)


def median_ms(run: Callable[[], object]) -> float:
    run()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    threads = parser.parse_args().threads
    generator = np.random.default_rng(0)
    table = Table("layer", "8-bit blocks", "ours", "ratio", "error, blocks", "error, ours", box=None)
    for name, shape in SHAPES.items():
        weight = (0.05 * generator.standard_normal(shape)).astype(np.float32)
        values = generator.standard_normal((TOKENS, shape[1])).astype(np.float32)
        values[:, :4] *= 30  # outlier channels
        exact = values @ weight.T
        cells = []
        for build in (blocks, ours):
            running = build(weight, threads)
            out = running.run(None, {"embeddings": values})[0]
            error = float(np.linalg.norm(out - exact) / np.linalg.norm(exact))
            cells.append((median_ms(lambda r=running, v=values: r.run(None, {"embeddings": v})), error))
        (slow, slow_error), (fast, fast_error) = cells
        row = (
            f"{slow:.2f} ms",
            f"{fast:.2f} ms",
            f"{slow / fast:.1f}×",
            f"{slow_error:.2%}",
            f"{fast_error:.2%}",
        )
        table.add_row(name, *row)
    Console().print(table)


if __name__ == "__main__":
    main()
