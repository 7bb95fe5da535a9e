"""The embedding table: rows with one scale each, in a memory-mapped file outside the graph."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heatline.errors import BundleError
from heatline.supervisor.architecture import Float32


def write_embeddings(
    blocks: Iterable[Float32], rows_path: Path, scales_path: Path, precision: str = "int8"
) -> str:
    """Write blocks of rows ``(n, D)`` and a scale per row as ``.npy`` files.

    ``"int8"`` rounds rows to 8 bits; ``"fp32"`` keeps them as they are, with scales of one.  Only one block
    stands in memory at a time.  Returns the sha256 over rows and scales.
    """
    digest, scales, raw = hashlib.sha256(), [], rows_path.with_suffix(".raw")
    kind = np.dtype(np.int8 if precision == "int8" else np.float32)
    width = 0
    with raw.open("wb") as stream:
        for block in blocks:
            scale = np.ones(len(block), np.float32)  # (n,)
            rows = block  # (n, D)
            if precision == "int8":
                largest = np.abs(block).max(axis=1) / np.float32(127)
                scale = np.where(largest == 0, np.float32(1), largest).astype(np.float32)
                rows = np.rint(block / scale[:, None])
            stored = np.ascontiguousarray(rows, kind)
            width = stored.shape[1]
            digest.update(stored.data)
            stream.write(stored.data)
            scales.append(scale)
    all_scales = np.concatenate(scales)
    digest.update(all_scales.data)
    with rows_path.open("wb") as out, raw.open("rb") as stream:
        header = {"descr": kind.str, "fortran_order": False, "shape": (len(all_scales), width)}
        np.lib.format.write_array_header_1_0(out, header)
        shutil.copyfileobj(stream, out, 1 << 20)
    raw.unlink()
    np.save(scales_path, all_scales, allow_pickle=False)
    return digest.hexdigest()


class EmbeddingTable:
    """Gathers rows of a quantised table without loading it."""

    def __init__(self, rows_path: Path, scales_path: Path) -> None:
        try:
            self._rows = np.load(rows_path, mmap_mode="r", allow_pickle=False)  # (V, D) int8 or float32
            self._scales = np.load(scales_path, allow_pickle=False)  # (V,)
        except (OSError, ValueError) as error:
            raise BundleError(
                f"The embedding table {rows_path.name} can't be read ({error}). Build the supervisor again."
            ) from error

    def gather(self, ids: NDArray[np.int32]) -> Float32:
        """Rows of ``ids`` ``(T,)`` as float32 ``(T, D)``."""
        rows = self._rows[ids].astype(np.float32) * self._scales[ids, None]
        return np.ascontiguousarray(rows, dtype=np.float32)
