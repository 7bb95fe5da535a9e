"""Which problems are the same problem: folds are split by group, so that no fold leaks into another.

The same task recurs over datasets and languages: HumanEval ~ HumanEval-X ~ HumanEvalFix,
MBPP ~ MBPP+, LeetCode ~ DebugBench ~ LiveCodeBench's leetcode platform. Problems are joined by their
number or slug where the datasets share one, and by their normalised statement otherwise.
"""

import re
from collections.abc import Iterable
from typing import Protocol

# Long enough that two different statements never agree, short enough to end before the examples, which
# are formatted differently everywhere.
STATEMENT_PREFIX = 100
SHORTEST_STATEMENT = 40

_URL = re.compile(r"https?://\S+")
_ASSERT = re.compile(r"^\s*assert\b.*$", re.MULTILINE)
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_HUMANEVAL = re.compile(r"humaneval", re.IGNORECASE)


class HasStatement(Protocol):
    """What is needed of a problem to find the group it belongs to."""

    @property
    def key(self) -> str: ...
    @property
    def dataset(self) -> str: ...
    @property
    def problem_id(self) -> str: ...
    @property
    def prompt(self) -> str: ...


def identity(dataset: str, problem_id: str) -> str:
    """The name of a problem over the datasets that share a numbering, e.g. ``humaneval:3``."""
    if _HUMANEVAL.match(dataset):
        return "humaneval:" + problem_id.rsplit("/", 1)[-1]
    if dataset.startswith("mbpp"):
        return "mbpp:" + problem_id
    if dataset.startswith(("leetcode", "debugbench")):
        return "leetcode:" + problem_id
    return f"{dataset}:{problem_id}"


def statement_key(prompt: str) -> str:
    """The start of a normalised statement: equal for two wordings that differ in markup only; "" if short."""
    text = _ASSERT.sub("", _URL.sub("", prompt))
    normal = _NOT_ALPHANUMERIC.sub("", text).casefold()
    return normal[:STATEMENT_PREFIX] if len(normal) >= SHORTEST_STATEMENT else ""


def problem_groups(problems: Iterable[HasStatement]) -> dict[str, str]:
    """Group id of every problem, by problem key.

    Two problems share a group when a chain of equal identities or equal statement starts joins them. The
    id is the smallest identity in the group, so it does not depend on the order of the problems.
    """
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    identities: dict[str, str] = {}
    for problem in problems:
        name = identity(problem.dataset, problem.problem_id)
        identities[problem.key] = name
        root(name)
        # TransCoder's prompts all start with the same worked examples: they identify nothing.
        statement = "" if problem.dataset.startswith("transcoder") else statement_key(problem.prompt)
        if statement:
            one, other = sorted((root(name), root("~" + statement)))
            parent[other] = one  # "~" sorts after every identity, so a root is always an identity
    return {key: root(name) for key, name in identities.items()}
