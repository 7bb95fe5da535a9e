"""The embedding table: int8 rows with one scale each, in a memory-mapped file outside the graph."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heatline.errors import BundleError
from heatline.supervisor.architecture import Float32


def write_embeddings(blocks: Iterable[Float32], rows_path: Path, scales_path: Path) -> str:
    """Quantise blocks of rows ``(n, D)`` to int8 and write rows and scales as ``.npy`` files.

    Only one block stands in memory at a time.  Returns the sha256 over rows and scales.
    """
    import hashlib

    digest, scales, raw = hashlib.sha256(), [], rows_path.with_suffix(".raw")
    width = 0
    with raw.open("wb") as stream:
        for block in blocks:
            scale = np.abs(block).max(axis=1) / np.float32(127)
            scale = np.where(scale == 0, np.float32(1), scale).astype(np.float32)  # (n,)
            rows = np.rint(block / scale[:, None]).astype(np.int8)  # (n, D)
            width = rows.shape[1]
            digest.update(rows.data)
            stream.write(rows.data)
            scales.append(scale)
    all_scales = np.concatenate(scales)
    digest.update(all_scales.data)
    with rows_path.open("wb") as out, raw.open("rb") as stream:
        header = {"descr": "|i1", "fortran_order": False, "shape": (len(all_scales), width)}
        np.lib.format.write_array_header_1_0(out, header)
        while chunk := stream.read(1 << 20):
            out.write(chunk)
    raw.unlink()
    np.save(scales_path, all_scales, allow_pickle=False)
    return digest.hexdigest()


class EmbeddingTable:
    """Gathers rows of a quantised table without loading it."""

    def __init__(self, rows_path: Path, scales_path: Path) -> None:
        try:
            self._rows = np.load(rows_path, mmap_mode="r", allow_pickle=False)  # (V, D) int8
            self._scales = np.load(scales_path, allow_pickle=False)  # (V,)
        except (OSError, ValueError) as error:
            raise BundleError(
                f"The embedding table {rows_path.name} can't be read ({error}). Build the supervisor again."
            ) from error

    def gather(self, ids: NDArray[np.int32]) -> Float32:
        """Rows of ``ids`` ``(T,)`` as float32 ``(T, D)``."""
        rows = self._rows[ids].astype(np.float32) * self._scales[ids, None]
        return np.ascontiguousarray(rows, dtype=np.float32)
