"""Where settings come from after ``initialize``, and what is watched: configuration, files, folders, trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lsprotocol import types

from heatline.lsp.client_requests import ask
from heatline.lsp.language_server import HeatlineServer
from heatline.settings.project_file import FILE_NAME, PYPROJECT
from heatline.settings.schema import entries

SECTION = "heatline"

WATCHED = (f"**/{FILE_NAME}", f"**/{PYPROJECT}", "**/.git/HEAD", "**/.git/logs/HEAD")


def register(server: HeatlineServer) -> None:
    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        server.initialized()
        # In the background: there are clients that answer neither, and documents come at once.
        server.tasks.start(_register_watches(server))
        server.tasks.start(pull_configuration(server))

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configuration_changed(params: types.DidChangeConfigurationParams) -> None:
        sent = own_section(params.settings)
        if sent is not None:
            server.configuration.sent(sent)
        server.settings_changed()
        server.tasks.start(pull_configuration(server))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        names = [change.uri.rsplit("/", 1)[-1] for change in params.changes]
        if any(name in (FILE_NAME, PYPROJECT) for name in names):
            server.settings_changed()
        server.head.look()
        server.published.changed.set()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        removed = {folder.uri for folder in params.event.removed}
        kept = [uri for uri, _ in server.configuration.folders if uri not in removed]
        added = [folder.uri for folder in params.event.added if folder.uri not in kept]
        server.configuration.set_folders([*kept, *added])
        server.settings_changed()
        server.tasks.start(pull_configuration(server))


async def pull_configuration(server: HeatlineServer) -> None:
    """``workspace/configuration``, for all and for each folder; what isn't answered changes nothing."""
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return
    scopes = ["", *(uri for uri, _ in server.configuration.folders)]
    items = [types.ConfigurationItem(scope_uri=scope or None, section=SECTION) for scope in scopes]
    answers = await ask(server.protocol, types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items))
    if not isinstance(answers, list | tuple):
        return
    changed = [
        server.configuration.sent(plain(answer), scope)
        for scope, answer in zip(scopes, answers, strict=False)
    ]
    if any(changed):
        server.settings_changed()


def own_section(settings: object) -> object:
    """Heatline's settings among those that a client sent: below ``heatline``, or on their own; None: none."""
    settings = plain(settings)
    if not isinstance(settings, Mapping):
        return None
    if SECTION in settings:
        return settings[SECTION]
    known = {entry.name.partition(".")[0] for entry in entries()}
    return settings if any(str(name).partition(".")[0] in known for name in settings) else None


def plain(value: Any) -> Any:
    """JSON as dictionaries and lists: pygls makes named tuples of objects in some messages."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


async def _register_watches(server: HeatlineServer) -> None:
    workspace = server.client_capabilities.workspace
    if workspace is None:
        return
    wanted = []
    configuration, files = workspace.did_change_configuration, workspace.did_change_watched_files
    if configuration is not None and configuration.dynamic_registration:
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        wanted.append(
            types.Registration("heatline-configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options)
        )
    if files is not None and files.dynamic_registration:
        watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in WATCHED]
        wanted.append(
            types.Registration(
                "heatline-files",
                types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                types.DidChangeWatchedFilesRegistrationOptions(watchers),
            )
        )
    if wanted:
        await ask(server.protocol, types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(wanted))
