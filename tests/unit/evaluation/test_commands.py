"""`heatline-probes evaluate` from folders of predictions to pages, diagrams and JSON."""

import json

import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("matplotlib", reason="needs the probes extra")

from typer.testing import CliRunner

from heatline_probes.cli import app
from heatline_probes.errors import EvaluationError
from tests.unit.evaluation.synthetic import LINES, synthetic

pytestmark = pytest.mark.probes


def evaluate(*words):
    return CliRunner().invoke(app, ["evaluate", *map(str, words)])


def test_folders_become_a_page_with_diagrams_and_json(tmp_path):
    """`evaluate FOLDER… --out` needs no subcommand, and the page holds no program text and no path."""
    for protocol in ("by_problem", "leave_one_dataset_out"):
        synthetic(40, protocol=protocol).save(tmp_path / protocol)
    page, figures = tmp_path / "docs" / "results.md", tmp_path / "figures.json"
    result = evaluate(
        tmp_path / "by_problem", tmp_path / "leave_one_dataset_out",
        "--out", page, "--json", figures, "--resamples", 20, "--no-baselines",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    text = page.read_text()
    assert str(tmp_path) not in text
    assert not any(line.strip() in text for line in LINES[5:] if line.strip())
    assert [run["protocol"] for run in json.loads(figures.read_text())] == [
        "by_problem",
        "leave_one_dataset_out",
    ]
    for name in ("line", "token", "problem"):
        svg = page.parent / "images" / f"reliability-tiny-made-{name}.svg"
        assert svg.read_text().lstrip().startswith("<?xml")
        assert f"images/{svg.name}" in text


def test_failures_list_lines_beside_a_page_of_counts(tmp_path):
    """The listing has the code, the page has not."""
    synthetic(40).save(tmp_path / "run")
    result = evaluate("failures", tmp_path / "run", "--listing", tmp_path / "failures.json", "--worst", 3)
    assert result.exit_code == 0, result.output
    listed = json.loads((tmp_path / "failures.json").read_text())
    assert len(listed["misses"]) == 3
    assert listed["misses"][0]["text"] not in result.output


def test_a_folder_without_predictions_is_an_error(tmp_path):
    """By its name, and nothing is written."""
    result = evaluate(tmp_path / "nothing", "--out", tmp_path / "page.md")
    assert isinstance(result.exception, EvaluationError)
    assert not (tmp_path / "page.md").exists()
