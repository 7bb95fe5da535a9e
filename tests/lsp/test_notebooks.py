"""Notebooks: their cells are documents, their magics are no code."""

from __future__ import annotations

import asyncio

import pytest

from tests.lsp.playing import Editor, span
from tests.lsp.playing_clients import VSCODE, diagnostics


async def test_cells_of_a_notebook_are_documents_without_their_magics(editor: Editor) -> None:
    await editor.start(VSCODE)
    cells = [
        ("one", "python", "%pip install bad\nx = bad\n"),
        ("two", "markdown", "# bad\n"),
        ("three", "python", "%%bash\nbad\n"),
    ]
    uris = [f"vscode-notebook-cell:/n.ipynb#{name}" for name, _, _ in cells]
    notebook = {
        "uri": "file:///n.ipynb",
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": [
            {"kind": 1 if language == "markdown" else 2, "document": uri}
            for uri, (_, language, _) in zip(uris, cells, strict=True)
        ],
    }
    documents = [
        {"uri": uri, "languageId": language, "version": 1, "text": text}
        for uri, (_, language, text) in zip(uris, cells, strict=True)
    ]
    editor.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": documents})
    found = [[each["range"] for each in await diagnostics(editor, VSCODE, 1, uri)] for uri in uris]
    assert found == [[span(1, 0, 1, 7)], [], []]
    change = {
        "textContent": [
            {
                "document": {"uri": uris[0], "version": 2},
                "changes": [{"range": span(1, 4, 1, 7), "text": "worse"}],
            }
        ]
    }
    editor.notify(
        "notebookDocument/didChange",
        {"notebookDocument": {"uri": "file:///n.ipynb", "version": 2}, "change": {"cells": change}},
    )
    assert [each["range"] for each in await diagnostics(editor, VSCODE, 2, uris[0])] == [span(1, 0, 1, 9)]
    editor.notify(
        "notebookDocument/didClose",
        {"notebookDocument": {"uri": "file:///n.ipynb"}, "cellTextDocuments": [{"uri": uri} for uri in uris]},
    )
    assert await diagnostics(editor, VSCODE, 2, uris[0]) == []


async def test_a_cell_is_read_with_the_imports_of_those_above_it(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only of cells in its language; and anew when they change."""
    monkeypatch.setattr("heatline.lsp.notebook_sync.IMPORT_SECONDS", 0.0)
    await editor.start(VSCODE)
    texts = {
        "one": ("python", "%pip install x\nimport os\nx = 1\n"),
        "two": ("javascript", "import a from 'a';\n"),
        "three": ("python", "import re\ny = bad\n"),
        "four": ("python", "z = bad\n"),
    }
    uris = {name: f"vscode-notebook-cell:/n.ipynb#{name}" for name in texts}
    documents = [
        {"uri": uris[name], "languageId": language, "version": 1, "text": text}
        for name, (language, text) in texts.items()
    ]
    notebook = {
        "uri": "file:///n.ipynb",
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": [{"kind": 2, "document": uri} for uri in uris.values()],
    }
    editor.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": documents})
    for uri in uris.values():
        await editor.scored(uri)
    assert {job.uri.rpartition("#")[2]: job.above for job in editor.worker.jobs} == {
        "one": "",
        "two": "",
        "three": "import os",
        "four": "import os\nimport re",
    }
    change = {
        "textContent": [
            {
                "document": {"uri": uris["one"], "version": 2},
                "changes": [{"range": span(1, 7, 1, 9), "text": "sys"}],
            }
        ]
    }
    asked = len(editor.worker.jobs)
    editor.notify(
        "notebookDocument/didChange",
        {"notebookDocument": {"uri": "file:///n.ipynb", "version": 2}, "change": {"cells": change}},
    )
    while len(editor.worker.jobs) < asked + 3:
        await asyncio.sleep(0.001)
    later = {job.uri.rpartition("#")[2]: job.above for job in editor.worker.jobs[asked:]}
    assert later == {"one": "", "three": "import sys", "four": "import sys\nimport re"}
