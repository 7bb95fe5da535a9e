"""What no client should send, and what none should do: every kind of client, every encoding, the real server.

After each of them the server still publishes what the Python API says of the text.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams, JsonRpcMethodNotFound

import heatline
from heatline.lsp.position_encoding import ENCODINGS, without_surrogates
from tests.lsp.expectations import expected_diagnostics
from tests.lsp.processes import SERVER_IN_PROC, alive, worker_of
from tests.lsp.sessions import PATIENCE_SECONDS, SERVE, Session
from tests.property.reference_text import reference_joined, reference_offset

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "a = 1\nb = '😋e\u0301'\n"
FAR = 2**31 - 1
BAD_EDITS: list[tuple[str, tuple[int, int, int, int]]] = [
    ("c", (99, 0, 99, 0)),
    ("c", (0, 999, 0, 999)),
    ("c", (FAR, FAR, 0, 0)),
    ("c", (1, 0, 0, 0)),
    ("c", (1, 6, 1, 6)),  # within the emoji, but for UTF-32
    ("\ud83d", (0, 0, 0, 0)),
    ("\udc00", (0, 0, 0, 1)),
    ("\r", (0, 1, 0, 1)),
    ("\f\u2028", (0, 2, 0, 2)),
    ("\ufeff", (0, 0, 0, 0)),
    ("\t \t", (0, 0, 0, 0)),
    ("\0", (0, 2, 0, 2)),
]
ODD_TEXTS = {
    "carriage returns": "a = 1\rb = 2\r",
    "mixed line ends": "a = 1\r\nb = 2\rc = 3\nd = 4",
    "form feed and vertical tab": "a = 1\n\fb = 2\n\vc = 3\n",
    "unicode line separators": "a = '\u2028\u2029\x85'\nb = 2\n",
    "byte order mark": "\ufeffa = 1\nb = 2\n",
    "mixed tabs": "if a:\n\tb = 1\n        c = 2\n  \td = 3\n",
    "emoji and combining marks": "a = '👩🏽‍🚀🇦🇶'\nb = 'e\u0301\u0323a\u030a'\n",
    "lone surrogates": "a = '\ud83d'\nb = '\ude0b'\n",
    "null": "a = '\0'\nb = 1\n",
    "nothing but a line end": "\r\n",
}


def edit(text: str, place: tuple[int, int, int, int]) -> types.TextDocumentContentChangePartial:
    first, start, last, end = place
    return types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(first, start), types.Position(last, end)), text=text
    )


def edited(text: str, inserted: str, place: tuple[int, int, int, int], encoding: str) -> str:
    """What the reference makes of an edit."""
    offsets = [reference_offset(text, *each, ENCODINGS[encoding]) for each in (place[:2], place[2:])]
    return reference_joined(text[: min(offsets)] + inserted + text[max(offsets) :])


async def shown(talk: Session, scorer: heatline.Scorer, uri: str, version: int, text: str) -> None:
    """Waits until the client has a version's diagnostics, which must be those of ``text``."""
    expected = expected_diagnostics(scorer, without_surrogates(text), talk.encoding)
    assert await talk.diagnostics(uri, version, len(expected)) == expected


@pytest.mark.parametrize(("inserted", "place"), BAD_EDITS, ids=[ascii(each) for each in BAD_EDITS])
async def test_an_edit_out_of_range_or_of_odd_characters_is_applied_as_the_reference_does(
    talk: Session,
    scorer: heatline.Scorer,
    uri: str,
    inserted: str,
    place: tuple[int, int, int, int],
) -> None:
    talk.open(uri, TEXT)
    talk.edit(uri, 2, edit(inserted, place))
    await shown(talk, scorer, uri, 2, edited(TEXT, inserted, place, talk.encoding))


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
async def test_odd_texts_are_understood(talk: Session, scorer: heatline.Scorer, uri: str, text: str) -> None:
    talk.open(uri, text)
    await shown(talk, scorer, uri, 1, text)


@pytest.mark.parametrize("versions", [(3, 2, 1), (2, 2, 2), (0, 0, 5), (-1, FAR, 3)], ids=str)
async def test_versions_out_of_order_or_repeated_leave_the_newest_text(
    talk: Session, scorer: heatline.Scorer, uri: str, versions: tuple[int, ...]
) -> None:
    """The last edit's version is the one that is shown, with the text that all edits together make."""
    talk.open(uri, TEXT)
    text = TEXT
    for number, version in enumerate(versions):
        talk.edit(uri, version, edit(f"c{number} = 3\n", (0, 0, 0, 0)))
        text = f"c{number} = 3\n{text}"
    await shown(talk, scorer, uri, versions[-1], text)


async def test_a_document_may_be_closed_while_it_is_scored(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.open(uri, "a = 1\n" * 300)
    talk.close(uri)
    talk.open(uri, TEXT)
    await shown(talk, scorer, uri, 1, TEXT)


async def test_a_document_opened_twice_has_the_second_text(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.open(uri, "x = 1\n")
    talk.open(uri, TEXT, version=7)
    talk.edit(uri, 8, edit("y = 2\n", (0, 0, 0, 0)))
    await shown(talk, scorer, uri, 8, f"y = 2\n{TEXT}")


async def test_edits_and_closes_of_what_is_not_open_are_ignored(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.edit("file:///never.py", 2, edit("x", (0, 0, 0, 0)))
    talk.close("file:///never.py")
    talk.close("file:///never.py")
    talk.open(uri, TEXT)
    await shown(talk, scorer, uri, 1, TEXT)


async def test_one_line_of_a_megabyte_is_left_alone(talk: Session, scorer: heatline.Scorer, uri: str) -> None:
    """It is no code that a person wrote; when it is cut short it is scored."""
    talk.open(uri, "x = '" + "a" * 1_000_000 + "'\n")
    talk.edit(uri, 2, edit(TEXT, (0, 0, 1, 0)))
    await shown(talk, scorer, uri, 2, TEXT)


async def test_an_unknown_language_is_scored_as_plain_text(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    unknown = uri.replace(".py", ".klingon")
    talk.open(unknown, TEXT, "klingon")
    expected = expected_diagnostics(scorer, TEXT, talk.encoding, "klingon")
    assert await talk.diagnostics(unknown, 1, 2) == expected


BROKEN_MESSAGES = {
    "no JSON": b"{ nonsense",
    "no object": b"[1, 2, 3]",
    "null": b"null",
    "no method": b'{"jsonrpc": "2.0", "id": 77}',
    "another version": b'{"jsonrpc": "1.0", "id": 78, "method": "shutdown"}',
    "params of the wrong form": b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"x": 1}}',
    "an answer to nothing": b'{"jsonrpc": "2.0", "id": "never asked", "result": null}',
    "bytes that are no UTF-8": b'{"jsonrpc": "2.0", "method": "\xff\xfe"}',
    "an empty body": b"",
}


@pytest.mark.parametrize("body", BROKEN_MESSAGES.values(), ids=BROKEN_MESSAGES)
async def test_malformed_messages_are_survived(
    talk: Session, scorer: heatline.Scorer, uri: str, body: bytes
) -> None:
    talk.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    talk.open(uri, TEXT)
    await shown(talk, scorer, uri, 1, TEXT)


async def test_unknown_methods_are_refused_or_ignored(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    for method in ("heatline/nonsense", "textDocument/nonsense"):
        with pytest.raises(JsonRpcMethodNotFound):
            await talk.client.protocol.send_request_async(method, {"a": [1]})
    talk.client.protocol.notify("heatline/nonsense", {"a": 1})
    talk.client.protocol.notify("$/nonsense", None)
    talk.open(uri, TEXT)
    await shown(talk, scorer, uri, 1, TEXT)


@pytest.mark.parametrize(
    "params", [None, [], {"textDocument": 3}, {"textDocument": {"uri": "x"}}, "text"], ids=str
)
async def test_malformed_params_are_answered_with_an_error(
    talk: Session, scorer: heatline.Scorer, uri: str, params: Any
) -> None:
    with pytest.raises(JsonRpcInvalidParams):
        await talk.ask("textDocument/hover", params)
    talk.open(uri, TEXT)
    await shown(talk, scorer, uri, 1, TEXT)


@pytest.mark.parametrize("params", [None, 3, {}, {"textDocument": {"uri": 3}, "ranges": 3}], ids=str)
async def test_malformed_notifications_are_survived(
    talk: Session, scorer: heatline.Scorer, uri: str, params: Any
) -> None:
    talk.client.protocol.notify("heatline/inserted", params)
    talk.open(uri, TEXT)
    await shown(talk, scorer, uri, 1, TEXT)


@SERVER_IN_PROC
async def test_a_worker_killed_while_it_works_is_replaced(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    """Nothing that was open is lost, and an edit made meanwhile counts."""
    other = uri.replace(".py", "_other.py")
    talk.open(uri, TEXT)
    await shown(talk, scorer, uri, 1, TEXT)
    talk.open(other, "a = 1\n" * 200)
    os.kill(await worker_of(talk.process.pid), signal.SIGKILL)
    talk.edit(uri, 2, edit("y = 2\n", (0, 0, 0, 0)))
    texts = {uri: f"y = 2\n{TEXT}", other: "a = 1\n" * 200}
    expected = {each: expected_diagnostics(scorer, text, talk.encoding) for each, text in texts.items()}
    wanted = {uri: (2, len(expected[uri])), other: (1, len(expected[other]))}
    assert await talk.all_diagnostics(wanted) == expected


async def test_a_client_that_never_answers_holds_nothing_up(talk: Session) -> None:
    """One kind of client is asked for its configuration and is silent, in this and in all other tests here."""
    declared = talk.client.capabilities
    assert declared is not None
    asked = declared.workspace is not None and declared.workspace.configuration
    if asked and talk.silent:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while types.WORKSPACE_CONFIGURATION not in talk.asked:
                await asyncio.sleep(0.01)
    assert talk.asked == [] or talk.silent


@pytest.mark.asyncio(loop_scope="function")
async def test_ten_thousand_lines_are_scored(session: Session) -> None:
    """With an edit in their middle that comes meanwhile."""
    await session.initialize(experimental={"heatlineHeat": True})
    text = "x = 1\n\n\ndef f(a):\n    return a\n" * 2_000
    uri = "file:///nowhere/long.py"
    session.open(uri, text)
    session.edit(uri, 2, edit("z = 3\n", (5_000, 0, 5_000, 0)))
    heat = await session.heat(lambda params: params.version == 2 and params.pending is None)
    written = [number for number, line in enumerate(text.splitlines()) if line]
    expected = sorted([number + (number >= 5_000) for number in written] + [5_000])
    assert [line.line for line in heat.lines] == expected


@SERVER_IN_PROC
@pytest.mark.asyncio(loop_scope="function")
async def test_a_killed_client_takes_server_and_worker_with_it(served_environment: dict[str, str]) -> None:
    """The client is killed without a word while a document is being scored."""
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CLIENT, *SERVE, "--stdio"),
        stdout=subprocess.PIPE,
        env=served_environment,
    )
    assert client.stdout is not None
    server = int(await client.stdout.readline())
    worker = await worker_of(server)
    client.kill()
    await client.wait()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while alive(server) or alive(worker):
            await asyncio.sleep(0.02)


_CLIENT = """
import json, subprocess, sys, time

server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

def send(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    server.stdin.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
    server.stdin.flush()

send(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
send(method="initialized", params={})
document = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "a = 1\\n" * 5000}
send(method="textDocument/didOpen", params={"textDocument": document})
print(server.pid, flush=True)
time.sleep(3600)
"""


@pytest.mark.asyncio(loop_scope="function")
async def test_the_end_of_the_input_in_the_middle_of_a_message_is_the_end_of_the_server(
    served_environment: dict[str, str],
) -> None:
    server = await asyncio.create_subprocess_exec(
        *SERVE,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=served_environment,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        await server.communicate(b'Content-Length: 90\r\n\r\n{"jsonrpc": "2.0", ')
    assert server.returncode is not None
