"""Programs of other tools' formats are read, and a file that is not of its format is named with its line."""

import json
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

from heatline_probes.corpus.importing import NOT_RUN, import_programs, write_programs
from heatline_probes.corpus.unified_diff import apply_unified_diff
from heatline_probes.errors import CorpusError

DIFF = """diff --git a/pkg/m.py b/pkg/m.py
--- a/pkg/m.py
+++ b/pkg/m.py
@@ -1,3 +1,3 @@
 def f(x):
-    return x
+    return x + 1
 y = 2
"""
BASE = {"pkg/m.py": "def f(x):\n    return x\ny = 2\n"}


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_documented_json_lines(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "a.jsonl",
        {"problem_key": "d:1", "code": "x = 'é'", "passes": True, "model": "m", "licence": "MIT"},
        {"problem_key": "2", "code": "y"},
    )
    first, second = import_programs(path, "jsonl", dataset="d", licence="Apache-2.0")
    assert (first.problem_key, first.passes, first.model, first.licence) == ("d:1", True, "m", "MIT")
    assert (second.problem_key, second.passes, second.verdict_source) == ("d:2", False, NOT_RUN)
    assert second.licence == "Apache-2.0"


def test_evalplus_samples_and_results(tmp_path: Path) -> None:
    lines(tmp_path / "samples.jsonl", {"task_id": "HumanEval/0", "solution": "x"})
    (sample,) = import_programs(tmp_path, "evalplus", dataset="humaneval+")
    assert (sample.problem_key, sample.verdict_source) == ("humaneval+:HumanEval/0", NOT_RUN)
    results = {
        "eval": {
            "HumanEval/0": [
                {"solution": "x", "base_status": "pass", "plus_status": "fail"},
                {"solution": "y", "base_status": "pass", "plus_status": "pass"},
            ]
        }
    }
    (tmp_path / "eval_results.json").write_text(json.dumps(results))
    assert [p.passes for p in import_programs(tmp_path, "evalplus", dataset="h")] == [False, True]


def test_livecodebench_submissions(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps([{"question_id": "1", "code_list": ["a", "b"], "graded_list": [True, False]}]))
    assert [p.passes for p in import_programs(path, "livecodebench", dataset="l")] == [True, False]
    path.write_text(json.dumps([{"question_id": "1", "code_list": ["a"], "graded_list": []}]))
    with pytest.raises(CorpusError, match="entry 0 lacks"):
        import_programs(path, "livecodebench", dataset="l")


def test_predictions_as_patches(tmp_path: Path) -> None:
    row = {
        "instance_id": "i",
        "model_patch": DIFF,
        "base": BASE,
        "resolved": False,
        "model_name_or_path": "m",
    }
    (program,) = import_programs(lines(tmp_path / "p.jsonl", row), "swebench", dataset="s")
    assert program.code == "def f(x):\n    return x + 1\ny = 2\n"
    assert (program.problem_key, program.model) == ("s:i/pkg/m.py", "m")


def test_a_patch_that_does_not_match_is_never_guessed() -> None:
    with pytest.raises(CorpusError, match="does not match"):
        apply_unified_diff(DIFF, {"pkg/m.py": "def g(x):\n    return x\ny = 2\n"})
    with pytest.raises(CorpusError, match="not in 'base'"):
        apply_unified_diff(DIFF, {})


def test_new_and_deleted_files_of_a_patch() -> None:
    new = "--- /dev/null\n+++ b/n.py\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n"
    assert apply_unified_diff(new, {}) == {"n.py": "a\nb"}
    gone = "--- a/n.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
    assert apply_unified_diff(gone, {"n.py": "a\nb"}) == {}


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("{}\n", "jsonl", "line 1 lacks the text 'problem_key'"),
        ("[]\n", "jsonl", "line 1 is no JSON object"),
        ("{\n", "jsonl", "line 1 is no JSON"),
        ('{"problem_key": "a", "code": "x", "passes": 1}\n', "jsonl", "neither true nor false"),
        ("\n", "jsonl", "No program was found"),
        ("{}", "livecodebench", "no JSON list"),
        ('{"instance_id": "a", "model_patch": "x"}', "swebench", "lacks 'base'"),
        ("{}", "csv", "format 'csv' is unknown"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, text: str, form: str, message: str) -> None:
    path = tmp_path / "f"
    path.write_text(text)
    with pytest.raises(CorpusError, match=message):
        import_programs(path, form, dataset="d")


def test_missing_and_binary_files(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    for name in ("none", "b"):
        with pytest.raises(CorpusError, match="can't be read"):
            import_programs(tmp_path / name, "jsonl", dataset="d")
    with pytest.raises(CorpusError, match=r"no samples\.jsonl"):
        import_programs(tmp_path, "evalplus", dataset="d")


def test_a_table_is_written_whole(tmp_path: Path) -> None:
    programs = import_programs(lines(tmp_path / "a", {"problem_key": "1", "code": "x"}), "jsonl", dataset="d")
    write_programs(programs, tmp_path / "out" / "p.parquet")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["p.parquet"]
