"""An editor's side of a session, for tests: starts the real server and waits for what it sends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

PATIENCE_SECONDS = 120.0
SERVE = (sys.executable, "-c", "from heatline.cli import main; main()", "serve")


class Session:
    """One client; what the server sends unasked waits in queues until a test looks for it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self._messages: asyncio.Queue[types.ShowMessageParams] = asyncio.Queue()
        self._heat: asyncio.Queue[Any] = asyncio.Queue()
        self.client: LanguageClient = self._make_client()
        self.encoding = "utf-16"

    async def start_stdio(self) -> None:
        config = ClientServerConfig(
            server_command=[*SERVE, "--stdio"],
            client_factory=lambda: self.client,
            server_env=self._environment,
        )
        await config.start()

    async def initialize(
        self,
        options: object = None,
        encodings: list[str] | None = None,
        experimental: dict[str, Any] | None = None,
    ) -> types.InitializeResult:
        """Debounces nothing and shows every line, unless ``options`` say otherwise."""
        general = types.GeneralClientCapabilities(position_encodings=encodings) if encodings else None
        result = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(general=general, experimental=experimental),
                initialization_options={"threshold": 0, "debounceMs": 0, "quietMs": 0}
                if options is None
                else options,
            )
        )
        self.encoding = types.PositionEncodingKind(result.capabilities.position_encoding).value
        return result

    def open(self, uri: str, text: str, language: str = "python") -> None:
        item = types.TextDocumentItem(uri=uri, language_id=language, version=1, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def edit(self, uri: str, version: int, *changes: types.TextDocumentContentChangeEvent) -> None:
        identifier = types.VersionedTextDocumentIdentifier(uri=uri, version=version)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, list(changes)))

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    async def toggle(self) -> object:
        return await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command="heatline.toggleScaling")
        )

    async def hover(self, uri: str, line: int, character: int) -> types.Hover | None:
        return await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        )

    async def published(
        self, wanted: Callable[[types.PublishDiagnosticsParams], bool]
    ) -> types.PublishDiagnosticsParams:
        """The next publication that is ``wanted``; earlier ones are dropped."""
        return await self._next(self._published, wanted)

    async def message(self) -> types.ShowMessageParams:
        """The next ``window/showMessage``."""
        return await self._next(self._messages, lambda message: True)

    async def heat(self, wanted: Callable[[Any], bool]) -> Any:
        """The next ``heatline/heat`` that is ``wanted``."""
        return await self._next(self._heat, wanted)

    async def end(self) -> None:
        await self.client.shutdown_session()
        await self.client.stop()

    @staticmethod
    async def _next(queue: asyncio.Queue[Any], wanted: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not wanted(item := await queue.get()):
                pass
            return item

    def _make_client(self) -> LanguageClient:
        client = LanguageClient(converter_factory=default_converter)
        features = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: lambda params: self._published.put_nowait(params),
            types.WINDOW_SHOW_MESSAGE: lambda params: self._messages.put_nowait(params),
            "heatline/heat": lambda params: self._heat.put_nowait(params),
        }
        register_lsp_features(client, {**DEFAULT_CLIENT_FEATURES, **features})
        return client


def lines(count: int, version: int = 1) -> Callable[[types.PublishDiagnosticsParams], bool]:
    """Whether a publication is of ``version`` and holds ``count`` lines: all of them have been scored."""
    return lambda params: params.version == version and len(params.diagnostics) == count
