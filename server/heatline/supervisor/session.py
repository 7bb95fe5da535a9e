"""Runs a supervisor's graph with a key/value prefix that is kept between runs."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from heatline.errors import BundleError, DeviceError, SupervisorError
from heatline.supervisor.architecture import Float32
from heatline.supervisor.card import BundleCard
from heatline.supervisor.devices import PROVIDERS
from heatline.supervisor.embeddings import EmbeddingTable
from heatline.supervisor.kernel import exact_kernels
from heatline.supervisor.processor import default_threads
from heatline.supervisor.tokenizer import TextTokenizer

SPIN_MICROSECONDS = "50"  # longer than most operations take, shorter than anybody notices
_BOUNDED_SPIN = (1, 26)  # the first onnxruntime whose threads can be told how long
CHUNK = 128  # tokens per run that callers should keep to: a cancelled job stops between runs
_DEVICE_MEMORY = {"cuda": "cuda", "directml": "dml"}  # where keys and values lie, by onnxruntime's names


@dataclass
class KeyValueCache:
    """Keys and values of a sequence in buffers that runs append to without copying.

    ``length`` tokens are valid; assigning a smaller length forgets the tail.  The buffers lie in one anonymous
    memory map, whose pages are taken when they are first written: a long capacity costs nothing by itself.  On a
    graphics card they lie in its own memory, and ``arrays`` is empty.
    """

    buffers: list[ort.OrtValue]  # per layer key, value: (1, kv_heads, capacity + 1, head_dim)
    arrays: list[NDArray[Any]] = field(repr=False)  # the same memory, float32 or float16
    capacity: int
    row_bytes: int  # keys and values of one token
    length: int = 0
    touched: int = 0  # rows that were ever written
    binding: ort.IOBinding | None = field(default=None, repr=False)  # of the buffers, made by the first run

    @property
    def memory(self) -> int:
        """Bytes of the rows that were ever written."""
        return self.touched * self.row_bytes

    def copy_prefix(self, other: KeyValueCache, length: int) -> None:
        """Start with the first ``length`` tokens of another cache of the same session."""
        for mine, theirs in zip(self.arrays, other.arrays, strict=True):
            mine[:, :, :length] = theirs[:, :, :length]
        if not self.arrays:
            for buffer, theirs in zip(self.buffers, other.buffers, strict=True):
                buffer.update_inplace(theirs)
        self.length = length
        self.touched = max(self.touched, length)


class SupervisorSession:
    """A loaded bundle: tokenizes text and computes hidden states on ``device``, one of ``PROVIDERS``.

    ``why`` says why on that one and ``warning`` what went wrong before, for people.  Raises ``DeviceError`` when the
    device can't run it, ``BundleError`` when nothing can.  Not safe for use from two threads at once.
    """

    def __init__(
        self, bundle: Path, threads: int | None = None, device: str = "cpu", why: str = "", warning: str = ""
    ) -> None:
        self.card = BundleCard.read(bundle)
        self.tokenizer = TextTokenizer.load(bundle / "tokenizer.json")
        self.device = device
        self.why = why
        self.warning = warning
        self.threads = threads or default_threads()
        self._embeddings = EmbeddingTable(bundle / "embeddings.npy", bundle / "embedding_scales.npy")
        if self.card.precision == "int8" and self.card.kernel not in exact_kernels():
            raise BundleError(
                f"The supervisor {self.card.name} was built for another kind of processor. "
                f"Run `heatline supervisor build {self.card.name}` on this machine."
            )
        self._resting: KeyValueCache | None = None
        self._shrink: ort.RunOptions | None = None
        self._kept_type = np.dtype(np.float16 if self.card.precision == "fp16" else np.float32)
        self._session = self._open(bundle / "graph.onnx")
        if device != "cpu":
            self._try_out()

    @property
    def hidden_size(self) -> int:
        """D, the width of a hidden state."""
        return self.card.hidden_size

    def new_cache(self, capacity: int) -> KeyValueCache:
        """Buffers for a sequence of up to ``capacity`` tokens."""
        if capacity >= self.card.max_positions:
            raise SupervisorError(
                f"A sequence of {capacity} tokens is longer than {self.card.name} can see "
                f"({self.card.max_positions}). Split the text."
            )
        shape = (1, self.card.kv_heads, capacity + 1, self.card.head_dim)  # one row for odd runs
        count, size, tensors = int(np.prod(shape)), self._kept_type.itemsize, 2 * self.card.layers
        row_bytes = tensors * self.card.kv_heads * self.card.head_dim * size
        place = _DEVICE_MEMORY.get(self.device)
        if place is not None:
            buffers = [
                ort.OrtValue.ortvalue_from_shape_and_type(list(shape), self._kept_type.type, place)
                for _ in range(tensors)
            ]
            return KeyValueCache(buffers, [], capacity, row_bytes)
        memory = mmap.mmap(-1, tensors * count * size)
        arrays = [
            np.frombuffer(memory, self._kept_type, count, offset=i * count * size).reshape(shape)
            for i in range(tensors)
        ]
        buffers = [ort.OrtValue.ortvalue_from_numpy(array) for array in arrays]
        return KeyValueCache(buffers, arrays, capacity, row_bytes)

    def run(self, ids: NDArray[np.int32], cache: KeyValueCache) -> Float32:
        """Append tokens ``ids`` ``(T,)`` to the cache; returns their hidden states ``(T, D)``.

        The bits equal those of a run from scratch for every way of cutting a sequence into runs.  The matrix
        library takes another path, with other rounding, when one row is left over (attention goes in blocks
        of an even number of rows); so an odd run is made even with a last token that is then forgotten.  This is
        promised of processors only.
        Raises ``ValueError`` when the cache is too small.
        """
        count, total = len(ids), cache.length + len(ids)
        if count == 0 or total > cache.capacity:
            raise ValueError(f"can't append {count} tokens to {cache.length} of {cache.capacity}")
        rows = ids if count % 2 == 0 else np.append(ids, ids[-1:])
        hidden = self._run(rows, cache)[:count]
        cache.length = total
        cache.touched = max(cache.touched, cache.length + len(rows) - count)
        return hidden

    def release_scratch(self) -> None:
        """Give back the memory that runs of many tokens needed. Takes a run of two tokens."""
        if self._resting is None:
            self._resting = self.new_cache(2)
            self._shrink = ort.RunOptions()
            self._shrink.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._resting.length = 0
        self._run(np.zeros(2, np.int32), self._resting, self._shrink)

    def _run(
        self, ids: NDArray[np.int32], cache: KeyValueCache, options: ort.RunOptions | None = None
    ) -> Float32:
        count, total = len(ids), cache.length + len(ids)
        binding = cache.binding = cache.binding or self._bound(cache)
        binding.bind_cpu_input("embeddings", self._embeddings.gather(ids))
        binding.bind_cpu_input("last_position", np.asarray([total - 1], np.int32))
        binding.bind_cpu_input("sequence_length", np.asarray(total, np.int32))
        hidden = np.empty((count, self.card.hidden_size), np.float32)
        binding.bind_output("hidden", "cpu", 0, np.float32, list(hidden.shape), hidden.ctypes.data)
        self._session.run_with_iobinding(binding, options)
        return hidden

    def _bound(self, cache: KeyValueCache) -> ort.IOBinding:
        binding = self._session.io_binding()
        for layer in range(self.card.layers):
            for offset, what in enumerate(("key", "value")):
                buffer = cache.buffers[2 * layer + offset]
                binding.bind_ortvalue_input(f"past_{what}_{layer}", buffer)
                binding.bind_ortvalue_output(f"present_{what}_{layer}", buffer)
        return binding

    def _open(self, graph: Path) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that sleep between operations are woken hundreds of times a run. So they wait awake, but not for long:
        # where other programs want the processors that takes them from each other, and a server must not burn one.
        bounded = tuple(int(part) for part in ort.__version__.split(".")[:2]) >= _BOUNDED_SPIN
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if bounded else "0")
        if bounded:
            options.add_session_config_entry("session.intra_op.spin_duration_us", SPIN_MICROSECONDS)
            options.add_session_config_entry("session.force_spinning_stop", "1")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        # Its blockwise attention is for long contexts; a chunk after a thousand tokens takes a third less time without.
        # onnxruntime reads this when it makes a session and has no option for it.
        os.environ.setdefault("ORT_GQA_DISABLE_FLASH_ATTENTION", "1")
        wanted = PROVIDERS[self.device]
        providers = list(dict.fromkeys([wanted, PROVIDERS["cpu"]]))
        try:
            # its own way of falling back prints on standard output, where reports and the protocol are
            opened = ort.InferenceSession(str(graph), options, providers=providers, enable_fallback=0)
        except Exception as error:  # onnxruntime's errors have no common base
            if self.device != "cpu":
                raise DeviceError(f"{wanted} can't run {self.card.name} ({_first_line(error)}).") from error
            raise BundleError(
                f"The graph of {self.card.name} can't be loaded ({_first_line(error)}). "
                f"Run `heatline supervisor build {self.card.name}`."
            ) from error
        if wanted not in opened.get_providers():  # it says nothing when a driver or a library is missing
            raise DeviceError(
                f"{wanted} could not be started: its driver or one of its libraries is missing."
            )
        return opened

    def _try_out(self) -> None:
        """A device that errs should do so now, not in the middle of somebody's file."""
        try:
            hidden = self.run(np.full(2, self.card.sink_token_id, np.int32), self.new_cache(2))
        except Exception as error:  # as above
            raise DeviceError(
                f"{PROVIDERS[self.device]} can't run {self.card.name} ({_first_line(error)})."
            ) from error
        if not np.isfinite(hidden).all():
            raise DeviceError(f"{PROVIDERS[self.device]} gives no numbers for {self.card.name}.")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
