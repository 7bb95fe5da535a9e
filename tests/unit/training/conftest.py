"""Programs of our own, in two datasets; the failing ones differ in one token."""

import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

from heatline_probes.corpus.programs import Corpora
from tests.tiny import tiny_gguf
from tests.unit.training.own_programs import program


@pytest.fixture(scope="package")
def corpora():
    programs = [
        program(i, passes, model=m) for i in range(40) for passes in (True, False) for m in ("x", "y")
    ]
    return Corpora(tuple(programs), {}, {f"p{i}": f"g{i // 2}" for i in range(40)})


@pytest.fixture(scope="package")
def gguf(tmp_path_factory):
    return tiny_gguf(tmp_path_factory.mktemp("weights"))
