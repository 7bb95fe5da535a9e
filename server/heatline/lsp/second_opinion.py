"""The command ``heatline.secondOpinion``: a model's confidences beside the probe's, off by default.

Lines leave the editor only when the setting is on, the editor said that the workspace is trusted, and the
person answered "Send" to a question that says what is sent where, each time anew.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from heatline.errors import HeatlineError, SecondOpinionError
from heatline.lsp.arguments import range_at, uri_at
from heatline.lsp.document_place import path_of
from heatline.lsp.language_server import HeatlineServer
from heatline.lsp.wording import percent

if TYPE_CHECKING:
    from heatline.second_opinion.endpoint import ModelEndpoint
    from heatline.second_opinion.opinion import Excerpt, LineOpinions

SECOND_OPINION = "heatline.secondOpinion"
SEND = "Send"
DECIDE_SECONDS = 300.0
"""How long a person may think it over; a client that never answers has said no."""


def is_offered(server: HeatlineServer) -> bool:
    """Whether the setting is on and the workspace is trusted."""
    return server.configuration.trusted and server.configuration.machine.second_opinion.enabled


def register(server: HeatlineServer) -> None:
    @server.command(SECOND_OPINION)
    async def second_opinion(*arguments: Any) -> dict[str, Any] | None:
        uri = uri_at(arguments, 0, SECOND_OPINION)
        asked = range_at(arguments, 1, SECOND_OPINION) if len(arguments) > 1 else None
        shown = server.display.latest(uri)
        if shown is None:
            server.tell("Heatline: there is nothing scored here yet to give a second opinion on.")
            return None
        # what speaks HTTP takes memory that a server which never asks should not keep
        from heatline.second_opinion.opinion import compare_opinions, excerpt

        try:
            endpoint = _endpoint(server)
            document = shown.scored.document
            path = path_of(uri)
            first, last = (None, None) if asked is None else sorted((asked.start.line, asked.end.line))
            part = excerpt(document.scorable_text, uri if path is None else path.name, first, last)
            if not await _agreed(server, part.what_is_sent(endpoint)):
                return None
            opinions = await asyncio.to_thread(compare_opinions, part, endpoint, shown.scored.scored)
        except HeatlineError as error:
            server.window_show_message(types.ShowMessageParams(types.MessageType.Error, str(error)))
            return None
        server.tell(_in_short(part, opinions))
        return {
            "uri": uri,
            "model": endpoint.model,
            "lines": [
                {"line": each.line, "risk": each.probe_risk, "modelRisk": each.model_risk}
                for each in opinions
            ],
        }


def _endpoint(server: HeatlineServer) -> ModelEndpoint:
    chosen = server.configuration.machine.second_opinion
    if not is_offered(server):
        raise SecondOpinionError(
            "A second opinion is off, or this workspace isn't trusted. Turn on heatline.secondOpinion.enabled in "
            "a workspace you trust."
        )
    if not chosen.base_url or not chosen.model:
        raise SecondOpinionError(
            "No model is named to ask. Set heatline.secondOpinion.baseUrl and heatline.secondOpinion.model."
        )
    from heatline.second_opinion.endpoint import ModelEndpoint

    return ModelEndpoint(chosen.base_url, chosen.model, os.environ.get("OPENAI_API_KEY", ""))


async def _agreed(server: HeatlineServer, sentence: str) -> bool:
    """Whether the person answered "Send"."""
    question = types.ShowMessageRequestParams(
        types.MessageType.Warning,
        f"Heatline: {sentence}",
        [types.MessageActionItem(SEND), types.MessageActionItem("Cancel")],
    )
    try:
        async with asyncio.timeout(DECIDE_SECONDS):
            answer = await server.window_show_message_request_async(question)
    except (TimeoutError, JsonRpcException):
        return False
    return answer is not None and answer.title == SEND


def _in_short(part: Excerpt, opinions: list[LineOpinions]) -> str:
    """The line the model doubts most, and what the probe says of it."""
    worst = max(opinions, key=lambda each: each.model_risk)
    probe = "nothing" if worst.probe_risk is None else percent(worst.probe_risk)
    return (
        f"Heatline: the model doubts line {worst.line + 1} of {part.name} most, with a risk of "
        f"{percent(worst.model_risk)}; the probe says {probe}."
    )
