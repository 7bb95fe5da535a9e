"""The page that names the repositories of a folder of rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from heatline.history.rules import default_rules
from heatline_probes.cli.corpus import app
from heatline_probes.corpus.from_git import collect, write_card
from tests.unit.history.history_repository import Written

MIT = "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\n"
CODE = "".join(f"def function_{n}(value):\n    return value + {n}\n\n\n" for n in range(30))

pytestmark = pytest.mark.probes


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    made = Written(tmp_path / "project")
    made.commit("start", LICENSE=MIT, pkg__a_py="import os\n")
    made.by_claude(pkg__a_py=CODE)
    made.commit("fix: off by one", pkg__a_py=CODE.replace("value + 7", "value + 8"))
    made.commit("later", days=100)
    young = Written(tmp_path / "young")
    young.commit("start", LICENSE=MIT)
    young.by_claude(pkg__a_py=CODE)
    young.commit("later", days=10)
    for name, folder in (("me/project", made.folder), ("me/young", young.folder)):
        collect(folder, name, tmp_path / "out", tmp_path / "cache")
    write_card(tmp_path / "out", 90.0, default_rules().key)
    return tmp_path / "out"


def page_of(rows: Path) -> str:
    page = rows.parent / "page.md"
    result = CliRunner().invoke(app, ["repositories", str(rows), "--out", str(page)])
    assert result.exit_code == 0, result.output
    return page.read_text(encoding="utf-8")


def row_of(page: str, name: str) -> list[str]:
    line = next(line for line in page.splitlines() if line.startswith(f"| {name} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_repository_is_named_with_what_became_of_its_lines(rows: Path) -> None:
    assert row_of(page_of(rows), "me/project")[2:] == ["MIT", "python", "1", "60", "60", "1.7%"]


def test_young_lines_give_no_share(rows: Path) -> None:
    """Of lines that are too young nothing is known, and nought of nought is no share."""
    assert row_of(page_of(rows), "me/young")[5:] == ["60", "0", "–"]


def test_the_sum_is_of_known_fates(rows: Path) -> None:
    """The young repository's lines are counted as lines and not among the fixed ones' hundred."""
    page = page_of(rows)
    assert "2 repositories, 2 commits that an assistant wrote, 120 lines" in page
    assert "Of 60 lines in 1 repositories the fate is known: 1.7% were fixed within 90 days" in page


def test_a_missing_table_is_said_in_a_sentence(rows: Path) -> None:
    (rows / "rows" / "me+project.parquet").unlink()
    result = CliRunner().invoke(app, ["repositories", str(rows), "--out", str(rows / "page.md")])
    assert "The rows of me/project can't be read" in str(result.exception)
    assert not (rows / "page.md").exists()
