"""GitLab's code quality report, which shows flagged lines in a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json

from heatline.report.checked import CheckedFile, FailedFile, Run, Write
from heatline.report.finding import findings
from heatline.report.sarif import RULE


class GitlabReport:
    """Writes a JSON array with an issue for every flagged line."""

    def __init__(self, run: Run, write: Write) -> None:
        self._run = run
        self._write = write
        self._issues = 0
        write("[")

    def file(self, file: CheckedFile) -> None:
        for finding in findings(self._run, file):
            issue = {
                "description": finding.message,
                "check_name": RULE,
                "fingerprint": finding.fingerprint,
                "severity": "minor" if finding.is_warning else "info",
                "location": {"path": finding.path, "lines": {"begin": finding.line}},
            }
            self._write((",\n" if self._issues else "\n") + json.dumps(issue))
            self._issues += 1

    def failure(self, failed: FailedFile) -> None:
        """The format has no place for it; the command says it on standard error."""

    def end(self) -> None:
        self._write("\n]\n")
