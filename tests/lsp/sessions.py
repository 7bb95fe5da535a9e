"""An editor's side of a session, for tests: starts the real server and waits for what it sends."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, Union

from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcRequestCancelled
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

PATIENCE_SECONDS = 120.0
SERVE = (sys.executable, "-c", "from heatline.cli import main; main()", "serve")
EVERYTHING_AT_ONCE = {"threshold": 0, "debounceMs": 0, "quietMs": 0}
"""Every line is flagged, nothing is waited for."""


class Session:
    """One client; what the server sends unasked waits in queues until a test looks for it.

    A ``silent`` one never answers a request of the server.
    """

    def __init__(self, environment: dict[str, str], *, silent: bool = False) -> None:
        self._environment = environment
        self.silent = silent
        self._published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self._messages: asyncio.Queue[types.ShowMessageParams] = asyncio.Queue()
        self._heat: asyncio.Queue[Any] = asyncio.Queue()
        self.asked: list[str] = []
        """The methods of the server's requests that were left without an answer."""
        self.refreshed = asyncio.Event()
        self._numbers = itertools.count()
        self._over = asyncio.Event()
        self.client: LanguageClient = self._make_client(silent)
        self.encoding = "utf-16"
        self.draws_heat = False
        self.result: types.InitializeResult | None = None

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
        capabilities: types.ClientCapabilities | None = None,
    ) -> types.InitializeResult:
        """Debounces nothing and shows every line, unless ``options`` say otherwise."""
        general = types.GeneralClientCapabilities(position_encodings=encodings) if encodings else None
        declared = capabilities or types.ClientCapabilities(experimental=experimental)
        declared.general = general
        self.draws_heat = bool(declared.experimental)
        result = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=declared,
                initialization_options=EVERYTHING_AT_ONCE if options is None else options,
            )
        )
        self.encoding = types.PositionEncodingKind(result.capabilities.position_encoding).value
        self.result = result
        return result

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The server."""
        process = self.client._server
        assert process is not None
        return process

    # What a person does

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        item = types.TextDocumentItem(uri=uri, language_id=language, version=version, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def edit(self, uri: str, version: int, *changes: types.TextDocumentContentChangeEvent) -> None:
        identifier = types.VersionedTextDocumentIdentifier(uri=uri, version=version)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, list(changes)))

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    async def toggle(self) -> object:
        return await self.command("heatline.toggleScaling")

    async def command(self, name: str, *arguments: Any) -> Any:
        return await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command=name, arguments=list(arguments))
        )

    async def hover(self, uri: str, line: int, character: int) -> types.Hover | None:
        return await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        )

    async def code_actions(self, uri: str, line: int) -> list[types.CodeAction]:
        """What can be done about a line."""
        at = types.Position(line, 0)
        actions = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri), types.Range(at, at), types.CodeActionContext([])
            )
        )
        return [action for action in actions or () if isinstance(action, types.CodeAction)]

    async def ask(self, method: str, params: Any) -> Any:
        """The answer to a request whose params the client's own types wouldn't let through. Raises as pygls does."""
        number = f"raw {next(self._numbers)}"
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.client.protocol._request_futures[number] = answer
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
        self.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await answer

    def write(self, data: bytes) -> None:
        """Puts bytes on the server's input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    # What the server says

    @property
    def pulls(self) -> bool:
        """Whether the server offers this client to pull diagnostics."""
        return self.result is not None and self.result.capabilities.diagnostic_provider is not None

    async def diagnostics(self, uri: str, version: int, count: int) -> list[types.Diagnostic]:
        """A version's diagnostics, of which there are ``count``, the way this client gets them."""
        if not self.pulls:
            wanted = lines(count, version)
            params = await self.published(lambda params: params.uri == uri and wanted(params))
            return list(params.diagnostics)
        async with asyncio.timeout(PATIENCE_SECONDS):
            report = await self.client.text_document_diagnostic_async(
                types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
            )
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return list(report.items)

    async def all_diagnostics(self, wanted: dict[str, tuple[int, int]]) -> dict[str, list[types.Diagnostic]]:
        """The diagnostics of several documents, by URI, in whatever order they come: versions and counts."""
        if self.pulls:
            return {uri: await self.diagnostics(uri, *each) for uri, each in wanted.items()}
        found: dict[str, list[types.Diagnostic]] = {}
        while len(found) < len(wanted):
            missing = {
                uri: lines(count, version) for uri, (version, count) in wanted.items() if uri not in found
            }
            params = await self.published(lambda p, missing=missing: p.uri in missing and missing[p.uri](p))
            found[params.uri] = list(params.diagnostics)
        return found

    async def published(
        self, wanted: Callable[[types.PublishDiagnosticsParams], bool]
    ) -> types.PublishDiagnosticsParams:
        """The next publication that is ``wanted``; earlier ones are dropped."""
        return await self._next(self._published, wanted)

    @property
    def was_pushed_to(self) -> bool:
        """Whether diagnostics came unasked that nobody took."""
        return not self._published.empty()

    @property
    def was_sent_heat(self) -> bool:
        """Whether heat came that nobody took."""
        return not self._heat.empty()

    async def message(self) -> types.ShowMessageParams:
        """The next ``window/showMessage``."""
        return await self._next(self._messages, lambda message: True)

    async def heat(self, wanted: Callable[[Any], bool]) -> Any:
        """The next ``heatline/heat`` that is ``wanted``."""
        return await self._next(self._heat, wanted)

    async def end(self) -> None:
        self._over.set()  # pygls' client can't end with a request that it still works on
        await self.client.shutdown_session()
        await self.client.stop()

    @staticmethod
    async def _next(queue: asyncio.Queue[Any], wanted: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not wanted(item := await queue.get()):
                pass
            return item

    def _make_client(self, silent: bool) -> LanguageClient:
        client = LanguageClient(converter_factory=_converter)
        features: dict[str, Callable[..., Any]] = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: lambda params: self._published.put_nowait(params),
            types.WINDOW_SHOW_MESSAGE: lambda params: self._messages.put_nowait(params),
            types.WORKSPACE_DIAGNOSTIC_REFRESH: lambda params: self.refreshed.set(),
            "heatline/heat": lambda params: self._heat.put_nowait(params),
        }
        if silent:
            features |= {method: self._left_unanswered(method) for method in _REQUESTS}
        register_lsp_features(client, {**DEFAULT_CLIENT_FEATURES, **features})
        return client

    def _left_unanswered(self, method: str) -> Callable[[Any], Any]:
        async def never(params: Any) -> None:
            self.asked.append(method)
            await self._over.wait()
            raise JsonRpcRequestCancelled

        return never


def _converter() -> Converter:
    """lsprotocol 2025.0 takes a code action that holds a command for a command."""
    converter = default_converter()

    def structure(value: Any, _: object) -> types.Command | types.CodeAction:
        kind = types.Command if isinstance(value.get("command"), str) else types.CodeAction
        return converter.structure(value, kind)

    converter.register_structure_hook(types.Command | types.CodeAction, structure)
    converter.register_structure_hook(Union[types.Command, types.CodeAction], structure)  # noqa: UP007
    return converter


_REQUESTS: Sequence[str] = (
    types.WORKSPACE_CONFIGURATION,
    types.CLIENT_REGISTER_CAPABILITY,
    types.WINDOW_WORK_DONE_PROGRESS_CREATE,
    types.WINDOW_SHOW_DOCUMENT,
)


def lines(count: int, version: int = 1) -> Callable[[types.PublishDiagnosticsParams], bool]:
    """Whether a publication is of ``version`` and holds ``count`` lines: all of them have been scored."""
    return lambda params: params.version == version and len(params.diagnostics) == count
