"""The JSON report; `docs/json.md` and `docs/json.schema.json` say what each field means.

Offsets are code points of the file's text.  No code is in it unless it was asked for, so that a report can be
kept or sent where the code may not go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from heatline.report.checked import Checked, CheckedFile, lines_within
from heatline.scoring.result import ScoredLine, ScoredScope, ScoredSpan

SCHEMA_VERSION = 1
_DIGITS = 6


def render(checked: Checked, *, with_text: bool = False) -> str:
    """The report as one line of ASCII JSON; ``with_text`` adds the text of lines and tokens."""
    return json.dumps(document(checked, with_text=with_text))


def document(checked: Checked, *, with_text: bool = False) -> dict[str, Any]:
    """The report as the object that the schema describes."""
    provenance = checked.provenance
    return {
        "schema_version": SCHEMA_VERSION,
        "heatline_version": provenance.heatline,
        "supervisor": provenance.supervisor,
        "probe": provenance.probe,
        "bundle_hash": provenance.bundle_hash,
        "threshold": checked.flagging.threshold,
        "threshold_scale": "unscaled" if checked.flagging.on_unscaled else "scaled",
        "files": [_file(checked, file, with_text) for file in checked.files],
        "errors": [{"path": failure.name, "message": failure.message} for failure in checked.failures],
    }


def _file(checked: Checked, file: CheckedFile, with_text: bool) -> dict[str, Any]:
    flagged = checked.flagged(file)
    return {
        "path": file.name,
        "lines": [_line(checked, file, line, with_text) for line in file.lines],
        "scopes": [_scope(file, scope, flagged) for scope in file.scored.scopes],
    }


def _line(checked: Checked, file: CheckedFile, line: ScoredLine, with_text: bool) -> dict[str, Any]:
    tokens = file.scored.tokens[line.tokens[0] : line.tokens[1]]
    return {
        "line": line.line + 1,
        **_span(file, line, with_text),
        "flagged": checked.flagging.flags(line),
        "tokens": [_span(file, token, with_text) for token in tokens],
    }


def _scope(file: CheckedFile, scope: ScoredScope, flagged: Sequence[ScoredLine]) -> dict[str, Any]:
    return {
        "name": scope.name,
        "kind": scope.kind,
        "first_line": scope.first_line + 1,
        "last_line": scope.last_line + 1,
        **_span(file, scope, with_text=False),
        "flagged_lines": len(lines_within(flagged, scope)),
    }


def _span(file: CheckedFile, span: ScoredSpan, with_text: bool) -> dict[str, Any]:
    text = {"text": file.text[span.start : span.end]} if with_text else {}
    return {
        "start": span.start,
        "end": span.end,
        **text,
        "risk": round(span.risk, _DIGITS),
        "unscaled_risk": round(span.unscaled_risk, _DIGITS),
    }
