"""The folder of supervisors on this machine: list, pull, add, build, inspect, remove.

::

    <supervisors>/weights/NAME.gguf      what a bundle was built from
    <supervisors>/NAME/card.json         the bundle: graph.onnx, graph.data, embeddings.npy,
                                         embedding_scales.npy, tokenizer.json and their hashes
    <supervisors>/NAME@fp16/card.json    the same weights for graphics cards, where somebody built that
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import platformdirs

from heatline.errors import BundleError, SettingsError, SupervisorError, WeightsError
from heatline.supervisor.architecture import Weights
from heatline.supervisor.card import CARD_NAME, FORMAT_VERSION, BundleCard, bundle_hash, sha256_of
from heatline.supervisor.catalog import CATALOG, CatalogEntry
from heatline.supervisor.devices import half_precision_folder
from heatline.supervisor.fetch import ProgressReport, check_hash, fetch_weights, silent

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_RESERVED = "weights"


def default_folder() -> Path:
    """``HEATLINE_SUPERVISORS``, else the platform's folder for user data."""
    configured = os.environ.get("HEATLINE_SUPERVISORS")
    return (
        Path(configured).expanduser()
        if configured
        else platformdirs.user_data_path("heatline") / "supervisors"
    )


@dataclass(frozen=True)
class Installed:
    """A bundle on disk, or why it can't be used."""

    name: str
    folder: Path
    card: BundleCard | None
    problem: str = ""


class SupervisorStore:
    """Bundles in one folder; every change is made beside it and renamed into place."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def installed(self) -> list[Installed]:
        """All bundles, readable or not, by name; fp16 builds are no bundles of their own."""
        if not self.folder.is_dir():
            return []
        found = []
        for path in sorted(self.folder.iterdir()):
            if not (path / CARD_NAME).is_file() or path.name.startswith(".") or "@" in path.name:
                continue
            try:
                found.append(Installed(path.name, path, BundleCard.read(path)))
            except BundleError as error:
                found.append(Installed(path.name, path, None, str(error)))
        return found

    def bundle(self, name: str) -> Path:
        """The folder of an installed bundle; raises ``SupervisorError`` saying how to get it."""
        path = self.folder / check_name(name)
        if (path / CARD_NAME).is_file():
            return path
        if name in CATALOG:
            raise SupervisorError(
                f"The supervisor {name} is not on this machine. Run `heatline supervisor pull {name}`."
            )
        known = ", ".join(sorted({*CATALOG, *(i.name for i in self.installed())}))
        raise SupervisorError(f"There is no supervisor {name!r}. Choose one of {known}.")

    def pull(self, name: str, progress: ProgressReport = silent) -> Path:
        """Fetch a catalog supervisor's weights and build its bundle; returns the bundle's folder."""
        entry = self._entry(name)
        weights = fetch_weights(entry, self._weights_folder(), progress)
        return self.build(name, weights, progress=progress)

    def add(
        self, name: str, file: Path, layers: int | None = None, progress: ProgressReport = silent
    ) -> Path:
        """Build a bundle from the user's own GGUF file or safetensors folder.

        For a catalog name the file must have the catalog's hash.
        """
        check_name(name)
        if not file.exists():
            raise WeightsError(
                f"There is no file {file}. Give the path of a GGUF file or a checkpoint folder."
            )
        if name in CATALOG:
            check_hash(file, CATALOG[name], progress)
        return self.build(name, file, layers, progress=progress)

    def build(
        self,
        name: str,
        weights: Path | None = None,
        layers: int | None = None,
        *,
        precision: str = "int8",
        progress: ProgressReport = silent,
    ) -> Path:
        """Turn weights into a bundle, replacing one of the same name only when the new one is whole.

        ``precision="fp16"`` makes the build for graphics cards, which lies beside the int8 one (made first where it is
        missing), has the layers of that one, and must agree with it.
        """
        check_name(name)
        source = weights or self._weights_folder() / f"{name}.gguf"
        if not source.exists():
            raise WeightsError(
                f"The weights of {name} are not on this machine. Run `heatline supervisor pull {name}`, or name "
                "the file with --file."
            )
        final = self.folder / name
        if precision == "fp16":
            if not (final / CARD_NAME).is_file():
                self.build(name, weights, layers, progress=progress)
            layers = layers or BundleCard.read(final).layers
            final = half_precision_folder(final)
        staged = self.folder / f".{name}.{secrets.token_hex(4)}.part"
        try:
            staged.mkdir(parents=True)
            card = build_bundle(name, source, staged, layers, precision, progress)
            if precision == "fp16":
                progress("comparing", 0, 1)
                _stand_in(staged, card, self.folder / name)
                progress("comparing", 1, 1)
            return self._swap(staged, final)
        except OSError as error:
            raise SupervisorError(
                f"The supervisor {name} can't be written to {self.folder} ({error.strerror or error}). "
                "Free some space or set HEATLINE_SUPERVISORS to another folder."
            ) from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def verify(self, name: str, progress: ProgressReport = silent) -> BundleCard:
        """Check every file of a bundle, and of its fp16 build, against the card; returns the bundle's.

        Raises ``BundleError`` naming the first that differs.
        """
        bundle = self.bundle(name)
        half = half_precision_folder(bundle)
        for folder, precision in ((bundle, ""), (half, " --precision fp16")):
            if folder == half and not half.exists():
                continue
            for file, expected in BundleCard.read(folder).files.items():
                path, stage = folder / file, f"{file}{precision}"
                if not path.is_file() or sha256_of(path, partial(progress, stage)) != expected:
                    raise BundleError(
                        f"The file {file} of the supervisor {folder.name} is missing or was altered. "
                        f"Run `heatline supervisor build {name}{precision}`."
                    )
        return BundleCard.read(bundle)

    def remove(self, name: str) -> None:
        """Delete a bundle, its build for graphics cards and its weights."""
        folder = self.bundle(name)
        for each in (folder, half_precision_folder(folder)):
            if each.exists():
                doomed = self.folder / f".{name}.{secrets.token_hex(4)}.part"
                each.rename(doomed)  # at once gone for readers, whatever happens to the deletion
                shutil.rmtree(doomed, ignore_errors=True)
        (self._weights_folder() / f"{name}.gguf").unlink(missing_ok=True)

    def _weights_folder(self) -> Path:
        return self.folder / _RESERVED

    def _entry(self, name: str) -> CatalogEntry:
        entry = CATALOG.get(name)
        if entry is None:
            raise SupervisorError(
                f"The catalog has no supervisor {name!r}. Choose one of {', '.join(CATALOG)}, or run "
                f"`heatline supervisor add NAME --file GGUF`."
            )
        return entry

    def _swap(self, staged: Path, final: Path) -> Path:
        old = final.with_name(f".{final.name}.{secrets.token_hex(4)}.part")
        if final.exists():
            final.rename(old)
        staged.rename(final)
        shutil.rmtree(old, ignore_errors=True)
        return final


def check_name(name: str) -> str:
    """Refuse names that are no plain folder names."""
    if not _NAME.fullmatch(name) or name == _RESERVED:
        raise SettingsError(
            f"{name!r} can't be a supervisor's name. Use lower-case letters, digits, dots, dashes and underscores."
        )
    return name


def _stand_in(folder: Path, card: BundleCard, reference: Path) -> None:
    """Write into the card of an fp16 build for which int8 bundle it stands, after seeing that it does."""
    from heatline.supervisor.agreement import check_agreement

    of = BundleCard.read(reference)
    if (card.weights_sha256, card.layers) != (of.weights_sha256, of.layers):
        raise WeightsError(
            f"The int8 build of {card.name} is of other weights or layers. Run `heatline supervisor build "
            f"{card.name}` with the same --file and --layers first."
        )
    agreement = check_agreement(folder, reference)
    complete = replace(card, stands_for=of.bundle_hash, agreement=agreement)
    (folder / CARD_NAME).write_text(complete.to_json(), encoding="utf-8")


def open_weights(path: Path) -> Weights:
    """Open a GGUF file or a safetensors folder."""
    if path.is_dir():
        from heatline.supervisor.safetensors_weights import SafetensorsWeights

        return SafetensorsWeights(path)
    from heatline.supervisor.gguf_weights import GgufWeights

    return GgufWeights(path)


def build_bundle(
    name: str,
    source: Path,
    folder: Path,
    layers: int | None = None,
    precision: str = "int8",
    progress: ProgressReport = silent,
) -> BundleCard:
    """Write a bundle's files and card into the empty ``folder``.

    ``layers`` defaults to the catalog's, else to the middle of the model.  Raises ``SettingsError`` for an unknown
    precision or layers that the weights don't have.
    """
    from importlib.metadata import version

    from heatline.supervisor.embeddings import write_embeddings
    from heatline.supervisor.graph import MAX_POSITIONS, PRECISIONS, build_graph, save_graph
    from heatline.supervisor.kernel import exact_kernels

    if precision not in PRECISIONS:
        raise SettingsError(f"There is no precision {precision!r}. Use one of {', '.join(PRECISIONS)}.")
    weights = open_weights(source)
    arch = weights.architecture
    entry = CATALOG.get(name)
    kept = layers or (entry.layers if entry else arch.layers // 2)
    if not 1 <= kept <= arch.layers:
        raise SettingsError(f"--layers {kept} is out of range. {source.name} has {arch.layers} layers.")
    kernel = exact_kernels()[0]
    steps = kept + 2
    built = build_graph(weights, kept, precision, kernel, lambda done, _: progress("building", done, steps))
    save_graph(built.model, folder)
    rows = write_embeddings(
        weights.embedding_rows(4096),
        folder / "embeddings.npy",
        folder / "embedding_scales.npy",
        "fp32" if precision == "fp32" else "int8",
    )
    progress("building", kept + 1, steps)
    (folder / "tokenizer.json").write_text(weights.tokenizer_json(), encoding="utf-8")
    sink = weights.sink_token_id()
    digest = bundle_hash(
        architecture=asdict(arch), layers=kept, precision=precision, sink=sink,
        numbers=built.numbers_sha256, embeddings=rows, tokenizer=weights.tokenizer_digest(),
    )  # fmt: skip
    card = BundleCard(
        format_version=FORMAT_VERSION,
        name=name,
        bundle_hash=digest,
        family=arch.family,
        hidden_size=arch.hidden_size,
        layers=kept,
        layers_total=arch.layers,
        heads=arch.heads,
        kv_heads=arch.kv_heads,
        head_dim=arch.head_dim,
        vocab_size=arch.vocab_size,
        max_positions=min(MAX_POSITIONS, arch.context_length),
        precision=precision,
        kernel=kernel,
        sink_token_id=sink,
        weights_sha256=entry.sha256 if entry else _weights_hash(source),
        weights_source=weights.source_name,
        licence=entry.licence if entry else weights.licence,
        heatline_version=version("heatline"),
        files={path.name: sha256_of(path) for path in sorted(folder.iterdir())},
    )
    (folder / CARD_NAME).write_text(card.to_json(), encoding="utf-8")
    progress("building", steps, steps)
    return card


def _weights_hash(source: Path) -> str:
    if source.is_file():
        return sha256_of(source)
    return bundle_hash(**{path.name: sha256_of(path) for path in sorted(source.glob("*.safetensors"))})
