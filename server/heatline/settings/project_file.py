"""A project's own settings: ``heatline.toml``, or the table ``[tool.heatline]`` of ``pyproject.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatline.errors import SettingsError
from heatline.settings.reading import Layer

FILE_NAME = "heatline.toml"
PYPROJECT = "pyproject.toml"
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file with settings; globs in it are relative to ``path.parent``."""

    path: Path
    values: Mapping[str, Any]

    def layer(self, *, trusted: bool) -> Layer:
        """Its settings, of which an untrusted project's can't name programs and files."""
        return Layer(self.path.name, self.values, trusted=trusted)


def find_project_file(folder: Path) -> ProjectFile | None:
    """The settings file nearest to ``folder``, in it or above it; None when there is none.

    A ``pyproject.toml`` without the table doesn't count.  In one folder ``heatline.toml`` wins.  Raises
    SettingsError for a file that can't be read.
    """
    for parent in (folder, *folder.parents):
        for name in (FILE_NAME, PYPROJECT):
            path = parent / name
            values = _values(path)
            if values is not None:
                return ProjectFile(path, values)
    return None


def read_project_file(path: Path) -> ProjectFile:
    """The settings of one file, which may have any name.  Raises SettingsError when it can't be read."""
    return ProjectFile(path, _values(path) or {})


def _values(path: Path) -> Mapping[str, Any] | None:
    try:
        if not path.is_file():
            return None
    except OSError as error:
        raise _unreadable(path, error) from error
    import tomllib

    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SettingsError(f"{path} is too large for a settings file. Make it shorter than 1 MB.")
        raw = path.read_bytes().decode("utf-8-sig")
        whole = tomllib.loads(raw)
    except OSError as error:
        raise _unreadable(path, error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        if path.name == PYPROJECT and b"heatline" not in path.read_bytes():
            return None  # somebody else's mistake
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise SettingsError(
            f"{path} is not valid TOML ({reason}). Correct it; until then its settings are left out."
        ) from error
    if path.name != PYPROJECT:
        return whole
    tool = whole.get("tool")
    table = tool.get("heatline") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _unreadable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"{path} can't be read ({error.strerror}). Change its permissions.")
