"""Which files `heatline check` looks at: those it was given, and the sources in the folders it was given."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heatline.errors import InputError
from heatline.noise.globs import PathFilter
from heatline.noise.skipped import skipped_by_name
from heatline.scoring.generated import run_git
from heatline.scoring.headers import is_header
from heatline.scoring.languages import PLAIN, known_suffixes, language_of

log = logging.getLogger(__name__)

# Languages without a grammar are scored too: their scopes are found by indentation.
_OTHER_SUFFIXES = frozenset(
    {
        *(".kt", ".kts", ".scala", ".groovy", ".swift", ".m", ".mm", ".dart", ".lua", ".pl", ".pm"),
        *(".r", ".jl", ".ex", ".exs", ".erl", ".hs", ".ml", ".mli", ".fs", ".nim", ".zig"),
    }
)
# Looked past only where no .gitignore says so: in a repository, a tracked folder “build” is source.
_BUILT_FOLDERS = frozenset({"__pycache__", "venv", "env", "dist", "build", "target", "out"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to check; ``named`` when the user gave it, not only a folder above it."""

    path: Path
    named: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files count.  Globs are relative to ``folder``.

    ``languages`` are names of `heatline.scoring.languages`; None is all.  ``also_named``: files that were named are
    held to it too.
    """

    folder: Path = field(default_factory=Path)
    globs: PathFilter = field(default_factory=PathFilter)
    skip_generated: bool = True
    languages: frozenset[str] | None = None
    also_named: bool = False

    def reason(self, path: Path, relative: Path) -> str | None:
        """Why the file ``path`` is left out; ``relative`` is its path from the folder that is checked."""
        if self.languages is not None and self.languages.isdisjoint(_possible_languages(path)):
            return "is in none of the chosen languages"
        if self.skip_generated and (reason := skipped_by_name(relative)) is not None:
            return reason
        return self.globs.reason(_below(path, self.folder))


EVERYTHING = Selection()


def discover(
    paths: Sequence[Path], selection: Selection = EVERYTHING
) -> tuple[list[Candidate], list[tuple[Path, InputError]]]:
    """The files to check, each once, in the order given and sorted within a folder; and what was wrong.

    A file that was named is taken whatever it is.  A folder gives its source files: in a repository the
    tracked ones and the new ones that ``.gitignore`` doesn't exclude, elsewhere all that are not hidden;
    never those that ``selection`` leaves out.  A folder without any is an InputError.
    """
    found: dict[str, Candidate] = {}
    errors: list[tuple[Path, InputError]] = []
    for path in paths:
        if _is_folder(path):
            candidates = [Candidate(source, named=False) for source in sorted(source_files(path, selection))]
            if not candidates:
                error = InputError(f"There is no source file in {path}. Name a file or another folder.")
                errors.append((path, error))
        elif selection.also_named and (reason := selection.reason(path, Path(path.name))) is not None:
            log.debug("%s %s.", path, reason)
            candidates = []
        else:
            candidates = [Candidate(path, named=True)]
        for candidate in candidates:
            key = os.path.abspath(candidate.path)  # noqa: PTH100 - resolve() would follow links
            if key not in found or candidate.named:
                found[key] = candidate
    return list(found.values()), errors


def source_files(folder: Path, selection: Selection = EVERYTHING) -> Iterator[Path]:
    """The source files below ``folder`` that are worth scoring, in no order; links are not followed."""
    listed = _git_files(folder)
    for relative in _walk(folder) if listed is None else listed:
        if relative.suffix.lower() not in _SUFFIXES:
            continue
        path = folder / relative
        reason = selection.reason(path, relative)
        if reason is not None:
            log.debug("%s %s.", path, reason)
        elif not path.is_symlink() and path.is_file():
            yield path


_SUFFIXES = _OTHER_SUFFIXES | known_suffixes()


def chosen_languages(names: Sequence[str] | None) -> frozenset[str] | None:
    """Our names of the languages a person chose; None when all are."""
    if names is None:
        return None
    return frozenset(language_of(name) for name in names if language_of(name) != PLAIN or name == PLAIN)


def _possible_languages(path: Path) -> set[str]:
    """What a file may be in: a header's text decides between two."""
    return {"c", "cpp"} if is_header(path) else {language_of(path)}


def _below(path: Path, folder: Path) -> Path:
    """``path`` relative to ``folder``; what isn't below it as it is."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    root = Path(os.path.abspath(folder))  # noqa: PTH100
    return absolute.relative_to(root) if absolute.is_relative_to(root) else Path(*absolute.parts[1:])


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
