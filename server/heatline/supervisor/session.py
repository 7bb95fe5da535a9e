"""Runs a supervisor's graph with a key/value prefix that is kept between runs."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from heatline.errors import BundleError, SupervisorError
from heatline.supervisor.architecture import Float32
from heatline.supervisor.card import BundleCard
from heatline.supervisor.embeddings import EmbeddingTable
from heatline.supervisor.kernel import exact_kernels
from heatline.supervisor.tokenizer import TextTokenizer

CHUNK = 128  # tokens per run that callers should keep to: a cancelled job stops between runs
_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
DEVICES = ("auto", *_PROVIDERS)


def default_threads() -> int:
    """Physical cores minus one, at least one: the editor keeps a core."""
    return max(1, physical_cores() - 1)


def physical_cores() -> int:
    """Distinct cores this process may run on; logical processors where the system doesn't tell."""
    try:
        allowed = os.sched_getaffinity(0)
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1
    cores = set()
    for cpu in allowed:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
        try:
            package = (topology / "physical_package_id").read_text()
            cores.add((package, (topology / "core_id").read_text()))
        except OSError:
            cores.add((str(cpu), ""))
    return len(cores)


@dataclass
class KeyValueCache:
    """Keys and values of a sequence in buffers that runs append to without copying.

    ``length`` tokens are valid; assigning a smaller length forgets the tail.  The buffers lie in one anonymous
    memory map, whose pages are taken when they are first written: a long capacity costs nothing by itself.
    """

    buffers: list[ort.OrtValue]  # per layer key, value: (1, kv_heads, capacity + 1, head_dim)
    arrays: list[Float32] = field(repr=False)  # the same memory
    capacity: int
    length: int = 0
    touched: int = 0  # rows that were ever written

    @property
    def memory(self) -> int:
        """Bytes of the rows that were ever written."""
        return self.touched * sum(int(array.nbytes) // (self.capacity + 1) for array in self.arrays)

    def copy_prefix(self, other: KeyValueCache, length: int) -> None:
        """Start with the first ``length`` tokens of another cache of the same session."""
        for mine, theirs in zip(self.arrays, other.arrays, strict=True):
            mine[:, :, :length] = theirs[:, :, :length]
        self.length = length
        self.touched = max(self.touched, length)


class SupervisorSession:
    """A loaded bundle: tokenizes text and computes hidden states.

    Not safe for use from two threads at once.
    """

    def __init__(self, bundle: Path, threads: int | None = None, device: str = "auto") -> None:
        self.card = BundleCard.read(bundle)
        self.tokenizer = TextTokenizer.load(bundle / "tokenizer.json")
        self.warnings: list[str] = []
        self._embeddings = EmbeddingTable(bundle / "embeddings.npy", bundle / "embedding_scales.npy")
        if self.card.precision == "int8" and self.card.kernel not in exact_kernels():
            raise BundleError(
                f"The supervisor {self.card.name} was built for another kind of processor. "
                f"Run `heatline supervisor build {self.card.name}` on this machine."
            )
        self._resting: KeyValueCache | None = None
        self._shrink: ort.RunOptions | None = None
        self._session = self._open(bundle / "graph.onnx", threads or default_threads(), device)

    @property
    def hidden_size(self) -> int:
        """D, the width of a hidden state."""
        return self.card.hidden_size

    @property
    def device(self) -> str:
        """The execution provider in use, by Heatline's name for it."""
        current = self._session.get_providers()[0]
        return next((name for name, provider in _PROVIDERS.items() if provider == current), current)

    def new_cache(self, capacity: int) -> KeyValueCache:
        """Buffers for a sequence of up to ``capacity`` tokens."""
        if capacity >= self.card.max_positions:
            raise SupervisorError(
                f"A sequence of {capacity} tokens is longer than {self.card.name} can see "
                f"({self.card.max_positions}). Split the text."
            )
        shape = (1, self.card.kv_heads, capacity + 1, self.card.head_dim)  # one row for odd runs
        count = int(np.prod(shape))
        memory = mmap.mmap(-1, 2 * self.card.layers * count * 4)
        arrays = [
            np.frombuffer(memory, np.float32, count, offset=i * count * 4).reshape(shape)
            for i in range(2 * self.card.layers)
        ]
        return KeyValueCache([ort.OrtValue.ortvalue_from_numpy(a) for a in arrays], arrays, capacity)

    def run(self, ids: NDArray[np.int32], cache: KeyValueCache) -> Float32:
        """Append tokens ``ids`` ``(T,)`` to the cache; returns their hidden states ``(T, D)``.

        The bits equal those of a run from scratch for every way of cutting a sequence into runs.  The matrix
        library takes another path, with other rounding, when one row is left over (attention goes in blocks
        of an even number of rows); so an odd run is made even with a last token that is then forgotten.
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
        binding = self._session.io_binding()
        binding.bind_cpu_input("embeddings", self._embeddings.gather(ids))
        binding.bind_cpu_input("last_position", np.asarray([total - 1], np.int32))
        binding.bind_cpu_input("sequence_length", np.asarray(total, np.int32))
        hidden = np.empty((count, self.card.hidden_size), np.float32)
        binding.bind_output("hidden", "cpu", 0, np.float32, list(hidden.shape), hidden.ctypes.data)
        for layer in range(self.card.layers):
            for offset, what in enumerate(("key", "value")):
                buffer = cache.buffers[2 * layer + offset]
                binding.bind_ortvalue_input(f"past_{what}_{layer}", buffer)
                binding.bind_ortvalue_output(f"present_{what}_{layer}", buffer)
        self._session.run_with_iobinding(binding, options)
        return hidden

    def _open(self, graph: Path, threads: int, device: str) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # a language server must not burn a core while it waits
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        for provider in self._candidates(device):
            providers = [provider] if provider == _PROVIDERS["cpu"] else [provider, _PROVIDERS["cpu"]]
            try:
                return ort.InferenceSession(str(graph), options, providers=providers)
            except Exception as error:  # onnxruntime's errors have no common base
                if provider == _PROVIDERS["cpu"]:
                    raise BundleError(
                        f"The graph of {self.card.name} can't be loaded ({_first_line(error)}). "
                        f"Run `heatline supervisor build {self.card.name}`."
                    ) from error
                self.warnings.append(f"{provider} failed ({_first_line(error)}); the CPU is used instead.")
        raise SupervisorError("onnxruntime offers no CPU execution provider. Reinstall onnxruntime.")

    def _candidates(self, device: str) -> list[str]:
        """Providers to try, in order.  The int8 graph is made for the CPU, so ``auto`` means the CPU."""
        if device not in DEVICES:
            raise SupervisorError(f"Unknown device {device!r}. Use one of {', '.join(DEVICES)}.")
        wanted = _PROVIDERS["cpu" if device == "auto" else device]
        if wanted not in ort.get_available_providers():
            self.warnings.append(f"This onnxruntime has no {wanted}; the CPU is used instead.")
            return [_PROVIDERS["cpu"]]
        return list(dict.fromkeys([wanted, _PROVIDERS["cpu"]]))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
