"""What is made from the schema of settings."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from heatline.settings.json_schema import json_schema
from heatline.settings.reference import made_files
from heatline.settings.vscode import configuration, with_configuration

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", made_files(PROJECT), ids=str)
def test_the_made_files_are_current(path: Path) -> None:
    """Mended by ``make docs``."""
    assert made_files(PROJECT)[path] == (PROJECT / path).read_text(encoding="utf-8")


def test_the_schema_of_the_project_file_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    ("values", "valid"),
    [
        ({}, True),
        ({"threshold": 0.3, "severity": {"high": "error"}, "baseRate": 0.1, "exclude": ["a"]}, True),
        ({"threshold": 2}, False),
        ({"severity": {"highest": "error"}}, False),
        ({"path": "/bin/sh"}, False),
    ],
)
def test_the_schema_takes_what_the_server_takes(values: object, valid: bool) -> None:
    assert jsonschema.Draft7Validator(json_schema()).is_valid(values) is valid


def test_an_untrusted_folder_is_denied_what_names_programs_files_and_addresses() -> None:
    manifest = with_configuration({"capabilities": {"untrustedWorkspaces": {"supported": "limited"}}})
    assert manifest["capabilities"]["untrustedWorkspaces"] == {
        "supported": "limited",
        "restrictedConfigurations": [
            "heatline.supervisor",
            "heatline.probe",
            "heatline.secondOpinion.enabled",
            "heatline.secondOpinion.baseUrl",
            "heatline.secondOpinion.model",
            "heatline.path",
        ],
    }


def test_only_this_machine_names_the_program() -> None:
    assert configuration()["properties"]["heatline.path"]["scope"] == "machine"


def test_the_rest_of_the_manifest_stays() -> None:
    manifest = {"name": "x", "contributes": {"commands": [1], "configuration": {}}, "main": "m"}
    made = json.loads(json.dumps(with_configuration(manifest)))
    assert (list(made)[:3], made["contributes"]["commands"]) == (["name", "contributes", "main"], [1])
