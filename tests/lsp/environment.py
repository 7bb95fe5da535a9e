"""The environment in which a server under test finds a tiny supervisor and nothing of this machine's own."""

from __future__ import annotations

import os
from pathlib import Path

import heatline
from tests.tiny import tiny_probe, tiny_supervisor


def serving_environment(folder: Path) -> dict[str, str]:
    """Builds a tiny supervisor and its probe under ``folder``; the variables that select them."""
    bundle = tiny_supervisor(folder)
    source = str(Path(heatline.__file__).parents[1])
    return {name: value for name, value in os.environ.items() if not name.startswith("HEATLINE_")} | {
        "HEATLINE_SUPERVISORS": str(bundle.parent),
        "HEATLINE_SUPERVISOR": bundle.name,
        "HEATLINE_PROBE": str(tiny_probe(bundle)),
        "HEATLINE_CACHE": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")])),
    }
