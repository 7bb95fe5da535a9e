"""What every kind of client gets from the real server, in every encoding: three times three sessions over stdio."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types

import heatline
from heatline.lsp.wording import percent
from heatline.report.heat import BUCKETS
from tests.lsp.expectations import expected_diagnostics, units, visible_ranges
from tests.lsp.sessions import Session
from tests.property.reference_text import reference_lines

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "def f(x):\n\treturn x + '😋e\u0301' * x\n\n\nTOTAL = f(3)\n"


def position(text: str, offset: int, encoding: str) -> types.Position:
    """The client's position of a code point."""
    number, (start, _) = [
        (number, line) for number, line in enumerate(reference_lines(text)) if line[0] <= offset
    ][-1]
    return types.Position(number, units(text[start:offset], encoding))


def replaced(text: str, old: str, new: str, encoding: str) -> types.TextDocumentContentChangePartial:
    """The edit that puts ``new`` in the place of the first ``old``."""
    start = text.index(old)
    place = types.Range(position(text, start, encoding), position(text, start + len(old), encoding))
    return types.TextDocumentContentChangePartial(range=place, text=new)


async def test_diagnostics_come_one_way_only(talk: Session, scorer: heatline.Scorer, uri: str) -> None:
    """Every line, with the risk of the Python API and a range in the client's units."""
    talk.open(uri, TEXT)
    expected = expected_diagnostics(scorer, TEXT, talk.encoding)
    assert await talk.diagnostics(uri, 1, 3) == expected
    assert not (talk.pulls and talk.was_pushed_to)


async def test_edits_are_applied_in_the_clients_units(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    """Each of a notification's edits counts from the outcome of the one before it."""
    talk.open(uri, TEXT)
    edits, text = [], TEXT
    for old, new in (("e\u0301", "é世"), ("' * x", "'"), ("\n\n\nTOTAL", "\nLAST"), ("def", "# 𝄞\ndef")):
        edits.append(replaced(text, old, new, talk.encoding))
        text = text.replace(old, new, 1)
    talk.edit(uri, 2, *edits)
    assert await talk.diagnostics(uri, 2, 4) == expected_diagnostics(scorer, text, talk.encoding)


async def test_a_burst_of_edits_ends_in_the_last_text(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.open(uri, TEXT)
    text = TEXT
    for version in range(2, 12):
        talk.edit(uri, version, replaced(text, "😋", f"😋{version}", talk.encoding))
        text = text.replace("😋", f"😋{version}")
    assert await talk.diagnostics(uri, 11, 3) == expected_diagnostics(scorer, text, talk.encoding)


async def test_a_whole_new_text_takes_the_place_of_the_old(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.open(uri, TEXT)
    talk.edit(uri, 2, types.TextDocumentContentChangeWholeDocument(text="y = '😋'\n"))
    assert await talk.diagnostics(uri, 2, 1) == expected_diagnostics(scorer, "y = '😋'\n", talk.encoding)


async def test_a_hover_shows_the_risk_of_its_line(talk: Session, scorer: heatline.Scorer, uri: str) -> None:
    talk.open(uri, TEXT)
    await talk.diagnostics(uri, 1, 3)
    at = position(TEXT, TEXT.index("* x"), talk.encoding)
    hover = await talk.hover(uri, at.line, at.character)
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.range == visible_ranges(TEXT, talk.encoding)[1]
    assert hover.contents.value.startswith(f"**Risk {percent(scorer.score(TEXT, 'python').lines[1].risk)}**")
    assert "- token `*`" in hover.contents.value


async def test_the_risk_of_a_span_is_that_of_the_python_api(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.open(uri, TEXT)
    await talk.diagnostics(uri, 1, 3)
    start = TEXT.index("'😋")
    end = TEXT.index(" * x")
    edges = [position(TEXT, offset, talk.encoding) for offset in (start, end)]
    answer = await talk.client.protocol.send_request_async(
        "heatline/spanConfidence",
        {"textDocument": {"uri": uri}, "range": types.Range(*edges)},
    )
    expected = scorer.score(TEXT, "python").span(start, end)
    assert (answer.risk, answer.unscaledRisk) == (round(expected.risk, 6), round(expected.unscaled_risk, 6))


async def test_what_can_be_done_about_a_line(talk: Session, uri: str) -> None:
    talk.open(uri, TEXT)
    await talk.diagnostics(uri, 1, 3)
    actions = await talk.code_actions(uri, 1)
    assert [action.title for action in actions] == [
        "Mark as reviewed",
        "Ignore this line",
        "Ignore function f",
        "Ignore this file",
        "Explain this risk",
    ]


async def test_a_line_is_ignored_by_the_edit_of_its_action(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.open(uri, TEXT)
    await talk.diagnostics(uri, 1, 3)
    (ignore,) = [each for each in await talk.code_actions(uri, 1) if each.title == "Ignore this line"]
    assert ignore.edit is not None
    assert ignore.edit.changes is not None
    (edit,) = ignore.edit.changes[uri]
    text = TEXT.replace("* x", "* x  # heatline: ignore")
    talk.edit(uri, 2, types.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text))
    first, _, last = expected_diagnostics(scorer, text, talk.encoding)
    assert await talk.diagnostics(uri, 2, 2) == [first, last]


async def test_a_reviewed_line_is_quiet_until_the_mark_is_taken_back(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.open(uri, TEXT)
    first, second, third = await talk.diagnostics(uri, 1, 3)
    (mark,) = [each for each in await talk.code_actions(uri, 1) if each.title == "Mark as reviewed"]
    assert mark.command is not None
    assert await run(talk, mark.command) == {"lines": 1}
    assert await talk.diagnostics(uri, 1, 2) == [first, third]
    (unmark,) = [each for each in await talk.code_actions(uri, 1) if each.title == "Mark as not reviewed"]
    assert unmark.command is not None
    assert await run(talk, unmark.command) == {"lines": 1}
    assert await talk.diagnostics(uri, 1, 3) == [first, second, third]


async def run(talk: Session, command: types.Command) -> Any:
    return plain(await talk.command(command.command, *(command.arguments or ())))


def plain(answer: Any) -> Any:
    """A result as a dictionary: the client makes a named tuple of it."""
    return answer._asdict() if hasattr(answer, "_asdict") else answer


async def test_the_toggle_shows_the_other_scaling_at_once(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    """Pushed, or pulled again because the server asks for it."""
    talk.open(uri, TEXT)
    scaled = await talk.diagnostics(uri, 1, 3)
    talk.refreshed.clear()
    assert await talk.toggle() == "unscaled"
    if talk.pulls:
        await talk.refreshed.wait()
    unscaled = await talk.diagnostics(uri, 1, 3)
    assert [each.message.split(":")[0] for each in unscaled] == [
        f"unscaled risk {percent(line.unscaled_risk)}" for line in scorer.score(TEXT, "python").lines
    ]
    assert await talk.toggle() == "scaled"
    assert await talk.diagnostics(uri, 1, 3) == scaled


async def test_the_next_risky_line_is_the_one_below(talk: Session, uri: str) -> None:
    talk.open(uri, TEXT)
    await talk.diagnostics(uri, 1, 3)
    found = plain(await talk.command("heatline.nextRiskyLine", uri, types.Position(1, 0)))
    assert (found["text"], found["range"]["start"]["line"]) == ("TOTAL = f(3)", 4)


async def test_an_explanation_names_what_raises_the_risk(talk: Session, uri: str) -> None:
    talk.open(uri, TEXT)
    await talk.diagnostics(uri, 1, 3)
    found = plain(await talk.command("heatline.explain", uri, types.Range(*[types.Position(1, 1)] * 2)))
    assert set(found) == {"markdown", "range", "risk", "unscaledRisk", "tokens"}


async def test_heat_is_for_clients_that_draw_it_in_their_units(
    talk: Session, scorer: heatline.Scorer, uri: str
) -> None:
    talk.open(uri, TEXT)
    await talk.diagnostics(uri, 1, 3)
    if not talk.draws_heat:
        assert not talk.was_sent_heat
        return
    heat = await talk.heat(lambda params: params.uri == uri and params.pending is None)
    scored = scorer.score(TEXT, "python")
    assert [(line.line, line.risk) for line in heat.lines] == [
        (line.line, round(line.risk, 6)) for line in scored.lines
    ]
    expected = []
    for token in scored.tokens:
        text = TEXT[token.start : token.end]
        start = token.start + len(text) - len(text.lstrip())
        bucket = sum(token.risk >= edge for edge in BUCKETS)
        if bucket and text.strip():
            at = position(TEXT, start, talk.encoding)
            expected.append([at.line, at.character, units(text.strip(), talk.encoding), bucket])
    assert [list(row) for row in heat.tokens] == expected


async def test_a_closed_document_has_no_diagnostics(talk: Session, uri: str) -> None:
    talk.open(uri, TEXT)
    await talk.diagnostics(uri, 1, 3)
    talk.close(uri)
    if talk.pulls:
        assert await talk.diagnostics(uri, 1, 0) == []
    else:
        assert await talk.published(lambda params: params.uri == uri and not params.diagnostics)
