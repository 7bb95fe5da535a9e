"""The command ``heatline.showReport``: what is shown of open documents as a page, in a temporary file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from heatline.lsp.document_place import path_of
from heatline.lsp.shown_document import ShownDocument
from heatline.report.checked import CheckedFile, Flagging, Provenance, Quiet, Run
from heatline.report.html import HtmlReport

if TYPE_CHECKING:
    from heatline.lsp.language_server import HeatlineServer


async def write_report(server: HeatlineServer, documents: Sequence[ShownDocument]) -> str:
    """Writes the page; its URI. The file stays until the system clears temporary files: it is being read."""
    probe = server.link.probe
    assert probe is not None, "what is shown was scored with a probe"
    policy = documents[0].policy
    run = Run(
        Provenance(server.version, probe.card.supervisor, probe.name, probe.bundle_hash),
        Flagging(policy.limit, on_unscaled=policy.decides_on == "unscaled"),
        unscaled=policy.scaling == "unscaled",
    )
    folders = [path for _, path in server.configuration.folders]
    files = [checked_file(shown, folders) for shown in documents]
    return await asyncio.to_thread(_write, run, files)


def checked_file(shown: ShownDocument, folders: Sequence[Path]) -> CheckedFile:
    """What is shown of a document, as reports take it; ``folders`` are what its name is relative to."""
    path = path_of(shown.uri)
    name = shown.uri if path is None else str(path)
    for folder in folders:
        if path is not None and path.is_relative_to(folder):
            name = path.relative_to(folder).as_posix()
    lines = tuple(shown.scored.lines_shown())
    quiet: dict[int, Quiet] = {}
    for line in lines:
        if line.line in shown.notes.ignored:
            quiet[line.line] = "ignored"
        elif line.line in shown.notes.reviewed:
            quiet[line.line] = "reviewed"
    flagged = frozenset(flag.line.line for flag in shown.flags)
    text = shown.scored.document.scorable_text
    return CheckedFile(name, text, shown.scored.scored, lines, flagged, quiet, path)


def _write(run: Run, files: Sequence[CheckedFile]) -> str:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="heatline-", suffix=".html", delete=False
    ) as page:
        report = HtmlReport(run, page.write)
        for file in files:
            report.file(file)
        report.end()
    return Path(page.name).as_uri()
