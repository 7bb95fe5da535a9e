"""The card of a bundle, and writing files so that a half-written one never bears its final name."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from heatline.errors import BundleError

FORMAT_VERSION = 1
CARD_NAME = "card.json"


@dataclass(frozen=True)
class BundleCard:
    """What a bundle is, from what it was made, and the hashes that prove it.

    ``bundle_hash`` covers what the hidden states depend on (architecture, kept layers, precision, every
    number, tokenizer, sink token) and not how it is stored: the same weights give the same hash on every
    machine.  ``files`` maps each file's name to its sha256.

    An fp16 build ``stands_for`` the int8 one whose hash this is: the same weights and layers, for graphics cards.
    Probes that were fitted on that one may be used with it, and ``agreement`` says how alike the two were on the
    processor when it was built (``supervisor.agreement``).
    """

    format_version: int
    name: str
    bundle_hash: str
    family: str
    hidden_size: int
    layers: int
    layers_total: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab_size: int
    max_positions: int
    precision: str
    kernel: str
    sink_token_id: int
    weights_sha256: str
    weights_source: str
    licence: str
    heatline_version: str
    files: dict[str, str]
    stands_for: str = ""
    agreement: dict[str, float] = field(default_factory=dict)

    @property
    def probed_hash(self) -> str:
        """The bundle hash that a probe for this bundle names."""
        return self.stands_for or self.bundle_hash

    def to_json(self) -> str:
        """The card as indented JSON."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def read(cls, folder: Path) -> BundleCard:
        """Read a bundle's card; raises ``BundleError`` when it is missing, malformed or of another format."""
        path = folder / CARD_NAME
        fix = f"Run `heatline supervisor build {folder.name}`, or remove it and pull it again."
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            known = {f.name for f in fields(cls)}
            card = cls(**{key: value for key, value in raw.items() if key in known})
        except (OSError, ValueError, TypeError) as error:
            raise BundleError(f"The supervisor in {folder} has no readable card ({error}). {fix}") from error
        if card.format_version != FORMAT_VERSION:
            raise BundleError(
                f"The supervisor {card.name} has bundle format {card.format_version}, this Heatline reads "
                f"{FORMAT_VERSION}. {fix}"
            )
        return card


def bundle_hash(**parts: object) -> str:
    """sha256 of the canonical JSON of everything the hidden states depend on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def sha256_of(path: Path, progress: Callable[[int, int], None] | None = None) -> str:
    """Hash a file in blocks; ``progress(bytes_done, bytes_total)``."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress(done, total)
    return digest.hexdigest()


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``target``, renamed onto it on success and deleted on any failure."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
