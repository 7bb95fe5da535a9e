"""The command line: what is wrong is one sentence and exit code 2, and a run can be repeated."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

import pyarrow as pa
import pyarrow.parquet as pq

PROBLEM = {
    "key": "toy:1", "dataset": "toy", "problem_id": "1", "language": "python", "prompt": "Add one.",
    "entry_point": "f", "reference": "def f(x):\n    return x + 1\n", "preamble": "",
    "tests": "assert f(1) == 2\nassert f(5) == 6\n", "test_kind": "exec", "base_tests": "", "alt_entry": "",
    "libs": "", "starter_code": "", "platform": "", "difficulty": "",
}  # fmt: skip
RECORDED = {**PROBLEM, "key": "judged:1", "dataset": "judged", "tests": "", "test_kind": "recorded_only"}


def program(dataset: str, code: str, passes: bool) -> dict[str, object]:
    return {
        "dataset": dataset, "problem_key": f"{dataset}:1", "language": "python", "model": "m", "kind": "solution",
        "source": "s", "licence": "MIT", "passes": passes, "verdict_source": "ran", "code": code,
    }  # fmt: skip


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    folder = tmp_path / "corpora"
    folder.mkdir()
    rows = [
        program(name, f"def f(y):\n    return y {operator} 1\n", operator == "+")
        for name in ("toy", "judged")
        for operator in "+-"
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "programs_python.parquet")
    pq.write_table(pa.Table.from_pylist([PROBLEM, RECORDED]), folder / "problems.parquet")
    return folder


def run(
    tmp_path: Path, *arguments: str | Path, corpora: Path | None = None
) -> subprocess.CompletedProcess[str]:
    code = "from heatline_probes.cli import main; main()"
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONPATH": ":".join(sys.path),
        "COLUMNS": "200",
    }
    if corpora is not None:
        environment["HEATLINE_CORPORA"] = str(corpora)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_mine_writes_a_table_and_a_card_and_goes_on_where_it_stopped(tmp_path: Path, corpora: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "state.sqlite"
    arguments = ("patches", "mine", "--dataset", "toy", "--out", out, "--state", state)
    for _ in range(2):
        done = run(tmp_path, *arguments, corpora=corpora)
        assert (done.returncode, done.stdout) == (0, "")
        assert {path.name for path in out.iterdir()} == {"toy.parquet", "toy.json"}
    card = run(tmp_path, "patches", "card", out / "toy.parquet")
    assert '"looked_at": 1' in card.stdout
    assert str(tmp_path) not in card.stdout
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- tables of the cards -->\nold\n<!-- end of tables -->\nbehind\n")
    assert run(tmp_path, "patches", "card", out / "toy.parquet", "--update", page).returncode == 0
    assert "| toy | 1 | 1 | attempts | 1 | 100.0 % |" in page.read_text()
    assert "old" not in page.read_text()
    (row,) = pq.read_table(out / "toy.parquet").to_pylist()
    assert row["edits"] == [{"start": 23, "end": 24, "kind": "replaced"}]
    shown = run(tmp_path, "patches", "show", row["code_sha"], "--state", state, corpora=corpora)
    assert "+    return y + 1" in shown.stdout


def test_a_folder_without_tables_has_nothing_to_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the probes extra")
    failed = run(tmp_path, "patches", "plot", "--tables", tmp_path, "--out", tmp_path / "a.svg")
    assert (failed.returncode, "has no verified patches" in failed.stderr) == (2, True)


def test_mine_on_two_processes(tmp_path: Path, corpora: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "state.sqlite"
    done = run(
        tmp_path,
        "patches",
        "mine",
        "--dataset",
        "toy",
        "--jobs",
        "2",
        "--out",
        out,
        "--state",
        state,
        corpora=corpora,
    )
    assert done.returncode == 0
    assert pq.read_table(out / "toy.parquet").num_rows == 1


def test_recorded_verdicts_give_unverified_patches_only(tmp_path: Path, corpora: Path) -> None:
    refused = run(tmp_path, "patches", "mine", "--dataset", "judged", corpora=corpora)
    assert (refused.returncode, "Mine it with --unverified" in refused.stderr) == (2, True)
    out = tmp_path / "out"
    assert (
        run(
            tmp_path, "patches", "mine", "--unverified", "--dataset", "judged", "--out", out, corpora=corpora
        ).returncode
        == 0
    )
    (row,) = pq.read_table(out / "judged-unverified.parquet").to_pylist()
    assert not row["verified"]


def test_import_writes_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"problem_key": "1", "code": "x"}\n')
    done = run(
        tmp_path,
        "corpus",
        "import",
        tmp_path / "a.jsonl",
        "--format",
        "jsonl",
        "--dataset",
        "d",
        "--out",
        tmp_path / "o",
    )
    assert (done.returncode, pq.read_table(tmp_path / "o").num_rows) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("patches", "mine", "--dataset", "toy"), "Set HEATLINE_CORPORA"),
        (("patches", "mine", "--dataset", "toy", "--corpora", "none"), "does not exist"),
        (("patches", "card", "none.parquet"), "can't be read"),
        (("corpus", "info"), "Set HEATLINE_CORPORA"),
        (("corpus", "import", "none", "--format", "x", "--dataset", "d", "--out", "o"), "is unknown"),
        (("generate", "--dataset", "d", "--model", "m", "--out", "o"), "Set HEATLINE_CORPORA"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    failed = run(tmp_path, *arguments)
    assert failed.returncode == 2
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr
    assert failed.stderr.count("\n") == 1


def test_an_unknown_dataset_and_an_unknown_program_are_named(tmp_path: Path, corpora: Path) -> None:
    assert "no dataset 'x'" in run(tmp_path, "patches", "mine", "--dataset", "x", corpora=corpora).stderr
    assert "has the hash zz" in run(tmp_path, "patches", "show", "zz", corpora=corpora).stderr
