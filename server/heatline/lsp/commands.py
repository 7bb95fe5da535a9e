"""``workspace/executeCommand``: docs/protocol.md has every command's arguments and result."""

from __future__ import annotations

import asyncio
from typing import Any

from heatline.errors import InputError
from heatline.lsp import code_actions, code_lens, reliability, toggle_scaling
from heatline.lsp.arguments import optional_uri, position_at, range_at, uri_at
from heatline.lsp.explain import explanation, in_short
from heatline.lsp.flagging import FlaggedLine
from heatline.lsp.language_server import HeatlineServer
from heatline.lsp.risky_line import after, before, riskiest, risky_line
from heatline.lsp.shown_document import ShownDocument
from heatline.lsp.span_confidence import span_confidence
from heatline.lsp.wording import percent
from heatline.settings import Scaling

RESCORE = "heatline.rescore"
NEXT = "heatline.nextRiskyLine"
PREVIOUS = "heatline.previousRiskyLine"
SHOW_REPORT = "heatline.showReport"
RESTART = "heatline.restart"


def register(server: HeatlineServer) -> None:
    @server.command(toggle_scaling.COMMAND)
    def toggle(*arguments: Any) -> Scaling:
        server.scaling = toggle_scaling.other_scaling(server.scaling)
        server.shown_again()
        return server.scaling

    @server.command(RESCORE)
    def rescore(*arguments: Any) -> dict[str, Any]:
        uri = optional_uri(arguments, RESCORE)
        chosen = [document for document in server.documents if uri is None or document.uri == uri]
        for document in chosen:
            server.score_anew(document)
        return {"documents": len(chosen)}

    @server.command(code_actions.SCORE_SELECTION)
    async def score_selection(*arguments: Any) -> dict[str, Any] | None:
        uri = uri_at(arguments, 0, code_actions.SCORE_SELECTION)
        asked = range_at(arguments, 1, code_actions.SCORE_SELECTION)
        document = server.link.session.latest(uri)
        if document is None:
            return None
        start, end = (document.document.offset(edge, server.encoding) for edge in (asked.start, asked.end))
        server.regions.select(uri, min(start, end), max(start, end))
        server.shown_again(uri)
        answer = span_confidence(document, asked, server.encoding)
        if answer is not None:
            risk = answer["risk" if server.scaling == "scaled" else "unscaledRisk"]
            server.tell(f"Heatline: the selection has a risk of {percent(risk)}.")
        return answer

    @server.command(NEXT)
    async def next_line(*arguments: Any) -> dict[str, Any] | None:
        shown = server.display.latest(uri_at(arguments, 0, NEXT))
        position = position_at(arguments, 1, NEXT)
        return None if shown is None else await _show(server, shown, after(shown, position.line))

    @server.command(PREVIOUS)
    async def previous_line(*arguments: Any) -> dict[str, Any] | None:
        shown = server.display.latest(uri_at(arguments, 0, PREVIOUS))
        position = position_at(arguments, 1, PREVIOUS)
        return None if shown is None else await _show(server, shown, before(shown, position.line))

    @server.command(code_lens.OPEN_RISKIEST)
    async def open_riskiest(*arguments: Any) -> dict[str, Any] | None:
        shown = server.display.latest(uri_at(arguments, 0, code_lens.OPEN_RISKIEST))
        within = range_at(arguments, 1, code_lens.OPEN_RISKIEST) if len(arguments) > 1 else None
        return None if shown is None else await _show(server, shown, riskiest(shown, within))

    @server.command(code_actions.EXPLAIN)
    def explain(*arguments: Any) -> dict[str, Any] | None:
        shown = server.display.latest(uri_at(arguments, 0, code_actions.EXPLAIN))
        asked = range_at(arguments, 1, code_actions.EXPLAIN)
        if shown is None or (found := explanation(shown, asked, server.encoding)) is None:
            return None
        server.tell(f"Heatline: {in_short(shown, found)}")
        return found

    @server.command(code_actions.MARK_REVIEWED)
    def mark_reviewed(*arguments: Any) -> dict[str, Any]:
        uri, text, lines = _chosen(server, arguments, code_actions.MARK_REVIEWED)
        server.mark(uri, text, lines, reviewed=True)
        return {"lines": len(lines)}

    @server.command(code_actions.UNMARK_REVIEWED)
    def unmark_reviewed(*arguments: Any) -> dict[str, Any]:
        uri, text, lines = _chosen(server, arguments, code_actions.UNMARK_REVIEWED)
        server.mark(uri, text, lines, reviewed=False)
        return {"lines": len(lines)}

    @server.command(SHOW_REPORT)
    async def show_report(*arguments: Any) -> dict[str, Any] | None:
        from heatline.lsp.html_report import write_report  # with what terminals and pages need: megabytes

        uri = optional_uri(arguments, SHOW_REPORT)
        chosen = [shown for shown in server.display if uri is None or shown.uri == uri]
        if not chosen:
            return None
        report = await write_report(server, chosen)
        await server.show_place(report, None, external=True)
        return {"uri": report}

    @server.command(reliability.COMMAND)
    async def show_reliability(*arguments: Any) -> dict[str, Any] | None:
        if not server.configuration.folders:
            return None
        folder = server.configuration.folders[0][1]
        try:
            page = await asyncio.to_thread(reliability.write_reliability, folder)
        except InputError as error:
            server.tell(str(error))
            return None
        await server.show_place(page, None, external=True)
        return {"uri": page}

    @server.command(RESTART)
    def restart(*arguments: Any) -> None:
        server.restart()


async def _show(
    server: HeatlineServer, shown: ShownDocument, flag: FlaggedLine | None
) -> dict[str, Any] | None:
    if flag is None:
        return None
    found = risky_line(shown, flag, server.encoding)
    await server.show_place(shown.uri, found["range"])
    return found


def _chosen(server: HeatlineServer, arguments: tuple[Any, ...], name: str) -> tuple[str, str, list[int]]:
    """The document, its text, and those of its lines that a range touches and that aren't blank."""
    uri, asked = uri_at(arguments, 0, name), range_at(arguments, 1, name)
    document = server.documents.get(uri)
    if document is None:
        return uri, "", []
    index = document.lines
    first, last = sorted((asked.start.line, asked.end.line))
    lines = [
        line
        for line in range(first, min(last + 1, len(index)))
        if document.text[index.start(line) : index.end(line)].strip()
    ]
    return uri, document.text, lines
