"""Corpora are read with one clear sentence on what is wrong, and selected as documented."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

import pyarrow as pa
import pyarrow.parquet as pq

from heatline_probes.corpus.programs import (
    ENVIRONMENT_VARIABLE,
    Problem,
    Program,
    code_sha,
    deduplicate,
    first_attempts,
    load_corpora,
    without_noncommercial,
)
from heatline_probes.errors import CorpusError

PROGRAM = Program(
    code_sha=code_sha("x = 1"),
    dataset="toy",
    problem_key="toy:1",
    language="python",
    model="m",
    kind="solution",
    source="somebody/something",
    licence="MIT",
    passes=False,
    verdict_source="ran",
    code="x = 1",
)
PROBLEM = Problem(*(["toy:1", "toy", "1", "python"] + [""] * 12))


def write(folder: Path, programs: list[Program]) -> Path:
    pq.write_table(pa.Table.from_pylist([asdict(p) for p in programs]), folder / "programs_python.parquet")
    pq.write_table(pa.Table.from_pylist([asdict(PROBLEM)]), folder / "problems.parquet")
    return folder


def test_programs_and_problems_come_back_as_they_were_written(tmp_path: Path) -> None:
    corpora = load_corpora(write(tmp_path, [PROGRAM]))
    assert corpora.programs == (PROGRAM,)
    assert corpora.problems == {"toy:1": PROBLEM}
    assert corpora.problem_group("toy:1") == "toy:1"


def test_an_unset_folder_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    with pytest.raises(CorpusError, match="Set HEATLINE_CORPORA"):
        load_corpora()


def test_a_missing_folder_table_or_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="does not exist"):
        load_corpora(tmp_path / "none")
    with pytest.raises(CorpusError, match=r"problems\.parquet is missing"):
        load_corpora(tmp_path)
    write(tmp_path, [PROGRAM])
    pq.write_table(pa.table({"code": ["x"]}), tmp_path / "programs_python.parquet")
    with pytest.raises(CorpusError, match="lacks the column"):
        load_corpora(tmp_path)


def test_a_table_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    write(tmp_path, [PROGRAM])
    (tmp_path / "programs_python.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(CorpusError, match="can't be read"):
        load_corpora(tmp_path)


def test_first_attempts_leave_out_steps_repairs_and_the_later_rows_of_repair_loops() -> None:
    loop = replace(PROGRAM, source="FloridSleeves/LLMDebugger")
    rows = [replace(PROGRAM, kind="intermediate"), loop, replace(loop, code="y"), PROGRAM, PROGRAM]
    assert [loop, PROGRAM, PROGRAM] == first_attempts(rows)


def test_copies_are_dropped_and_contradictory_ones_altogether() -> None:
    other = replace(PROGRAM, code="y", code_sha=code_sha("y"))
    assert deduplicate([PROGRAM, PROGRAM, other, replace(other, passes=True)]) == [PROGRAM]


def test_noncommercial_licences_are_dropped() -> None:
    assert without_noncommercial([PROGRAM, replace(PROGRAM, licence="CC-BY-NC-4.0 (data)")]) == [PROGRAM]
