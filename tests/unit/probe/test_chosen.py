"""A chosen probe is used wherever none is named, until the choice is taken back."""

import pytest
from typer.testing import CliRunner

from heatline.cli.probe import app
from heatline.errors import ProbeError
from heatline.probe import SpanProbe
from heatline.probe.chosen import choose_probe, chosen_probe
from heatline.scorer import SHIPPED_PROBES, find_probe

NAME = "smollm2-135m"
SHIPPED = SHIPPED_PROBES / NAME / "default.json"


@pytest.fixture(autouse=True)
def choices(tmp_path, monkeypatch):
    """A file of choices of this test's own."""
    path = tmp_path / "configuration" / "probes.json"
    monkeypatch.setattr("heatline.probe.chosen.choices_path", lambda: path)
    return path


@pytest.fixture
def own(tmp_path):
    """A probe of one's own: a copy of the shipped one."""
    return SpanProbe.load(SHIPPED).save(tmp_path / "own")


def test_without_a_choice_the_shipped_probe_is_used():
    """Nothing chosen, nothing written."""
    assert chosen_probe(NAME) is None
    assert find_probe(NAME) == SHIPPED


def test_a_chosen_card_is_used_where_none_is_named(own):
    """By its path, from then on; a probe that is named still goes before it."""
    result = CliRunner().invoke(app, ["use", str(own)])
    assert result.exit_code == 0, result.output
    assert find_probe(NAME) == own
    assert find_probe(NAME, "default") == SHIPPED


def test_the_choice_can_be_taken_back(own, choices):
    """`use` alone forgets it."""
    CliRunner().invoke(app, ["use", str(own)])
    assert CliRunner().invoke(app, ["use"]).exit_code == 0
    assert find_probe(NAME) == SHIPPED
    assert choices.read_text().strip() == "{}"


def test_choices_of_other_supervisors_stay():
    """One line for each supervisor."""
    choose_probe("other", "fine")
    choose_probe(NAME, "mine")
    choose_probe(NAME, None)
    assert (chosen_probe("other"), chosen_probe(NAME)) == ("fine", None)


def test_a_probe_of_another_supervisor_is_refused(own):
    """Its numbers mean nothing there."""
    result = CliRunner().invoke(app, ["use", str(own), "--supervisor", "qwen2.5-coder-0.5b"])
    assert isinstance(result.exception, ProbeError)
    assert "reads with smollm2-135m" in str(result.exception)
    assert chosen_probe("qwen2.5-coder-0.5b") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_a_malformed_file_of_choices_is_one_sentence(choices, text):
    """And says what to do."""
    choices.parent.mkdir(parents=True)
    choices.write_text(text)
    with pytest.raises(ProbeError, match="Delete it"):
        chosen_probe(NAME)


def test_the_list_marks_what_is_used(own):
    """The chosen card has the star, the shipped one has not."""
    CliRunner().invoke(app, ["use", str(own)])
    lines = CliRunner().invoke(app, ["list"], env={"COLUMNS": "300"}).output.splitlines()
    starred = [line for line in lines if line.startswith("*") and NAME in line]
    assert len(starred) == 1
    assert "own" in starred[0]


def test_a_probe_at_another_base_rate_keeps_everything_but_its_calibrators():
    """Features and logits are the same numbers; only what they mean moves."""
    probe = SpanProbe.load(SHIPPED)
    moved = probe.at_base_rate(0.02)
    assert moved.projection is probe.projection
    assert moved.card.calibrators["line"]["base_rate"] == pytest.approx(0.98)
    logits = [-2.0, 0.0, 2.0]
    assert (moved.calibrator("line").predict(logits) > probe.calibrator("line").predict(logits)).all()
