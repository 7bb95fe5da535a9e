"""The settings `heatline check` works with: the project's, over which the options of the command line go."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatline.cli.discover import Selection, chosen_languages
from heatline.errors import InputError
from heatline.noise.globs import PathFilter
from heatline.settings import Layer, Settings, find_project_file, read_settings
from heatline.settings.project_file import read_project_file


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """Settings, the folder that globs in them start from, and a sentence for each thing that was wrong."""

    settings: Settings
    folder: Path
    messages: tuple[str, ...] = ()


def project_settings(folder: Path, *, config: Path | None = None, isolated: bool = False) -> ProjectSettings:
    """The settings of the project that ``folder`` is in, or of the file ``config``; the defaults when ``isolated``.

    A project may name a supervisor or a probe, but not the path of one: a repository somebody sent mustn't choose
    what is loaded.  Raises SettingsError for a file that can't be read, InputError for a ``config`` that isn't there.
    """
    if isolated:
        return ProjectSettings(Settings(), folder)
    if config is not None and not config.is_file():
        raise InputError(f"There is no settings file {config}. Name a heatline.toml or a pyproject.toml.")
    found = read_project_file(config) if config is not None else find_project_file(folder.resolve())
    if found is None:
        return ProjectSettings(Settings(), folder)
    layer = Layer(found.path.name, found.values, trusted=config is not None or not _names_paths(found.values))
    settings, messages = read_settings([layer])
    return ProjectSettings(settings, found.path.parent, messages)


def selection(
    project: ProjectSettings, folder: Path, exclude: Sequence[str], force_exclude: bool
) -> Selection:
    """Which files count.  Globs of the command line start from ``folder``, and so do all when there are any."""
    settings = project.settings
    return Selection(
        project.folder,
        PathFilter(settings.include, (*settings.exclude, *_anchored(exclude, folder, project.folder))),
        settings.skip_generated,
        chosen_languages(settings.languages),
        also_named=force_exclude,
    )


def _anchored(patterns: Sequence[str], folder: Path, root: Path) -> list[str]:
    """Patterns of the command line, which start from ``folder``, as patterns that start from ``root``."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links
    top = Path(os.path.abspath(root))  # noqa: PTH100
    if here == top or not here.is_relative_to(top):
        return list(patterns)
    prefix = here.relative_to(top).as_posix()
    return [f"/{prefix}/{each.lstrip('/')}" if "/" in each.rstrip("/") else each for each in patterns]


def _names_paths(values: Mapping[str, Any]) -> bool:
    names = (values.get("supervisor"), values.get("probe"))
    return any(
        isinstance(name, str) and (name.endswith(".json") or any(sign in name for sign in "/\\~"))
        for name in names
    )
