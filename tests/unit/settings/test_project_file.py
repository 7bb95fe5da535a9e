"""Finding and reading ``heatline.toml`` and ``[tool.heatline]``."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatline.errors import SettingsError
from heatline.settings import find_project_file


def test_the_nearest_file_above_is_found(tmp_path: Path) -> None:
    (tmp_path / "heatline.toml").write_text("threshold = 0.1\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.heatline]\nthreshold = 0.2\n")
    found = find_project_file(inner)
    assert found is not None
    assert (found.path, found.values) == (tmp_path / "a" / "pyproject.toml", {"threshold": 0.2})


def test_heatline_toml_wins_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.heatline]\nthreshold = 0.2\n")
    (tmp_path / "heatline.toml").write_text('[severity]\nhigh = "error"\n')
    found = find_project_file(tmp_path)
    assert found is not None
    assert found.values == {"severity": {"high": "error"}}


@pytest.mark.parametrize("text", ["[tool.ruff]\nline-length = 88\n", "[tool]\nheatline = 3\n", "= broken"])
def test_a_pyproject_without_the_table_does_not_count(tmp_path: Path, text: str) -> None:
    (tmp_path / "heatline.toml").write_text("threshold = 0.1\n")
    inner = tmp_path / "a"
    inner.mkdir()
    (inner / "pyproject.toml").write_text(text)
    found = find_project_file(inner)
    assert found is not None
    assert found.path == tmp_path / "heatline.toml"


@pytest.mark.parametrize("raw", [b"threshold = ", b"# \xff\n", b"a = [" * 3000])
def test_a_broken_file_is_one_sentence(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "heatline.toml").write_bytes(raw)
    with pytest.raises(SettingsError, match="is not valid TOML"):
        find_project_file(tmp_path)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "heatline.toml").write_bytes(b"\xef\xbb\xbfthreads = 2\n")
    found = find_project_file(tmp_path)
    assert found is not None
    assert found.values == {"threads": 2}
