"""A function of a repository is asked for without its body, and an answer takes its place."""

from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

from heatline_probes.corpus.repository import find_function
from heatline_probes.errors import CorpusError

FILE = '''"""Sizes."""
from __future__ import annotations

import os


class Box:
    @property
    def area(self) -> int:
        """Width times height."""
        return self.width * self.height

    def twice(self): return 2 * self.area


def half(x):
    # secret
    return x / 2


LAST = half(3)
'''


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "sizes.py").write_text(FILE)
    return tmp_path


def test_the_request_shows_the_file_but_not_the_body(repository: Path) -> None:
    area = find_function(repository, "sizes.py:Box.area").problem
    assert '"""Width times height."""\n        ...\n' in area.prompt
    assert "self.width * self.height" not in area.prompt
    assert "LAST = half(3)" in area.prompt
    half = find_function(repository, "sizes.py:half")
    assert "x / 2" not in half.problem.prompt
    assert half.source == "def half(x):\n    # secret\n    return x / 2\n"
    assert "2 * self.area" not in find_function(repository, "sizes.py:Box.twice").problem.prompt
    assert {area.key, half.problem.key} == {"repository:sizes.py:Box.area", "repository:sizes.py:half"}


def test_an_answer_takes_the_place_of_the_function_and_nothing_else_changes(repository: Path) -> None:
    answer = "import math\n\n@cached\ndef half(x):\n    return math.floor(x / 2)\n\nprint(half(3))\n"
    changed = find_function(repository, "sizes.py:half").with_answer(answer)
    expected = FILE.replace("    # secret\n    return x / 2\n", "    return math.floor(x / 2)\n")
    assert changed == expected.replace("annotations\n", "annotations\nimport math\n", 1)
    method = find_function(repository, "sizes.py:Box.area").with_answer("def area(self):\n    return 1")
    assert method is not None
    assert "    @property\n    def area(self):\n        return 1\n\n    def twice" in method
    whole = find_function(repository, "sizes.py:Box.twice").with_answer(FILE.replace("2 *", "3 *"))
    assert whole is not None
    assert "def twice(self): return 3 * self.area" in whole


def test_an_answer_without_the_function_is_none(repository: Path) -> None:
    half = find_function(repository, "sizes.py:half")
    assert half.with_answer("def third(x): return x / 3") is None
    assert half.with_answer("def half(x:") is None


@pytest.mark.parametrize("name", ["half", "Box.area", "Box.twice"])
def test_the_broken_file_parses_and_raises(repository: Path, name: str) -> None:
    broken = find_function(repository, f"sizes.py:{name}").broken()
    compile(broken, "sizes.py", "exec")
    assert broken.count("raise NotImplementedError") == 1


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("sizes.py", "names no function"),
        ("sizes.py:third", "has no function 'third'"),
        ("sizes.py:Box.half", "has no function"),
        ("none.py:half", "can't be read"),
        ("../sizes.py:half", "is outside of"),
    ],
)
def test_what_is_no_function_is_said(repository: Path, where: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        find_function(repository, where)
