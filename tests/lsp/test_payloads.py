"""Every feature's whole payload, through real messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.lsp.playing import Editor, document, span

URI = "file:///nowhere/sample.py"
TEXT = "import os\n\n\ndef f(x):\n    return bad\n\n\ndef g(x):\n    return worse\n"
RISKS = {"bad": 0.6, "worse": 0.8}

BAD = {
    "range": span(4, 4, 4, 14),
    "severity": 3,
    "code": "risky-line",
    "source": "heatline",
    "message": "risk 60 %: about 6 in 10 lines like this get edited; riskiest here: `bad`, `return`",
    "data": {"risk": 0.6, "unscaledRisk": 0.6},
}
WORSE = {
    "range": span(8, 4, 8, 16),
    "severity": 3,
    "code": "risky-line",
    "source": "heatline",
    "message": "risk 80 %: about 8 in 10 lines like this get edited; riskiest here: `worse`, `return`",
    "data": {"risk": 0.8, "unscaledRisk": 0.8},
}
RISKY_BAD = {"uri": URI, "range": span(4, 4, 4, 14), "risk": 0.6, "unscaledRisk": 0.6, "text": "return bad"}
RISKY_WORSE = {
    "uri": URI,
    "range": span(8, 4, 8, 16),
    "risk": 0.8,
    "unscaledRisk": 0.8,
    "text": "return worse",
}
PULLS = {"textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {"refreshSupport": True}}}
SHOWS = {"window": {"showDocument": {"support": True}}}


@pytest_asyncio.fixture
async def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Editor]:
    monkeypatch.setenv("HEATLINE_STATE", str(tmp_path / "state"))
    started = Editor(tmp_path, RISKS)
    yield started
    await started.end()


async def opened(
    editor: Editor, capabilities: dict[str, Any] | None = None, options: dict[str, Any] | None = None
) -> None:
    """Opens the text and waits until it is scored."""
    await editor.start(capabilities, options)
    editor.open(URI, TEXT)
    await editor.scored(URI)


async def test_pushed_diagnostics_name_the_version_and_each_flagged_line(editor: Editor) -> None:
    await opened(editor)
    assert await editor.published(1) == [BAD, WORSE]


async def test_severities_follow_the_bands(editor: Editor) -> None:
    await opened(editor, options={"severity": {"medium": "off", "high": "error"}})
    assert await editor.published(1) == [{**WORSE, "severity": 1}]


async def test_the_review_budget_leaves_the_riskiest(editor: Editor) -> None:
    await opened(editor, options={"reviewBudget": 0.2})
    assert await editor.published(1) == [WORSE]


async def test_a_pulling_client_is_not_pushed_to(editor: Editor) -> None:
    await opened(editor, PULLS)
    report = await editor.request("textDocument/diagnostic", document(URI))
    assert report == {"kind": "full", "items": [BAD, WORSE], "resultId": report["resultId"]}
    assert editor.waiting("textDocument/publishDiagnostics") == []


async def test_a_pulled_report_is_unchanged_for_the_id_it_had(editor: Editor) -> None:
    await opened(editor, PULLS)
    before = await editor.request("textDocument/diagnostic", document(URI))
    params = {**document(URI), "previousResultId": before["resultId"]}
    editor.edit(URI, 2, "import re", 0, 0, 0, 9)
    report = await editor.request("textDocument/diagnostic", params)
    assert report == {"kind": "unchanged", "resultId": before["resultId"]}


async def test_a_pull_is_answered_when_the_scores_come(editor: Editor) -> None:
    await editor.start(PULLS)
    editor.worker.held = True
    editor.open(URI, TEXT)
    answer = editor.ask("textDocument/diagnostic", document(URI))
    editor.worker.held = False
    editor.worker.release()
    assert (await editor.response(answer))["result"]["items"] == [BAD, WORSE]


async def test_a_pull_of_a_document_that_is_edited_meanwhile_is_to_be_repeated(editor: Editor) -> None:
    await editor.start(PULLS)
    editor.worker.held = True
    editor.open(URI, TEXT)
    answer = editor.ask("textDocument/diagnostic", document(URI))
    await asyncio.sleep(0)  # the request is being handled now
    editor.edit(URI, 2, "import re", 0, 0, 0, 9)
    assert (await editor.response(answer))["error"] == {
        "code": -32802,
        "message": "The document was edited; pull again.",
        "data": {"retriggerRequest": True},
    }


async def test_what_changes_without_an_edit_is_pulled_again(editor: Editor) -> None:
    editor.answer["workspace/diagnostic/refresh"] = lambda params: None
    await opened(editor, PULLS)
    await editor.request("textDocument/diagnostic", document(URI))
    await editor.command("heatline.toggleScaling")
    await editor.next("workspace/diagnostic/refresh")


async def test_each_function_has_a_lens_that_opens_its_riskiest_line(editor: Editor) -> None:
    await opened(editor)
    assert await editor.request("textDocument/codeLens", document(URI)) == [
        {
            "range": span(3, 0, 3, 0),
            "command": {
                "title": "risk 60 %, 1 risky line",
                "command": "heatline.openRiskiest",
                "arguments": [URI, span(3, 0, 4, 14)],
            },
        },
        {
            "range": span(7, 0, 7, 0),
            "command": {
                "title": "risk 80 %, 1 risky line",
                "command": "heatline.openRiskiest",
                "arguments": [URI, span(7, 0, 8, 16)],
            },
        },
    ]


async def test_inlay_hints_are_off_until_they_are_turned_on(editor: Editor) -> None:
    await opened(editor)
    params = {**document(URI), "range": span(0, 0, 5, 0)}
    assert await editor.request("textDocument/inlayHint", params) == []
    editor.notify(
        "workspace/didChangeConfiguration", {"settings": {"heatline": {"features.inlayHints": True}}}
    )
    assert await editor.request("textDocument/inlayHint", params) == [
        {
            "position": {"line": 4, "character": 14},
            "label": "60 %",
            "tooltip": "Heatline: about 6 in 10 lines like this get edited",
            "paddingLeft": True,
        }
    ]


async def test_semantic_tokens_are_not_offered_by_default(editor: Editor) -> None:
    assert "semanticTokensProvider" not in await editor.start()


async def test_semantic_tokens_carry_the_bucket_as_a_modifier(editor: Editor) -> None:
    await opened(editor, options={"features": {"semanticTokens": True}})
    whole = await editor.request("textDocument/semanticTokens/full", document(URI))
    params = {**document(URI), "range": span(7, 0, 8, 0)}
    part = await editor.request("textDocument/semanticTokens/range", params)
    assert (whole, part) == (
        {"data": [4, 11, 3, 0, 8, 4, 11, 5, 0, 16]},
        {"data": [8, 11, 5, 0, 16]},
    )


async def test_a_flagged_line_can_be_reviewed_ignored_and_explained(editor: Editor) -> None:
    await opened(editor)
    asked = span(4, 6, 4, 6)
    params = {**document(URI), "range": asked, "context": {"diagnostics": []}}
    arguments = [URI, asked]

    def edit(title: str, place: dict[str, Any], text: str) -> dict[str, Any]:
        changes = {URI: [{"range": place, "newText": text}]}
        return {"title": title, "kind": "quickfix", "diagnostics": [BAD], "edit": {"changes": changes}}

    assert await editor.request("textDocument/codeAction", params) == [
        {
            "title": "Mark as reviewed",
            "kind": "quickfix",
            "diagnostics": [BAD],
            "command": {
                "title": "Mark as reviewed",
                "command": "heatline.markReviewed",
                "arguments": arguments,
            },
        },
        edit("Ignore this line", span(4, 14, 4, 14), "  # heatline: ignore"),
        edit("Ignore function f", span(3, 0, 3, 0), "# heatline: ignore\n"),
        edit("Ignore this file", span(0, 0, 0, 0), "# heatline: ignore-file\n"),
        {
            "title": "Explain this risk",
            "kind": "source.heatline.explain",
            "command": {
                "title": "Explain this risk",
                "command": "heatline.explain",
                "arguments": arguments,
            },
        },
    ]


async def test_only_the_kinds_that_are_wanted_are_offered(editor: Editor) -> None:
    await opened(editor)
    context = {"diagnostics": [], "only": ["source.heatline"]}
    params = {**document(URI), "range": span(4, 0, 4, 5), "context": context}
    actions = await editor.request("textDocument/codeAction", params)
    assert [action["title"] for action in actions] == ["Explain this risk", "Score the selection"]


@pytest.mark.parametrize(
    ("place", "text", "left"),
    [
        ((4, 14), "  # heatline: ignore", [WORSE["message"]]),
        ((3, 0), "# heatline: ignore\n", [WORSE["message"]]),
        ((0, 0), "# heatline: ignore-file\n", []),
    ],
)
async def test_what_an_ignore_action_writes_is_heeded(
    editor: Editor, place: tuple[int, int], text: str, left: list[str]
) -> None:
    await opened(editor)
    editor.edit(URI, 2, text, *place)
    assert [each["message"] for each in await editor.published(2)] == left


async def test_a_reviewed_line_is_quiet_until_the_mark_is_taken_back(editor: Editor) -> None:
    await opened(editor)
    assert await editor.published(1) == [BAD, WORSE]
    assert await editor.command("heatline.markReviewed", URI, span(4, 0, 5, 0)) == {"lines": 1}
    assert await editor.published(1) == [WORSE]
    params = {
        **document(URI),
        "range": span(4, 0, 4, 0),
        "context": {"diagnostics": [], "only": ["quickfix"]},
    }
    (action,) = await editor.request("textDocument/codeAction", params)
    assert action["title"] == "Mark as not reviewed"
    assert await editor.command("heatline.unmarkReviewed", URI, span(4, 0, 4, 0)) == {"lines": 1}
    assert await editor.published(1) == [BAD, WORSE]


async def test_a_mark_outlives_the_server_and_a_move_of_the_line(editor: Editor, tmp_path: Path) -> None:
    await opened(editor)
    await editor.command("heatline.markReviewed", URI, span(4, 0, 4, 0))
    later = Editor(tmp_path / "later", RISKS)
    await later.start()
    later.open(URI, f"# above\n{TEXT}")
    assert [each["range"]["start"]["line"] for each in await later.published(1)] == [9]
    await later.end()


@pytest.mark.parametrize(
    ("command", "line", "expected"),
    [
        ("heatline.nextRiskyLine", 0, RISKY_BAD),
        ("heatline.nextRiskyLine", 4, RISKY_WORSE),
        ("heatline.nextRiskyLine", 8, RISKY_BAD),
        ("heatline.previousRiskyLine", 8, RISKY_BAD),
        ("heatline.previousRiskyLine", 4, RISKY_WORSE),
    ],
)
async def test_the_next_risky_line_goes_around_the_document(
    editor: Editor, command: str, line: int, expected: dict[str, Any]
) -> None:
    editor.answer["window/showDocument"] = lambda params: {"success": True}
    await opened(editor, SHOWS)
    assert await editor.command(command, URI, {"line": line, "character": 0}) == expected
    assert await editor.next("window/showDocument") == {
        "uri": URI,
        "external": False,
        "takeFocus": True,
        "selection": expected["range"],
    }


async def test_the_riskiest_line_of_a_range_is_opened(editor: Editor) -> None:
    await opened(editor)
    assert await editor.command("heatline.openRiskiest", URI) == RISKY_WORSE
    assert await editor.command("heatline.openRiskiest", URI, span(3, 0, 4, 9)) == RISKY_BAD
    assert await editor.command("heatline.openRiskiest", URI, span(0, 0, 1, 0)) is None


async def test_an_explanation_says_every_tokens_share(editor: Editor) -> None:
    await opened(editor)
    assert await editor.command("heatline.explain", URI, span(4, 6, 4, 6)) == {
        "tokens": ["bad"],
        "markdown": "**Risk 60 %** (line of `return bad`): about 6 in 10 lines like this get edited.\n\n"
        "Scaled 60 %, unscaled 60 %.\n\n"
        "Each token's exact share of the unscaled risk, in log-odds; they and the bias (-0.00) add up to it:\n\n"
        "| token | share |\n|---|---|\n| `bad` | +0.41 |",
        "range": span(4, 4, 4, 14),
        "risk": 0.6,
        "unscaledRisk": 0.6,
    }


@pytest.mark.parametrize(
    ("capabilities", "told"), [({}, True), ({"experimental": {"heatlineStatus": True}}, False)]
)
async def test_an_explanation_is_a_message_where_the_client_shows_no_other(
    editor: Editor, capabilities: dict[str, Any], told: bool
) -> None:
    await opened(editor, capabilities)
    await editor.command("heatline.explain", URI, span(4, 6, 4, 6))
    said = [each["message"] for each in editor.waiting("window/showMessage")]
    sentence = "Heatline: risk 60 %, about 6 in 10 lines like this get edited; what raises it most: bad."
    assert said == ([sentence] if told else [])


async def test_a_scored_selection_counts_as_generated(editor: Editor) -> None:
    await opened(editor, options={"scope": "inserted"})
    assert await editor.published(1) == []
    answer = await editor.command("heatline.scoreSelection", URI, span(4, 0, 4, 14))
    assert (answer["level"], answer["risk"]) == ("line", 0.6)
    assert await editor.published(1) == [BAD]
    assert (await editor.next("window/showMessage"))[
        "message"
    ] == "Heatline: the selection has a risk of 60 %."


async def test_an_insertion_counts_as_generated_and_typing_does_not(editor: Editor) -> None:
    await opened(editor, options={"scope": "inserted"})
    assert await editor.published(1) == []
    editor.edit(URI, 2, "def h(x):\n    return bad\n\n", 2, 0)
    assert [each["range"] for each in await editor.published(2)] == [span(3, 4, 3, 14)]


async def test_a_client_may_say_what_was_inserted(editor: Editor) -> None:
    await opened(editor, options={"scope": "inserted"})
    assert await editor.published(1) == []
    old = {"textDocument": {"uri": URI, "version": 0}, "ranges": [span(8, 0, 8, 9)]}
    editor.notify("heatline/inserted", old)
    editor.notify(
        "heatline/inserted", {"textDocument": {"uri": URI, "version": 1}, "ranges": [span(4, 0, 4, 9)]}
    )
    assert await editor.published(1) == [BAD]


async def test_the_report_is_a_page_with_the_flagged_lines(editor: Editor) -> None:
    await opened(editor)
    answer = await editor.command("heatline.showReport", URI)
    page = Path(answer["uri"].removeprefix("file://"))
    text = page.read_text("utf-8")
    page.unlink()
    assert "sample.py" in text
    assert "2 flagged" in text or "2 of 5 lines flagged" in text


async def test_rescoring_asks_the_worker_again(editor: Editor) -> None:
    await opened(editor)
    asked = len(editor.worker.jobs)
    assert await editor.command("heatline.rescore") == {"documents": 1}
    await editor.scored(URI)
    assert len(editor.worker.jobs) == asked + 1


async def test_a_restart_gives_the_documents_to_a_new_worker(editor: Editor) -> None:
    await opened(editor)
    assert await editor.command("heatline.restart") is None
    await editor.scored(URI)
    assert [job.uri for job in editor.workers[1].jobs] == [URI]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("heatline.explain", []),
        ("heatline.explain", [URI]),
        ("heatline.explain", [URI, {"start": 3}]),
        ("heatline.nextRiskyLine", [URI, {"line": -1, "character": 0}]),
        ("heatline.markReviewed", [3, span(0, 0, 0, 0)]),
        ("heatline.nonsense", []),
    ],
)
async def test_bad_arguments_are_refused(editor: Editor, command: str, arguments: list[Any]) -> None:
    await opened(editor)
    params = {"command": command, "arguments": arguments}
    assert (await editor.error("workspace/executeCommand", params))["code"] == -32602


async def test_a_status_says_what_is_going_on(editor: Editor) -> None:
    await opened(editor, {"experimental": {"heatlineStatus": True}})
    assert await editor.next("heatline/status", lambda status: status["state"] == "idle") == {
        "state": "idle",
        "supervisor": "none",
        "probe": "handmade",
        "scaling": "scaled",
        "basis": None,
        "device": None,
        "pending": 0,
        "worst": RISKY_WORSE,
        "message": None,
    }


async def test_another_device_than_was_asked_for_is_logged_once_and_stands_in_the_status(
    editor: Editor,
) -> None:
    await opened(editor, {"experimental": {"heatlineStatus": True}})
    warning = "The card is broken. The processor is used instead."
    for _ in range(2):
        editor.worker.opens_model("cpu", warning)
    status = await editor.next("heatline/status", lambda status: status["device"] == "cpu")
    assert status["message"] == warning
    assert await editor.next("window/logMessage") == {"type": 2, "message": warning}
    assert editor.waiting("window/logMessage") == []


async def test_a_failure_is_said_and_stands_in_the_status(editor: Editor) -> None:
    editor.failure = "There is no supervisor. Fetch one."
    await editor.start({"experimental": {"heatlineStatus": True}})
    editor.open(URI, TEXT)
    status = await editor.next("heatline/status", lambda status: status["state"] == "failed")
    message = await editor.next("window/showMessage")
    assert (status["message"], message) == (editor.failure, {"type": 1, "message": editor.failure})
