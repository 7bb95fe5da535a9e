from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.history.history_repository import Written


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "project")
