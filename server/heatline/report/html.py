"""A page that shows the heat of every token, for people without an editor at hand: one file, no network.

Each file's text and risks are in a block of JSON, which the page's script draws when the file is opened.  The page's
policy lets nothing run but that one script, and code in it is never markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files as package_files

from heatline.report.checked import CheckedFile, FailedFile, Run, Write
from heatline.report.heat import bucket, percent, printable
from heatline.report.ranking import Total, count
from heatline.report.source_line import SourceLine, source_lines
from heatline.scoring.result import ScoredLine, ScoredScope, ScoredSpan, ScoredToken

_MOST_LISTED = 200


class HtmlReport:
    """Writes the page file by file."""

    def __init__(self, run: Run, write: Write) -> None:
        self._run = run
        self._write = write
        self._total = Total()
        self._failures: list[FailedFile] = []
        self._script = _asset("report.js")
        write(_head(run, _asset("report.css"), self._script))

    def file(self, file: CheckedFile) -> None:
        number = self._total.files
        self._total.add(self._run, file)
        self._write(_file(self._run, file, f"f{number}"))

    def failure(self, failed: FailedFile) -> None:
        self._failures.append(failed)

    def end(self) -> None:
        total = self._total
        at = percent(self._run.flagging.threshold) + (" unscaled" if self._run.flagging.on_unscaled else "")
        counted = f"{count(total.lines, 'line')} in {count(total.files, 'file')}"
        summary = f"{counted}: {total.flagged:,} flagged (at or above {at})."
        provenance = self._run.provenance
        made_by = (
            f"Heatline {provenance.heatline}, supervisor {provenance.supervisor}, probe {provenance.probe}."
        )
        failures = "".join(f"<li>{_text(failed.message)}</li>\n" for failed in self._failures)
        problems = f"<h2>Not checked</h2>\n<ul>\n{failures}</ul>\n" if failures else ""
        self._write(
            f'</main>\n<footer>\n{problems}<p id="total">{_text(summary)}</p>\n'
            f'<p class="faint">{_text(made_by)}</p>\n</footer>\n'
            f'<div id="detail" role="status" aria-live="polite"></div>\n'
            f"<script>{self._script}</script>\n</body>\n</html>\n"
        )


def _head(run: Run, style: str, script: str) -> str:
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    least = round(100 * run.flagging.threshold)
    meaning = (
        "Risk is the calibrated probability that a line is edited before the code does what was meant; confidence "
        "is the rest. Of lines with a risk near 30 %, about three in ten get edited. Unscaled figures are the "
        "probe's own: they rank, but aren't frequencies."
    )
    chosen = [" selected" if run.unscaled == unscaled else "" for unscaled in (False, True)]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Heatline report</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>Heatline report</h1>
<p id="summary"></p>
<p class="faint">{_text(meaning)}</p>
<noscript><p>The flagged lines are listed below; with scripts allowed, the page shows the heat of every token.</p></noscript>
</header>
<form id="controls" hidden aria-label="What is shown">
<label>Risk from <input type="range" id="least" min="0" max="100" value="{least}"> <output id="level" for="least">{least} %</output></label>
<label><input type="checkbox" id="only" checked> Only lines from there on</label>
<label>Figures <select id="scale"><option value="scaled"{chosen[0]}>scaled</option><option value="unscaled"{chosen[1]}>unscaled</option></select></label>
<label>Files <input type="search" id="find" placeholder="part of a path"></label>
<span class="faint" id="visible" role="status"></span>
<span><button type="button" id="previous">Previous line</button> <button type="button" id="next">Next line</button></span>
<label>Theme <select id="theme"><option value="system">system</option><option value="light">light</option><option value="dark">dark</option></select></label>
</form>
<main>
"""  # noqa: E501 - one element a line reads best


def _file(run: Run, file: CheckedFile, name: str) -> str:
    highest = max((line.risk for line in file.lines), default=0.0)
    unscaled = max((line.unscaled_risk for line in file.lines), default=0.0)
    shown = max(map(run.shown_risk, file.lines), default=0.0)
    flagged = file.flagged_lines()
    listed = "".join(
        f'<li><a href="#{name}-{line.line + 1}">line {line.line + 1}</a> '
        f'<span class="h{bucket(run.shown_risk(line))}">{_text(percent(run.shown_risk(line)))}</span></li>'
        for line in flagged[:_MOST_LISTED]
    )
    rest = f"<li>and {len(flagged) - _MOST_LISTED:,} more</li>" if len(flagged) > _MOST_LISTED else ""
    counts = f"{len(flagged):,} of {count(len(file.lines), 'line')} flagged · highest {percent(shown)}"
    return (
        f'<details class="file" id="{name}" data-name="{escape(printable(file.name))}" data-risk="{_mille(highest)}" '
        f'data-unscaled="{_mille(unscaled)}" data-flagged="{len(flagged)}">\n'
        f'<summary><span class="name">{_text(file.name)}</span> <span class="faint">{_text(counts)}</span></summary>\n'
        + (f'<ul class="flagged">{listed}{rest}</ul>\n' if listed else "")
        + f'<div class="code"></div>\n<script type="application/json">{_data(file)}</script>\n</details>\n'
    )


def _data(file: CheckedFile) -> str:
    sources = source_lines(file.text)
    data = {
        "text": [printable(file.text[line.start : line.end]) for line in sources],
        "lines": [_line(file, line, sources[line.line]) for line in file.lines],
        "scopes": [_scope(scope) for scope in file.scored.scopes],
    }
    written = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    # nothing in the text may end the block or open a comment in it
    return written.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _line(file: CheckedFile, line: ScoredLine, source: SourceLine) -> list[object]:
    tokens: list[int] = []
    for token in file.scored.tokens[line.tokens[0] : line.tokens[1]]:
        tokens += _token(token, source)
    flagged = int(line.line in file.flagged)
    return [line.line + 1, *_risks(line), flagged, file.quiet.get(line.line), tokens]


def _token(token: ScoredToken, source: SourceLine) -> list[int]:
    start, end = max(token.start, source.start), min(token.end, source.end)
    return [start - source.start, end - source.start, *_risks(token)] if start < end else []


def _scope(scope: ScoredScope) -> list[object]:
    return [printable(scope.name), scope.first_line + 1, scope.last_line + 1, *_risks(scope)]


def _risks(span: ScoredSpan) -> tuple[int, int]:
    return _mille(span.risk), _mille(span.unscaled_risk)


def _mille(risk: float) -> int:
    return round(1000 * risk)


def _text(text: str) -> str:
    return escape(printable(text), quote=False)


def _asset(name: str) -> str:
    return package_files("heatline.report").joinpath("page", name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """What a Content-Security-Policy calls an inline script or style with this very text."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
