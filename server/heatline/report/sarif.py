"""SARIF 2.1.0, which code scanning of GitHub and others, and editors, read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from heatline.report.checked import CheckedFile, FailedFile, Run, Write
from heatline.report.finding import Finding, findings

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RULE = "risky-line"
_ROOT = "%SRCROOT%"


class SarifReport:
    """Writes one run, a result for every flagged line; what could not be checked is a notification."""

    def __init__(self, run: Run, write: Write) -> None:
        self._run = run
        self._write = write
        self._results = 0
        self._failures: list[FailedFile] = []
        head = json.dumps({"$schema": SCHEMA, "version": "2.1.0"})
        tool = json.dumps({"driver": _driver(run)})
        write(f'{head[:-1]}, "runs": [{{"tool": {tool}, "columnKind": "unicodeCodePoints", "results": [')

    def file(self, file: CheckedFile) -> None:
        for finding in findings(self._run, file):
            self._write((",\n" if self._results else "\n") + json.dumps(_result(finding)))
            self._results += 1

    def failure(self, failed: FailedFile) -> None:
        self._failures.append(failed)

    def end(self) -> None:
        root = {_ROOT: {"uri": Path.cwd().as_uri().rstrip("/") + "/"}}
        invocation = {
            "executionSuccessful": not self._failures,
            "toolExecutionNotifications": [_notification(failed) for failed in self._failures],
        }
        self._write(
            f'\n], "originalUriBaseIds": {json.dumps(root)}, "invocations": [{json.dumps(invocation)}]}}]}}\n'
        )


def _driver(run: Run) -> dict[str, Any]:
    provenance = run.provenance
    return {
        "name": "Heatline",
        "version": provenance.heatline,
        "rules": [
            {
                "id": RULE,
                "name": "RiskyLine",
                "shortDescription": {"text": "A line that will probably have to be edited"},
                "fullDescription": {
                    "text": "The calibrated probability that this line is edited before the code does what was "
                    "meant is at or above the threshold. It says where to look first, not that something is wrong."
                },
                "help": {
                    "text": "Read the line. Where it is right, mark it as reviewed in the editor, or end it with "
                    "a comment “heatline: ignore”."
                },
                "defaultConfiguration": {"level": "note"},
                "properties": {"tags": ["review", "maintainability"], "precision": "medium"},
            }
        ],
        "properties": {
            "supervisor": provenance.supervisor,
            "probe": provenance.probe,
            "bundleHash": provenance.bundle_hash,
            "threshold": run.flagging.threshold,
            "thresholdScale": "unscaled" if run.flagging.on_unscaled else "scaled",
        },
    }


def _result(finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": RULE,
        "ruleIndex": 0,
        "level": "warning" if finding.is_warning else "note",
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(finding.path),
                    "region": {
                        "startLine": finding.line,
                        "startColumn": finding.column,
                        "endLine": finding.line,
                        "endColumn": finding.end_column,
                    },
                }
            }
        ],
        "rank": round(100 * finding.risk, 2),
        "partialFingerprints": {"heatlineLine/v1": finding.fingerprint},
        "properties": {"risk": round(finding.risk, 6), "unscaledRisk": round(finding.unscaled_risk, 6)},
    }


def _notification(failed: FailedFile) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": failed.message},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(Path(failed.name).as_posix())}}],
    }


def _artifact(path: str) -> dict[str, Any]:
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute():
        return {"uri": "file://" + quote(path if path.startswith("/") else f"/{path}")}
    return {"uri": quote(path.encode("utf-8", "surrogateescape")), "uriBaseId": _ROOT}
