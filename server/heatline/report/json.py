"""The JSON report; `docs/json.md` and `docs/json.schema.json` say what each field means.

Offsets are code points of the file's text.  No code is in it unless it was asked for, so that a report can be
kept or sent where the code may not go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from heatline.report.checked import CheckedFile, FailedFile, Run, Write, lines_within
from heatline.scoring.result import ScoredLine, ScoredScope, ScoredSpan

SCHEMA_VERSION = 1
_DIGITS = 6
"""Of risks, as ``:.6f`` in what is put together as text."""


class JsonReport:
    """Writes the report as one line of ASCII JSON; ``with_text`` adds the text of lines and tokens."""

    def __init__(self, run: Run, write: Write, *, with_text: bool = False) -> None:
        self._run = run
        self._write = write
        self._with_text = with_text
        self._files = 0
        self._failures: list[FailedFile] = []
        head = json.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "heatline_version": run.provenance.heatline,
                "supervisor": run.provenance.supervisor,
                "probe": run.provenance.probe,
                "bundle_hash": run.provenance.bundle_hash,
                "threshold": run.flagging.threshold,
                "threshold_scale": "unscaled" if run.flagging.on_unscaled else "scaled",
            }
        )
        write(head[:-1] + ', "files": [')

    def file(self, file: CheckedFile) -> None:
        separator = ", " if self._files else ""
        self._write(separator + _file(file, self._with_text))
        self._files += 1

    def failure(self, failed: FailedFile) -> None:
        self._failures.append(failed)

    def end(self) -> None:
        errors = [{"path": failed.name, "message": failed.message} for failed in self._failures]
        self._write(f'], "errors": {json.dumps(errors)}}}\n')


def _file(file: CheckedFile, with_text: bool) -> str:
    """One member of the report's ``files``.

    Its lines and tokens are put together as text: there may be millions, and as dictionaries they took half of the
    time of a check that has everything in its cache.
    """
    tokens = _spans(file, file.scored.tokens, with_text)
    lines = ", ".join(
        _line(file, line, members, tokens)
        for line, members in zip(file.lines, _spans(file, file.lines, with_text), strict=True)
    )
    flagged = file.flagged_lines()
    scopes = json.dumps([_scope(file, scope, flagged) for scope in file.scored.scopes])
    return f'{{"path": {json.dumps(file.name)}, "lines": [{lines}], "scopes": {scopes}}}'


def _line(file: CheckedFile, line: ScoredLine, members: str, tokens: Sequence[str]) -> str:
    quiet = file.quiet.get(line.line)
    because = f', "quiet": "{quiet}"' if quiet else ""
    inside = ", ".join([f"{{{token}}}" for token in tokens[line.tokens[0] : line.tokens[1]]])
    return (
        f'{{"line": {line.line + 1}, {members}, "flagged": {"true" if line.line in file.flagged else "false"}'
        f'{because}, "tokens": [{inside}]}}'
    )


def _spans(file: CheckedFile, spans: Sequence[ScoredSpan], with_text: bool) -> list[str]:
    """The members that every span has, without brackets."""
    if with_text:
        return [
            f'"start": {span.start}, "end": {span.end}, "text": {json.dumps(file.text[span.start : span.end])}, '
            f'"risk": {1.0 - span.confidence:.6f}, "unscaled_risk": {1.0 - span.unscaled_confidence:.6f}'
            for span in spans
        ]
    return [
        f'"start": {span.start}, "end": {span.end}, '
        f'"risk": {1.0 - span.confidence:.6f}, "unscaled_risk": {1.0 - span.unscaled_confidence:.6f}'
        for span in spans
    ]


def _scope(file: CheckedFile, scope: ScoredScope, flagged: Sequence[ScoredLine]) -> dict[str, Any]:
    return {
        "name": scope.name,
        "kind": scope.kind,
        "first_line": scope.first_line + 1,
        "last_line": scope.last_line + 1,
        "start": scope.start,
        "end": scope.end,
        "risk": round(scope.risk, _DIGITS),
        "unscaled_risk": round(scope.unscaled_risk, _DIGITS),
        "flagged_lines": len(lines_within(flagged, scope)),
    }
