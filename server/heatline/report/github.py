"""GitHub workflow commands, which show flagged lines as annotations of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from heatline.report.checked import CheckedFile, FailedFile, Run, Write
from heatline.report.finding import Finding, findings

_TITLE = "Heatline"


class GithubReport:
    """Writes a command for every flagged line, riskiest first, as GitHub shows the first ten of a step."""

    def __init__(self, run: Run, write: Write) -> None:
        self._run = run
        self._write = write
        self._findings: list[Finding] = []

    def file(self, file: CheckedFile) -> None:
        self._findings += findings(self._run, file)

    def failure(self, failed: FailedFile) -> None:
        self._write(f"::error file={_property(failed.name)},title={_TITLE}::{_data(failed.message)}\n")

    def end(self) -> None:
        unscaled = self._run.unscaled
        risk = (lambda each: each.unscaled_risk) if unscaled else (lambda each: each.risk)
        for finding in sorted(self._findings, key=risk, reverse=True):
            kind = "warning" if finding.is_warning else "notice"
            place = (
                f"file={_property(finding.path)},line={finding.line},endLine={finding.line},"
                f"col={finding.column},endColumn={finding.end_column},title={_TITLE}"
            )
            self._write(f"::{kind} {place}::{_data(finding.message)}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
