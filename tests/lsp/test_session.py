"""Whole sessions over stdin and stdout, with a real worker and a tiny random supervisor.

Risks are compared with those of the Python API, ranges with arithmetic on the text.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

import heatline
from heatline.lsp.wording import bar, in_plain_words, percent
from tests.lsp.expectations import TEXT, URI, expected_diagnostics, visible_ranges
from tests.lsp.sessions import Session, lines


def worker_ids(server: int) -> list[int]:
    """The server's child processes."""
    return [
        int(child)
        for children in Path(f"/proc/{server}/task").glob("*/children")
        for child in children.read_text("ascii").split()
    ]


def server_id(session: Session) -> int:
    process = session.client._server
    assert process is not None
    return int(process.pid)


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_every_line_is_published_with_its_risk_and_range(
    session: Session, scorer: heatline.Scorer, encoding: str
) -> None:
    await session.initialize(encodings=[encoding])
    session.open(URI, TEXT)
    published = await session.published(lines(3))
    assert (session.encoding, list(published.diagnostics)) == (
        encoding,
        expected_diagnostics(scorer, TEXT, encoding),
    )


async def test_the_clients_first_encoding_is_taken(session: Session) -> None:
    await session.initialize(encodings=["utf-32", "utf-8", "utf-16"])
    assert session.encoding == "utf-32"


async def test_without_a_list_of_encodings_it_is_utf_16(session: Session) -> None:
    await session.initialize()
    assert session.encoding == "utf-16"


async def test_an_edit_publishes_the_new_text(session: Session, scorer: heatline.Scorer) -> None:
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lines(3))
    at = types.Position(1, 18)  # after the emoji, in UTF-16
    session.edit(
        URI, 2, types.TextDocumentContentChangePartial(range=types.Range(at, at), text="!'\n    y = '")
    )
    published = await session.published(lines(4, version=2))
    changed = TEXT.replace("😋", "😋!'\n    y = '")
    assert list(published.diagnostics) == expected_diagnostics(scorer, changed, "utf-16")


async def test_edits_in_one_burst_publish_the_last_text(session: Session, scorer: heatline.Scorer) -> None:
    await session.initialize()
    session.open(URI, "x = 1\n")
    end = types.Position(9, 0)
    for version in range(2, 8):
        session.edit(
            URI, version, types.TextDocumentContentChangePartial(range=types.Range(end, end), text="y = x\n")
        )
    published = await session.published(lines(7, version=7))
    text = "x = 1\n" + "y = x\n" * 6
    assert list(published.diagnostics) == expected_diagnostics(scorer, text, "utf-16")


async def test_positions_after_a_form_feed_and_a_lone_carriage_return(session: Session) -> None:
    await session.initialize()
    session.open(URI, "a = 1\r\fb = 2\u2028c = 3\rd = 4\r")
    at = types.Position(2, 4)
    session.edit(
        URI, 2, types.TextDocumentContentChangePartial(range=types.Range(at, types.Position(2, 5)), text="55")
    )
    published = await session.published(lines(3, version=2))
    assert [str(diagnostic.range) for diagnostic in published.diagnostics] == [
        "0:0-0:5",
        "1:1-1:12",
        "2:0-2:6",
    ]


async def test_hover_shows_both_risks_of_token_line_and_function(
    session: Session, scorer: heatline.Scorer
) -> None:
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lines(3))
    hover = await session.hover(URI, 1, 4)
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    scored = scorer.score(TEXT, "python")
    line, scope = scored.lines[1], scored.scopes[0]
    shown = hover.contents.value.split("\n")
    assert shown[0] == f"**Risk {percent(line.risk)}** {bar(line.risk)} {in_plain_words(line.risk, 'scaled')}"
    assert shown[2].startswith("- token `")
    assert shown[3] == f"- line 2: risk {percent(line.risk)}, unscaled {percent(line.unscaled_risk)}"
    assert shown[4] == f"- function `f`: risk {percent(scope.risk)}, unscaled {percent(scope.unscaled_risk)}"
    assert hover.range == visible_ranges(TEXT, "utf-16")[1]


async def test_hover_on_a_blank_line_is_nothing(session: Session) -> None:
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lines(3))
    assert await session.hover(URI, 2, 0) is None


async def test_the_toggle_publishes_the_unscaled_risks_and_back(
    session: Session, scorer: heatline.Scorer
) -> None:
    await session.initialize()
    session.open(URI, TEXT)
    scaled = await session.published(lines(3))
    assert await session.toggle() == "unscaled"
    unscaled = await session.published(lambda params: params.diagnostics != scaled.diagnostics)
    assert [diagnostic.message.split(":")[0] for diagnostic in unscaled.diagnostics] == [
        f"unscaled risk {percent(line.unscaled_risk)}" for line in scorer.score(TEXT, "python").lines
    ]
    assert await session.toggle() == "scaled"
    assert await session.published(lambda params: params.diagnostics == scaled.diagnostics)


async def test_an_unknown_language_is_scored_by_indentation(
    session: Session, scorer: heatline.Scorer
) -> None:
    await session.initialize()
    session.open("file:///nowhere/sample.unknown", TEXT, language="klingon")
    published = await session.published(lines(3))
    assert list(published.diagnostics) == expected_diagnostics(scorer, TEXT, "utf-16", "klingon")


@pytest.mark.parametrize("text", ["", "\n \n\t\n"])
async def test_a_text_without_code_publishes_nothing_risky(session: Session, text: str) -> None:
    await session.initialize()
    session.open(URI, text)
    published = await session.published(lambda params: params.version == 1)
    assert list(published.diagnostics) == []


async def test_a_lone_surrogate_is_no_obstacle(session: Session) -> None:
    await session.initialize()
    session.open(URI, "a = '\ud83d'\n")
    published = await session.published(lines(1))
    assert str(published.diagnostics[0].range) == "0:0-0:7"


async def test_closing_a_document_takes_its_diagnostics_away(session: Session) -> None:
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lines(3))
    session.close(URI)
    assert await session.published(lambda params: params.version is None and not params.diagnostics)


async def test_bad_options_are_said_and_the_defaults_hold(session: Session) -> None:
    await session.initialize({"debounceMs": "soon"})
    message = await session.message()
    session.open(URI, TEXT)
    assert await session.published(lambda params: params.version == 1)
    assert (message.type, message.message) == (
        types.MessageType.Warning,
        "heatline.debounceMs must be a whole number from 0 to 10000, not 'soon'; the default is used.",
    )


async def test_only_lines_at_or_above_the_threshold_are_published(
    session: Session, scorer: heatline.Scorer
) -> None:
    highest = max(line.risk for line in scorer.score(TEXT, "python").lines)
    await session.initialize({"threshold": highest, "debounceMs": 0})
    session.open(URI, TEXT)
    published = await session.published(lambda params: len(params.diagnostics) > 0)
    assert [diagnostic.data["risk"] for diagnostic in published.diagnostics] == [round(highest, 6)]


async def test_a_missing_supervisor_is_one_sentence_with_the_command_that_mends_it(session: Session) -> None:
    await session.initialize({"supervisor": "qwen2.5-coder-0.5b"})
    session.open(URI, TEXT)
    message = await session.message()
    assert message.type == types.MessageType.Error
    assert "heatline supervisor" in message.message


async def test_span_confidence_is_that_of_the_python_api(session: Session, scorer: heatline.Scorer) -> None:
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lines(3))
    start, end = TEXT.index("return"), TEXT.index("\n\n")
    answer = await session.client.protocol.send_request_async(
        "heatline/spanConfidence",
        {
            "textDocument": {"uri": URI},
            "range": {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 99}},
        },
    )
    expected = scorer.score(TEXT, "python").span(start, end)
    assert (answer.level, answer.risk, answer.unscaledRisk) == (
        expected.level,
        round(expected.risk, 6),
        round(expected.unscaled_risk, 6),
    )
    assert [share.logit for share in answer.contributions] == [
        round(share.logit, 6) for share in expected.contributions
    ]


async def test_span_confidence_without_a_range_is_refused(session: Session) -> None:
    await session.initialize()
    with pytest.raises(JsonRpcInvalidParams, match="textDocument"):
        await session.client.protocol.send_request_async("heatline/spanConfidence", {"range": 3})


async def test_heat_is_sent_to_clients_that_draw_it(session: Session, scorer: heatline.Scorer) -> None:
    await session.initialize(experimental={"heatlineHeat": True})
    session.open(URI, TEXT)
    heat = await session.heat(lambda params: len(params.lines) == 3)
    assert (heat.uri, heat.version, heat.scaling) == (URI, 1, "scaled")
    assert [(line.line, line.risk, line.unscaledRisk) for line in heat.lines] == [
        (line.line, round(line.risk, 6), round(line.unscaled_risk, 6))
        for line in scorer.score(TEXT, "python").lines
    ]


@needs_proc
async def test_a_killed_worker_is_replaced(session: Session, scorer: heatline.Scorer) -> None:
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lines(3))
    for worker in worker_ids(server_id(session)):
        os.kill(worker, signal.SIGKILL)
    assert await session.hover(URI, 1, 4) is not None  # features are the server's
    whole = types.TextDocumentContentChangeWholeDocument(text="x = 1\ny = x\n")
    session.edit(URI, 2, whole)
    published = await session.published(lines(2, version=2))
    assert list(published.diagnostics) == expected_diagnostics(scorer, whole.text, "utf-16")


@needs_proc
async def test_before_the_first_document_one_worker_waits_without_a_model(session: Session) -> None:
    """It is started with the server, so that the first document needn't wait for it, and takes little memory."""
    await session.initialize()
    await session.toggle()
    (worker,) = worker_ids(server_id(session))
    loaded = Path(f"/proc/{worker}/maps").read_text()
    assert [name for name in ("onnxruntime", "tokenizers", "graph.data") if name in loaded] == []


@needs_proc
async def test_server_and_worker_leave_when_the_editor_vanishes(session: Session) -> None:
    await session.initialize()
    session.open(URI, TEXT)
    await session.published(lines(3))
    process = session.client._server
    assert process is not None
    assert process.stdin is not None
    (worker,) = worker_ids(server_id(session))
    process.stdin.close()
    await process.wait()
    assert not Path(f"/proc/{worker}").exists()
    session.client.capabilities = None  # there is nobody to say goodbye to
