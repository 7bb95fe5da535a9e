"""Requests that read what is shown of one document: each feature is a function of the snapshot."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from heatline.lsp import code_actions, semantic_tokens, span_confidence
from heatline.lsp.code_lens import code_lenses
from heatline.lsp.display import SupersededError
from heatline.lsp.hover import hover_at
from heatline.lsp.inlay_hints import inlay_hints
from heatline.lsp.language_server import HeatlineServer
from heatline.lsp.shown_document import ShownDocument

SOON_SECONDS = 1.0
"""How long a request waits for scores when the client can be asked to send it again."""


class ContentModifiedError(JsonRpcException):
    """Raised for a request about a version that was edited before its answer was there."""

    CODE = types.LSPErrorCodes.ContentModified
    MESSAGE = "The document was edited."

    def __init__(self) -> None:
        super().__init__(self.MESSAGE, self.CODE)


def register(server: HeatlineServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        document = server.link.session.latest(uri)
        if document is None or not server.configuration.of(uri).settings.features.hover:
            return None
        offset = document.document.offset(params.position, server.encoding)
        scaled = server.link.scaled
        workspace = None if scaled is None else scaled.workspace
        return hover_at(document, offset, server.scaling, server.encoding, workspace)

    @server.feature(span_confidence.METHOD)
    def confidence(params: Any) -> dict[str, Any] | None:
        uri, asked = span_confidence.parse_params(params)
        document = server.link.session.latest(uri)
        return None if document is None else span_confidence.span_confidence(document, asked, server.encoding)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens] | None:
        shown = await shown_soon(server, params.text_document.uri, types.WORKSPACE_CODE_LENS_REFRESH)
        return None if shown is None else code_lenses(shown, server.encoding)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint] | None:
        shown = await shown_soon(server, params.text_document.uri, types.WORKSPACE_INLAY_HINT_REFRESH)
        return None if shown is None else inlay_hints(shown, params.range, server.encoding)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=list(code_actions.KINDS))
    )
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        shown = server.display.latest(params.text_document.uri)
        if shown is None:
            return []
        only = None if params.context.only is None else [str(_value(kind)) for kind in params.context.only]
        return code_actions.code_actions(shown, params.range, only, server.encoding)


def register_pull_diagnostics(server: HeatlineServer) -> None:
    """Called for a client that pulls: to the others diagnostics are pushed."""

    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(
            identifier="heatline", inter_file_dependencies=False, workspace_diagnostics=False
        ),
    )
    async def diagnostic(params: types.DocumentDiagnosticParams) -> Any:
        return await server.published.pull(params.text_document.uri, params.previous_result_id)


def register_semantic_tokens(server: HeatlineServer) -> None:
    """Called when the setting is on: an editor asks one server for a document's tokens, and Heatline's are few."""

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, semantic_tokens.LEGEND)
    async def full(params: types.SemanticTokensParams) -> types.SemanticTokens | None:
        uri = params.text_document.uri
        shown = await shown_soon(server, uri, types.WORKSPACE_SEMANTIC_TOKENS_REFRESH)
        return None if shown is None else semantic_tokens.semantic_tokens(shown, server.encoding)

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, semantic_tokens.LEGEND)
    async def within(params: types.SemanticTokensRangeParams) -> types.SemanticTokens | None:
        uri = params.text_document.uri
        shown = await shown_soon(server, uri, types.WORKSPACE_SEMANTIC_TOKENS_REFRESH)
        return (
            None if shown is None else semantic_tokens.semantic_tokens(shown, server.encoding, params.range)
        )


async def shown_soon(server: HeatlineServer, uri: str, refresh: str) -> ShownDocument | None:
    """What is shown of a document's newest version, once it is scored.

    A client that takes ``refresh`` gets what there is after a second, and is asked to send its request again when
    there is more.  Raises ContentModifiedError when the document is edited meanwhile.
    """
    limit = SOON_SECONDS if server.refreshes.supported(refresh) else None
    try:
        async with asyncio.timeout(limit):
            return await server.display.finished(uri)
    except SupersededError as error:
        raise ContentModifiedError from error
    except TimeoutError:
        server.refreshes.owe(uri, refresh)
        return server.display.latest(uri)


def _value(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind
