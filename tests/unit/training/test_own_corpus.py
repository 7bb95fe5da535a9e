"""`heatline-probes train --corpus`: a probe from a table of one's own programs alone."""

import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")

from typer.testing import CliRunner

from heatline.probe import ProbeCard
from heatline_probes.cli import app
from heatline_probes.corpus.importing import write_programs
from heatline_probes.corpus.programs import own_corpora
from heatline_probes.errors import CorpusError, TrainingError
from tests.tiny import tiny_supervisor
from tests.unit.training.own_programs import program

pytestmark = pytest.mark.probes


def test_a_table_of_ones_own_is_enough_to_train(tmp_path, corpora, monkeypatch):
    """No default corpora are needed, all programs are used, and the card says which table they came from."""
    bundle = tiny_supervisor(tmp_path)
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(bundle.parent))
    monkeypatch.delenv("HEATLINE_CORPORA", raising=False)
    table = tmp_path / "mine.parquet"
    write_programs(list(corpora.programs), table)
    result = CliRunner().invoke(
        app,
        ["train", "--corpus", str(table), "--supervisor", "tiny", "--out", str(tmp_path / "probes"),
         "--embeddings", str(tmp_path / "e"), "--features", "4", "--scope-features", "4", "--epochs", "2",
         "--background", "0", "--protocol", "by_problem", "--no-measure", "--threads", "1"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    card = ProbeCard.read(tmp_path / "probes" / "default.json")
    assert card.corpus["programs"] == len(corpora.programs)
    assert card.command.endswith("--corpus mine.parquet")


def test_own_programs_are_added_to_the_corpora_that_are_given(tmp_path, corpora):
    table = tmp_path / "mine.parquet"
    write_programs([program(1000, passes=True)], table)
    both = own_corpora([table], corpora)
    assert len(both.programs) == len(corpora.programs) + 1
    assert both.problem_group("p1000") == "p1000"
    assert both.problem_group("p1") == corpora.problem_group("p1")


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"absent\.parquet is missing"):
        own_corpora([tmp_path / "absent.parquet"])


def test_rows_of_histories_without_their_texts_are_refused(tmp_path):
    result = CliRunner().invoke(
        app, ["train", "--history", str(tmp_path), "--supervisor", "tiny", "--out", str(tmp_path / "probes")]
    )
    assert isinstance(result.exception, TrainingError)
    assert "--history-texts" in str(result.exception)
