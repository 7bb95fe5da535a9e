"""End to end with real weights and the shipped probes; skips where a supervisor is not installed."""

from pathlib import Path

import pytest

import heatline
from heatline.errors import SupervisorError
from heatline.supervisor.catalog import CATALOG, DEFAULT_SUPERVISOR
from heatline.supervisor.store import SupervisorStore

pytestmark = pytest.mark.real

INSTALLED = SupervisorStore().folder  # read before any fixture points elsewhere
SAMPLE = Path(__file__).parents[1] / "examples" / "matrix.py"
MISTAKE = 20  # examples/README.md


@pytest.fixture(autouse=True)
def own_supervisors(monkeypatch):
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(INSTALLED))


def load(name: str) -> heatline.Scorer:
    try:
        return heatline.load(name, probe="default", threads=1, cache=False)
    except SupervisorError as error:
        pytest.skip(f"{name} is not installed: {error}")


@pytest.mark.parametrize("name", list(CATALOG))
def test_the_shipped_probe_fits_the_bundle_and_scores_every_line(name):
    text = SAMPLE.read_text(encoding="utf-8")
    with load(name) as scorer:
        scored = scorer.score(text, "python")
    expected = [number for number, line in enumerate(text.splitlines()) if line.strip()]
    assert [line.line for line in scored.lines] == expected
    assert all(0 < line.risk < 1 for line in scored.lines)


def test_the_mistake_of_the_sample_is_among_its_three_riskiest_lines():
    with load(DEFAULT_SUPERVISOR) as scorer:
        scored = scorer.score(SAMPLE.read_text(encoding="utf-8"), "python")
    riskiest = sorted(scored.lines, key=lambda line: -line.risk)[:3]
    assert MISTAKE in [line.line + 1 for line in riskiest]
