"""The card of a probe: what it was fitted on, how good it is, and the hash of its numbers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from heatline.errors import ProbeError

FORMAT_VERSION = 2
LEVELS = ("token", "line", "scope")


@dataclass(frozen=True)
class ProbeCard:
    """Travels beside ``NAME.safetensors`` as ``NAME.json``.

    ``calibrators`` maps each level to what ``Calibrator.to_json`` gave.  ``threshold`` is the scaled line risk
    at or above which a line is flagged by default.  ``metrics`` and ``corpus`` are for people: protocol,
    levels, intervals, base rates and baselines as the training command measured them.
    """

    format_version: int
    name: str
    supervisor: str
    bundle_hash: str
    layout_version: int
    pooling: str
    features: int  # d: numbers kept of a token
    loss: str
    threshold: float
    calibrators: dict[str, dict[str, Any]]
    sha256: str
    scope_features: int = 0  # f: width of the scope stage; 0: the paper's probe, without one
    licence: str = "Apache-2.0"
    created: str = ""
    command: str = ""
    seed: int = 0
    training: dict[str, Any] = field(default_factory=dict)
    corpus: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The card as indented JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, path: Path) -> ProbeCard:
        """Read a card; raises ``ProbeError`` when missing, malformed or of another format."""
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            known = {f.name for f in fields(cls)}
            card = cls(**{key: value for key, value in raw.items() if key in known})
            missing = set(LEVELS) - set(card.calibrators)
            threshold = float(card.threshold)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ProbeError(
                f"The probe's card {path} can't be read ({error}). Use another probe."
            ) from error
        if card.format_version != FORMAT_VERSION:
            raise ProbeError(
                f"The probe {card.name} has format {card.format_version}, this Heatline reads {FORMAT_VERSION}. "
                "Use a probe made for this version."
            )
        if missing or not 0.0 <= threshold <= 1.0:
            raise ProbeError(f"The probe {card.name} lacks a calibrator or a threshold. Use another probe.")
        return card
