"""Which files `heatline check` looks at: those it was given, and the sources in the folders it was given."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heatline.errors import InputError
from heatline.scoring.generated import run_git
from heatline.scoring.languages import known_suffixes

_HEAD_BYTES = 2_000

# Languages without a grammar are scored too: their scopes are found by indentation.
_OTHER_SUFFIXES = frozenset(
    {
        *(".kt", ".kts", ".scala", ".groovy", ".swift", ".m", ".mm", ".dart", ".lua", ".pl", ".pm"),
        *(".r", ".jl", ".ex", ".exs", ".erl", ".hs", ".ml", ".mli", ".fs", ".nim", ".zig"),
    }
)
_VENDORED_FOLDERS = frozenset(
    {
        *("node_modules", "bower_components", "vendor", "third_party", "thirdparty", "site-packages"),
        *("Pods", "Carthage", "elm-stuff"),
    }
)
# Looked past only where no .gitignore says so: in a repository, a tracked folder “build” is source.
_BUILT_FOLDERS = frozenset({"__pycache__", "venv", "env", "dist", "build", "target", "out"})
_LOCK_FILES = frozenset({"composer.lock", "gradlew", "mvnw", "Cargo.lock", "package-lock.json"})
_GENERATED_NAME = re.compile(
    r"(\.min\.[cm]?js|_pb2(_grpc)?\.pyi?|\.pb(\.gw)?\.(go|cc|h)|\.g\.dart|\.designer\.cs)$", re.I
)
_GENERATED_TEXT = re.compile(
    rb"^\s*(#|//|/?\*|--|;|<!--|%).*(@generated\b|\bDO NOT (EDIT|MODIFY)\b|\bauto(matically |-)generated\b)",
    re.I | re.M,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to check; ``named`` when the user gave it, not only a folder above it."""

    path: Path
    named: bool


def discover(paths: Sequence[Path]) -> tuple[list[Candidate], list[tuple[Path, InputError]]]:
    """The files to check, each once, in the order given and sorted within a folder; and what was wrong.

    A file that was named is taken whatever it is.  A folder gives its source files: in a repository the
    tracked ones and the new ones that ``.gitignore`` doesn't exclude, elsewhere all that are not hidden;
    never vendored, locked, minified or generated ones.  A folder without any is an InputError.
    """
    found: dict[str, Candidate] = {}
    errors: list[tuple[Path, InputError]] = []
    for path in paths:
        candidates = [Candidate(path, named=True)]
        if _is_folder(path):
            candidates = [Candidate(source, named=False) for source in sorted(source_files(path))]
            if not candidates:
                error = InputError(f"There is no source file in {path}. Name a file or another folder.")
                errors.append((path, error))
        for candidate in candidates:
            key = os.path.abspath(candidate.path)  # noqa: PTH100 - resolve() would follow links
            if key not in found or candidate.named:
                found[key] = candidate
    return list(found.values()), errors


def source_files(folder: Path) -> Iterator[Path]:
    """The source files below ``folder`` that are worth scoring, in no order; links are not followed."""
    listed = _git_files(folder)
    for relative in _walk(folder) if listed is None else listed:
        path = folder / relative
        if (
            is_source_name(relative)
            and not path.is_symlink()
            and path.is_file()
            and not _says_generated(path)
        ):
            yield path


def is_source_name(relative: Path) -> bool:
    """Whether a path, relative to the folder that is checked, has the name of a source somebody writes."""
    return (
        relative.suffix.lower() in _OTHER_SUFFIXES | known_suffixes()
        and relative.name not in _LOCK_FILES
        and _GENERATED_NAME.search(relative.name) is None
        and not any(part in _VENDORED_FOLDERS for part in relative.parent.parts)
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # the reader reports it


def _git_files(folder: Path) -> Iterable[Path] | None:
    """Tracked and new, not ignored files below ``folder``, relative to it; None outside a repository."""
    listed = run_git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        return None
    return {Path(os.fsdecode(name)) for name in listed.split(b"\0") if name}


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _BUILT_FOLDERS and not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                yield (Path(parent) / name).relative_to(folder)


def _says_generated(path: Path) -> bool:
    """Whether a comment in the head of a file says that a program wrote it."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False  # the reader reports it
    return _GENERATED_TEXT.search(head) is not None
