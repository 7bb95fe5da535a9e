"""What every editor's test needs."""

from __future__ import annotations

import pytest

from tests.lsp.environment import serving_environment


@pytest.fixture(scope="session")
def served_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which ``heatline serve`` uses a tiny supervisor."""
    return serving_environment(tmp_path_factory.mktemp("supervisor"))
