"""Sessions with a real server, and the Python API on the same supervisor to compare with."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import heatline
from tests.lsp.clients import CLIENTS, ENCODINGS, capabilities_of
from tests.lsp.environment import serving_environment
from tests.lsp.playing import Editor
from tests.lsp.playing_clients import RISKS
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


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[(client, encoding) for client in CLIENTS for encoding in ENCODINGS],
    ids=lambda param: "-".join(param),
)
async def talk(request: pytest.FixtureRequest, served_environment: dict[str, str]) -> AsyncIterator[Session]:
    """A session of one kind of client in one encoding, which the tests of a module share."""
    client, encoding = request.param
    started = Session(served_environment, silent=client == "unrefreshed")
    await started.start_stdio()
    await started.initialize(encodings=[encoding], capabilities=capabilities_of(client))
    yield started
    await started.end()


@pytest.fixture
def uri(request: pytest.FixtureRequest) -> str:
    """A document of the test's own."""
    return f"file:///nowhere/{zlib.crc32(request.node.nodeid.encode()):08x}.py"


@pytest_asyncio.fixture
async def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Editor]:
    """A server and an editor in one process, with risks of the test's own choice."""
    monkeypatch.setenv("HEATLINE_STATE", str(tmp_path / "state"))
    started = Editor(tmp_path, RISKS)
    yield started
    await started.end()
