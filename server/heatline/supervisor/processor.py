"""The processor that scoring runs on: its cores, its name and what it is good at. Imports nothing that is slow."""

from __future__ import annotations

import os
import platform
from pathlib import Path

INTEGER_FEATURES = ("avx2", "avx_vnni", "avx512_vnni", "amx_int8", "asimddp", "i8mm")
"""The instructions that 8-bit matrix products gain from, by Linux's names for them."""

_CPUINFO = Path("/proc/cpuinfo")


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


def processor_name(cpuinfo: Path = _CPUINFO) -> str:
    """What the maker calls it; the architecture where the system doesn't tell."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def integer_features(cpuinfo: Path = _CPUINFO) -> list[str] | None:
    """Those of ``INTEGER_FEATURES`` that are here; None where the system doesn't tell, as only Linux does."""
    try:
        flags = set(cpuinfo.read_text().split())
    except OSError:
        return None
    return [name for name in INTEGER_FEATURES if name in flags]
