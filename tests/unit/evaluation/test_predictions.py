"""Predictions come back from disk as they were written, and what is malformed is refused."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("pandas", reason="needs the probes extra")

from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.predictions import Predictions
from tests.unit.evaluation.synthetic import synthetic

pytestmark = pytest.mark.probes


def test_round_trip(tmp_path):
    """Every array, name and note survives, and nothing on disk is a pickle."""
    written = synthetic()
    written.save(tmp_path / "run")
    read = Predictions.load(tmp_path / "run")
    assert (read.name, read.protocol, read.fold_names, read.notes) == (
        written.name, written.protocol, written.fold_names, written.notes,
    )  # fmt: skip
    assert read.programs.code == written.programs.code
    for name in ("sha", "dataset", "generator", "group", "language", "passes", "verified", "fold"):
        assert np.array_equal(getattr(read.programs, name), getattr(written.programs, name))
    for level, spans in written.levels.items():
        for name, value in vars(spans).items():
            other = getattr(read.levels[level], name)
            assert (other is None) if value is None else np.array_equal(other, value)


def test_a_missing_folder_is_one_sentence(tmp_path):
    """A folder without predictions is refused by name."""
    with pytest.raises(EvaluationError, match="can't be read"):
        Predictions.load(tmp_path / "nowhere")


@pytest.mark.parametrize("damaged", ["run.json", "line.npz", "programs.parquet"])
def test_damage_is_refused(tmp_path, damaged):
    """Any file that is cut short makes the folder unreadable, without a traceback."""
    synthetic(10).save(tmp_path)
    path = tmp_path / damaged
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(EvaluationError, match="can't be read"):
        Predictions.load(tmp_path)


def test_arrays_of_different_lengths_are_refused():
    """Spans whose arrays disagree never make predictions."""
    made = synthetic(10)
    line = dataclasses.replace(made.levels["line"], kept=made.levels["line"].kept[:-1])
    with pytest.raises(EvaluationError, match="fit together"):
        dataclasses.replace(made, levels={"line": line})


def test_an_unknown_protocol_is_refused():
    """Only the protocols that are documented exist."""
    with pytest.raises(EvaluationError, match="unknown"):
        dataclasses.replace(synthetic(4), protocol="random")
