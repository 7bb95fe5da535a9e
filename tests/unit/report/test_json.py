"""The JSON report: what is in it, and that it is what its schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from heatline.report.checked import CheckedFile, FailedFile, Flagging, Provenance, Run
from heatline.report.json import JsonReport
from heatline.scoring.result import ScoredLine, ScoredScope, ScoredToken

DOCS = Path(__file__).parents[3] / "docs"
TEXT = "é = 1\n\nif é <= 2:\r\n"


class Text:
    tokens = (
        ScoredToken(0, 1, 0.99, 0.98, 0),
        ScoredToken(1, 5, 0.97, 0.96, 0),
        ScoredToken(7, 9, 0.95, 0.94, 2),
        ScoredToken(9, 12, 0.40, 0.50, 2),
        ScoredToken(12, 15, 0.90, 0.91, 2),
    )
    lines = (ScoredLine(0, 5, 0.9, 0.8, 0, (0, 2)), ScoredLine(7, 17, 0.25, 0.5, 2, (2, 5)))
    scopes = (ScoredScope(0, 19, 0.2, 0.3, "", "statements", 0, 2),)


@pytest.fixture
def checked() -> CheckedFile:
    scored: Any = Text()
    return CheckedFile("src/é.py", TEXT, scored, Text.lines, frozenset({2}), {0: "ignored"})


def render(*files: CheckedFile, with_text: bool = False) -> str:
    run = Run(Provenance("1.2.3", "smollm2-135m", "first", "ab12"), Flagging(0.3))
    parts: list[str] = []
    report = JsonReport(run, parts.append, with_text=with_text)
    for file in files:
        report.file(file)
    report.failure(FailedFile("gone.py", "gone.py does not exist. Check the spelling."))
    report.end()
    return "".join(parts)


def document(checked: CheckedFile, with_text: bool = False) -> Any:
    return json.loads(render(checked, with_text=with_text))


@pytest.fixture
def schema() -> Any:
    return json.loads((DOCS / "json.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("with_text", [False, True])
def test_the_report_is_what_its_schema_says(checked: CheckedFile, schema: Any, with_text: bool) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(render(checked, with_text=with_text)), schema)


def test_every_field_of_a_report_is_in_the_schema(schema: Any) -> None:
    objects = [schema, *(part for part in schema["$defs"].values() if part["type"] == "object")]
    assert all(part["additionalProperties"] is False for part in objects)
    assert all(set(part["properties"]) - set(part["required"]) <= {"text", "quiet"} for part in objects)


def test_a_line_has_its_risks_and_its_tokens(checked: CheckedFile) -> None:
    assert document(checked)["files"][0]["lines"][1] == {
        "line": 3,
        "start": 7,
        "end": 17,
        "risk": 0.75,
        "unscaled_risk": 0.5,
        "flagged": True,
        "tokens": [
            {"start": 7, "end": 9, "risk": 0.05, "unscaled_risk": 0.06},
            {"start": 9, "end": 12, "risk": 0.6, "unscaled_risk": 0.5},
            {"start": 12, "end": 15, "risk": 0.1, "unscaled_risk": 0.09},
        ],
    }


def test_a_scope_counts_its_flagged_lines(checked: CheckedFile) -> None:
    assert document(checked)["files"][0]["scopes"] == [
        {
            "name": "",
            "kind": "statements",
            "first_line": 1,
            "last_line": 3,
            "start": 0,
            "end": 19,
            "risk": 0.8,
            "unscaled_risk": 0.7,
            "flagged_lines": 1,
        }
    ]


def test_text_is_what_the_offsets_say(checked: CheckedFile) -> None:
    line = document(checked, with_text=True)["files"][0]["lines"][1]
    assert line["text"] == "if é <= 2:"
    assert [token["text"] for token in line["tokens"]] == ["if", " é ", "<= "]


def test_no_code_is_in_a_report_that_was_not_asked_for_it(checked: CheckedFile) -> None:
    assert "<=" not in render(checked)


def test_the_report_is_one_line_of_ascii(checked: CheckedFile) -> None:
    report = render(checked)
    assert report.isascii()
    assert report.count("\n") == 1
    assert report.endswith("\n")


@pytest.mark.parametrize("files", [0, 1, 2])
def test_any_number_of_files_makes_a_document(checked: CheckedFile, schema: Any, files: int) -> None:
    report = json.loads(render(*[checked] * files))
    jsonschema.validate(report, schema)
    assert len(report["files"]) == files


def test_a_line_that_is_kept_quiet_says_why(checked: CheckedFile) -> None:
    first, second = document(checked)["files"][0]["lines"]
    assert (first["flagged"], first["quiet"]) == (False, "ignored")
    assert "quiet" not in second


def test_the_example_in_the_documentation_is_valid(schema: Any) -> None:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    jsonschema.validate(json.loads(example), schema)
