"""VS Code asks a model for a second opinion: only once that is turned on, and only after the person agreed."""

from __future__ import annotations

from pathlib import Path

import pytest

import heatline
from heatline.lsp.wording import percent
from tests.editors.chromium_window import CodeServer
from tests.editors.heat_on_screen import expected_heat
from tests.editors.vscode_version import vscode_version
from tests.editors.vscode_window import SAMPLE, change_settings, command, keep_picture, shows, until
from tests.unit.second_opinion.test_second_opinion import chat_endpoint

editor = vscode_version
pytestmark = pytest.mark.editor

DOUBTED = 7  # the line, from 0
SURE, DOUBTFUL = 0.9, 0.2


def test_a_second_opinion_is_sent_for_when_the_person_agrees_and_stands_beside_the_first(
    extension: Path, served_environment: dict[str, str], scorer: heatline.Scorer, tmp_path: Path
) -> None:
    """The question names lines, place and model; the answer is a table, the line the model doubts most on top."""
    workspace = tmp_path / "deliveries"
    workspace.mkdir()
    (workspace / "sample.py").write_text(SAMPLE, "utf-8")
    count = len(SAMPLE.splitlines())
    scored = scorer.score(SAMPLE, "python")
    answer = str([DOUBTFUL if line == DOUBTED else SURE for line in range(count)])
    with chat_endpoint(answer) as (url, asked):
        chosen = {"enabled": True, "baseUrl": url, "model": "judge"}
        change_settings(
            workspace, {f"heatline.secondOpinion.{name}": value for name, value in chosen.items()}
        )
        with CodeServer(tmp_path / "vscode", served_environment, extension) as server:
            page = server.open(workspace, "sample.py")
            shows(page, expected_heat(SAMPLE, scored))
            command(page, "Heatline: Ask for a Second Opinion…")
            question = page.locator(".notification-toast", has_text=f"Lines 1 to {count} of sample.py").first
            until(page, lambda: url in question.inner_text(), question.inner_text)
            assert asked == []
            question.get_by_role("button", name="Send").click()
            preview = page.frame_locator("iframe.webview.ready").frame_locator("#active-frame")
            first = preview.locator("tbody tr").first
            probe = next(line.risk for line in scored.lines if line.line == DOUBTED)
            cells = [str(DOUBTED + 1), percent(probe), "80 %", SAMPLE.splitlines()[DOUBTED].strip()]
            until(page, lambda: first.locator("td").all_inner_texts() == cells, first.inner_text)
            keep_picture(page, "second_opinion")
            assert len(asked) == 1
