"""Overlapping problems share a group, whatever dataset and language they come from."""

from dataclasses import dataclass

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

from heatline_probes.corpus.groups import identity, problem_groups


@dataclass(frozen=True)
class Task:
    key: str
    dataset: str
    problem_id: str
    prompt: str = ""


LONG = (
    "Given an array of integers, return the indices of the two whose values add up to the target value "
    "that is asked for, in any order, and never the same index twice. "
)


def test_humaneval_is_one_problem_in_all_languages() -> None:
    names = {
        identity("humaneval+", "HumanEval/3"),
        identity("humaneval-x-java", "3"),
        identity("humanevalfix", "Python/3"),
    }
    assert {"humaneval:3"} == names


def test_statements_that_differ_in_markup_join_datasets() -> None:
    groups = problem_groups(
        [
            Task("livecodebench:1", "livecodebench", "1", LONG + "Example: 1"),
            Task(
                "leetcode2613-c:two-sum",
                "leetcode2613-c",
                "two-sum",
                "https://x.org/a\n**" + LONG + "** Input",
            ),
            Task("debugbench-java:two-sum", "debugbench-java", "two-sum", "another wording"),
            Task(
                "livecodebench:2",
                "livecodebench",
                "2",
                "Something else altogether, long enough to be compared.",
            ),
        ]
    )
    assert groups["livecodebench:1"] == groups["leetcode2613-c:two-sum"] == groups["debugbench-java:two-sum"]
    assert groups["livecodebench:2"] != groups["livecodebench:1"]


def test_short_or_missing_statements_join_nothing() -> None:
    groups = problem_groups(
        [Task("a:1", "a", "1", "Sum."), Task("b:1", "b", "1", "Sum."), Task("c:1", "c", "1")]
    )
    assert len(set(groups.values())) == 3


def test_groups_do_not_depend_on_the_order_of_problems() -> None:
    tasks = [Task(f"d{i}:1", f"d{i}", "1", LONG) for i in range(4)]
    assert problem_groups(tasks) == problem_groups(reversed(tasks))
