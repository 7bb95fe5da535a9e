"""Sessions with a real server, and the Python API on the same supervisor to compare with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

import heatline
from tests.lsp.environment import serving_environment
from tests.lsp.sessions import Session


@pytest.fixture(scope="session")
def served_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which ``heatline serve`` uses a tiny supervisor."""
    return serving_environment(tmp_path_factory.mktemp("supervisor"))


@pytest.fixture(scope="session")
def scorer(served_environment: dict[str, str]) -> Iterator[heatline.Scorer]:
    """The Python API with the supervisor and probe that the server uses."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HEATLINE_SUPERVISORS", "HEATLINE_SUPERVISOR", "HEATLINE_PROBE", "HEATLINE_CACHE"):
            patch.setenv(name, served_environment[name])
        with heatline.load(cache=False) as loaded:
            yield loaded


@pytest_asyncio.fixture
async def session(served_environment: dict[str, str]) -> AsyncIterator[Session]:
    """A server over stdin and stdout, not yet initialized."""
    started = Session(served_environment)
    await started.start_stdio()
    yield started
    await started.end()
