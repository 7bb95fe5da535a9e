"""Revision tasks and what counts as right."""

from difflib import SequenceMatcher

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.errors import CorpusError
from heatline_probes.estimators.revision import (
    RevisionTask,
    edit_distance,
    edit_progress,
    exact_match,
    load_revision_tasks,
)
from heatline_probes.estimators.revision_run import choose_tasks, measure_revisions, revise, revision_table
from tests.unit.estimators.fake_endpoint import fake_endpoint, said

BUGGY = "def f(a):\n    return a - 1 + 2\n"
FIXED = "def f(a):\n    return a + 1 + 3\n"


def test_exact_match_looks_at_tokens():
    """Blank lines and blanks within a line don't matter, indentation and signs do."""
    assert exact_match("def f(a):\n\n    return a+1 + 3", FIXED)
    assert not exact_match(BUGGY, FIXED)
    assert not exact_match(FIXED.replace("    ", "  "), FIXED)


@pytest.mark.parametrize(
    ("revised", "expected"),
    [
        (FIXED, 1.0),
        (BUGGY, 0.0),
        ("def f(a):\n    return a + 1 + 2\n", 0.5),
        ("def f(a):\n    return a - 9 + 2\n", -0.5),
    ],
)
def test_edit_progress_by_hand(revised, expected):
    """Two tokens are wrong: mending one is half the way, breaking a third leads away."""
    assert edit_progress(BUGGY, revised, FIXED) == pytest.approx(expected)


def test_no_way_to_go_is_refused():
    """Where buggy equals fixed."""
    with pytest.raises(ValueError, match="no progress"):
        edit_progress(FIXED, BUGGY, FIXED)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("flaw", "lawn", 2), ("abc", "abc", 0)],
)
def test_edit_distance_by_hand(one, other, expected):
    """Levenshtein's own kind of examples."""
    assert edit_distance(one, other) == expected


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_edit_distance_is_a_distance(one, other):
    """Symmetric, no less than the difference in length, no more than difflib's way."""
    distance = edit_distance(one, other)
    assert distance == edit_distance(other, one)
    codes = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    longest = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in codes if tag != "equal")
    assert abs(len(one) - len(other)) <= distance <= longest


def test_pairs_become_tasks(tmp_path):
    """Those that differ; with the problem and what a reviewer said in the question."""
    row = {
        "source": "own", "licence": "MIT", "language": "python", "problem_id": "1", "prompt": "Add four.",
        "feedback": "The sign is wrong.", "buggy": BUGGY, "fixed": FIXED,
    }  # fmt: skip
    rows = [row, {**row, "fixed": BUGGY + "\n\n"}, {**row, "feedback": None, "prompt": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pairs.parquet")
    first, second = load_revision_tasks(tmp_path)
    asked = first.messages()[1][1]
    assert "Add four." in asked
    assert "A reviewer says:\nThe sign is wrong." in asked
    assert "reviewer" not in second.messages()[1][1]


def test_a_missing_table_is_said(tmp_path):
    """With the variable to set."""
    with pytest.raises(CorpusError, match="HEATLINE_CORPORA"):
        load_revision_tasks(tmp_path)


def fixing(number, right):
    """A task and the row of its answer, surer where it is right."""
    task = RevisionTask(f"own/{number}/0", "own", "MIT", "python", "", "", BUGGY, FIXED)
    code = FIXED if right else BUGGY
    text = f"```python\n{code}```"
    tokens = [text[i : i + 5] for i in range(0, len(text), 5)]
    logprob = -0.1 - 0.01 * number if right else -0.6 - 0.01 * number
    return task, {"code": code, "tokens": tokens, "logprobs": [logprob] * len(tokens)}


def test_revisions_are_measured():
    """Half are right, and their probabilities know which."""
    tasks, rows = zip(*(fixing(i, i % 2 == 0) for i in range(20)), strict=True)
    found = measure_revisions(tasks, rows, resamples=20)
    assert (found["exact_match"], found["improved"], found["unrecorded"]) == (0.5, 0.5, 0)
    least = found["scores"]["minimum-token-probability"]
    assert least["calibrators"]["platt"]["auc"]["value"] == 1.0
    assert least["kendall_progress"] > 0.5
    assert "| lowest-k | platt |" in revision_table(found)


def test_revisions_that_end_alike_have_no_scores():
    """Nothing to calibrate; that is said."""
    tasks, rows = zip(*(fixing(i, True) for i in range(3)), strict=True)
    assert "nothing to calibrate" in revision_table(measure_revisions(tasks, rows, resamples=20))


def test_revisions_are_asked_for_once(tmp_path):
    """The second run asks for what a kill cut off, and nothing else."""
    tasks = [fixing(i, True)[0] for i in range(2)]
    path = tmp_path / "revisions.jsonl"
    with fake_endpoint(said(f"```python\n{FIXED}```")) as (url, asked):
        endpoint = Endpoint(url, "m", retries=0)
        first = revise(endpoint, tasks, path)
        path.write_text(path.read_text()[:-10])
        assert revise(endpoint, tasks, path) == first
    assert len(asked) == 3
    assert first[0]["code"] == FIXED


def test_a_language_without_tasks_is_said():
    """With what to do."""
    with pytest.raises(CorpusError, match="--language"):
        choose_tasks([fixing(0, True)[0]], 5, language="cobol")
