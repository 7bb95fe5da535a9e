"""Training rows from git histories."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from heatline.history.repository import Repository
from heatline.history.written_lines import Fate
from heatline_probes.cli.corpus import app
from heatline_probes.corpus.from_git import collect, is_collected
from heatline_probes.corpus.licences import licence_of
from heatline_probes.errors import CorpusError
from tests.unit.history.history_repository import Written

MIT = (
    "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nof this …\n"
)
CODE = """import os


def first(value):
    total = value + 1
    return total


def second(value):
    return os.path.join(value, "x")
"""

pytestmark = pytest.mark.probes


@pytest.fixture
def written(tmp_path: Path) -> Written:
    made = Written(tmp_path / "project")
    made.commit("start", LICENSE=MIT, pkg__a_py="import os\n")
    made.by_claude(pkg__a_py=CODE)
    made.commit("fix: off by one", pkg__a_py=CODE.replace("value + 1", "value + 2"))
    made.commit("later", days=100)
    return made


def test_a_row_is_a_scope_with_the_fate_of_each_line(written: Written, tmp_path: Path) -> None:
    found = collect(written.folder, "me/project", tmp_path / "out", tmp_path / "cache")
    rows = pq.read_table(tmp_path / "out" / "rows" / "me+project.parquet").to_pylist()
    first = next(row for row in rows if row["scope"] == "first")
    assert (first["lines"], [Fate(fate).name for fate in first["fates"]]) == (
        [0, 1, 2],
        ["KEPT", "FIXED", "KEPT"],
    )
    assert (first["assistant"], first["licence"], first["path"]) == ("Claude", "MIT", "pkg/a.py")
    assert found.fates == {"fixed": 1, "kept": 4}


def test_a_scope_is_laid_out_as_in_serving(written: Written, tmp_path: Path) -> None:
    """Its text, and the imports above it at the time, are found by their hash."""
    collect(written.folder, "me/project", tmp_path / "out", tmp_path / "cache")
    rows = pq.read_table(tmp_path / "out" / "rows" / "me+project.parquet").to_pylist()
    texts = {
        row["text_sha"]: row
        for row in pq.read_table(tmp_path / "cache" / "texts" / "me+project.parquet").to_pylist()
    }
    second = next(row for row in rows if row["scope"] == "second")
    held = texts[second["text_sha"]]
    assert held["text"] == CODE[second["start"] : second["end"]]
    assert held["text"].startswith("def second")
    assert held["context"] == "import os"


def test_a_header_of_cpp_is_read_as_cpp(written: Written, tmp_path: Path) -> None:
    """Its name doesn't say: what the server shows for it and what is learned from it must agree."""
    written.by_claude(pkg__box_h="class Box {\npublic:\n    int size() { return 1; }\n};\n")
    written.commit("later", days=100)
    collect(written.folder, "me/project", tmp_path / "out", tmp_path / "cache")
    rows = pq.read_table(tmp_path / "out" / "rows" / "me+project.parquet").to_pylist()
    assert {row["language"] for row in rows if row["path"] == "pkg/box.h"} == {"cpp"}


def test_rows_and_card_hold_no_code(written: Written, tmp_path: Path) -> None:
    collect(written.folder, "me/project", tmp_path / "out", tmp_path / "cache")
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"total = value" not in path.read_bytes()
    table = pq.read_table(tmp_path / "out" / "rows" / "me+project.parquet")
    assert not {"text", "context", "code"} & set(table.column_names)


def test_without_a_permissive_licence_a_repository_is_left_out(written: Written, tmp_path: Path) -> None:
    written.commit("relicense", LICENSE="GNU GENERAL PUBLIC LICENSE\nVersion 3\n")
    with pytest.raises(CorpusError, match=r"no permissive licence \(GPL\)"):
        collect(written.folder, "me/project", tmp_path / "out", tmp_path / "cache")
    assert collect(written.folder, "me/project", tmp_path / "o", tmp_path / "c", any_licence=True).lines == 5


def test_a_run_goes_on_where_it_stopped(written: Written, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert not is_collected(out, "me/project", written.folder)
    collect(written.folder, "me/project", out, tmp_path / "cache")
    assert is_collected(out, "me/project", written.folder)
    written.commit("more", b_py="x = 1\n")
    assert not is_collected(out, "me/project", written.folder)


def test_the_command_joins_the_cards_and_says_what_it_leaves_out(written: Written, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"me/project={written.folder}\nme/absent={tmp_path / 'absent'}\n")
    ran = CliRunner().invoke(
        app, ["from-git", str(listed), "--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    )
    assert ran.exit_code == 0, ran.output
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert [entry["repository"] for entry in card["repositories"]] == ["me/project"]
    assert card["lines"] == 5
    assert "Left out" in ran.output


@pytest.mark.parametrize(
    ("name", "text", "licence"),
    [
        ("LICENSE", MIT, "MIT"),
        ("licence.txt", "Apache License\n   Version 2.0, January 2004\n", "Apache-2.0"),
        ("COPYING", "GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL"),
        ("LICENSE.md", "All rights reserved.", "other"),
        ("LICENSE.md", "# O'Saasy License Agreement\n\n" + MIT, "other"),
        ("LICENSE", MIT.replace("MIT License", "MIT License (with Some/Other Rider)"), "other"),
        ("LICENSE", MIT + "No licensee may use it to\ncompete with the licensor.\n", "other"),
        ("README.md", "MIT", "none"),
    ],
)
def test_a_licence_is_known_by_its_words(tmp_path: Path, name: str, text: str, licence: str) -> None:
    made = Written(tmp_path / "project")
    made.put(name, text)
    made.commit("start")
    repository = Repository(made.folder)
    assert licence_of(repository, repository.head()) == licence
