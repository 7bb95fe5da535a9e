"""The settings that hold for each document: the editor's over those of the nearest project file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatline.errors import SettingsError
from heatline.lsp.document_place import path_of
from heatline.settings import Layer, ProjectFile, Settings, find_project_file, read_settings
from heatline.settings.reading import EDITOR

TRUSTED = "trusted"
"""The one name in ``initializationOptions`` that is no setting."""
_NOWHERE = Path()


@dataclass(frozen=True)
class FolderSettings:
    """The settings in one folder; globs are relative to ``base``."""

    settings: Settings
    base: Path


class Configuration:
    """Puts the settings of every folder together, and says each mistake in them to ``complain``.

    What the editor sends later (as an answer to ``workspace/configuration`` or of its own accord) takes the
    place of what it sent in ``initialize``.
    """

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._initial: object = None
        self._sent: dict[str, object] = {}  # by workspace folder's URI; "": for all
        self._trusted = False
        self._folders: tuple[tuple[str, Path], ...] = ()
        self._known: dict[Path, FolderSettings] = {}

    @property
    def trusted(self) -> bool:
        """Whether the editor said that a person trusts the workspace."""
        return self._trusted

    @property
    def folders(self) -> tuple[tuple[str, Path], ...]:
        """The workspace folders that are on disk: URI and path."""
        return self._folders

    def begin(self, options: object, folders: Sequence[str]) -> None:
        """Takes ``initializationOptions`` and the URIs of the workspace folders."""
        self._initial = options
        if isinstance(options, Mapping):
            self._initial = {name: value for name, value in options.items() if name != TRUSTED}
            self._trusted = options.get(TRUSTED) is True
        self.set_folders(folders)

    def set_folders(self, folders: Sequence[str]) -> None:
        self._folders = tuple((uri, path) for uri in folders if (path := path_of(uri)) is not None)
        self._sent = {uri: sent for uri, sent in self._sent.items() if uri in ("", *folders)}
        self.reread()

    def sent(self, values: object, folder: str = "") -> bool:
        """Takes settings that the editor sent, for one workspace folder or for all; null is no answer.

        Returns whether that changed anything.
        """
        if values is None or self._sent.get(folder) == values:
            return False
        self._sent[folder] = values
        self.reread()
        return True

    def reread(self) -> None:
        """Reads project files again when they are next asked for."""
        self._known.clear()

    @property
    def machine(self) -> Settings:
        """The settings that hold for the whole session: those of the first workspace folder."""
        return self._without_path().settings

    def of(self, uri: str) -> FolderSettings:
        """The settings for a document."""
        path = path_of(uri)
        return self._without_path() if path is None else self._in_folder(path.parent)

    def _without_path(self) -> FolderSettings:
        if self._folders:
            return self._in_folder(self._folders[0][1])
        if _NOWHERE not in self._known:
            self._known[_NOWHERE] = FolderSettings(self._read("", None), _NOWHERE)
        return self._known[_NOWHERE]

    def _in_folder(self, folder: Path) -> FolderSettings:
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._find(folder)
        return known

    def _find(self, folder: Path) -> FolderSettings:
        try:
            project = find_project_file(folder)
        except SettingsError as error:
            self._complain(str(error))
            project = None
        within = [(uri, path) for uri, path in self._folders if folder.is_relative_to(path)]
        uri, workspace = max(within, key=lambda each: len(each[1].parts), default=("", folder))
        base = project.path.parent if project is not None else workspace
        return FolderSettings(self._read(uri, project), base)

    def _read(self, folder: str, project: ProjectFile | None) -> Settings:
        layers = [] if project is None else [project.layer(trusted=self._trusted)]
        sent: list[Any] = [self._sent[key] for key in dict.fromkeys(("", folder)) if key in self._sent]
        layers += [Layer(EDITOR, values) for values in sent or [self._initial]]
        settings, messages = read_settings(layers)
        for message in messages:
            self._complain(message)
        return settings
