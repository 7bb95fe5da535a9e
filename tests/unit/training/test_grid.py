"""The design space: every combination once, what choices explain, and a page that can be written again."""

import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("sklearn", reason="needs the probes extra")

from heatline_probes.errors import TrainingError
from heatline_probes.training import grid
from heatline_probes.training.grid_page import write_page
from heatline_probes.training.labels import labelled_sample
from tests.tiny import tiny_gguf
from tests.unit.training.own_programs import QUOTAS

pytestmark = pytest.mark.probes

FACTORS = {
    "style": ("middle", "combined"), "features": (8,), "pooling": ("max", "attention"), "loss": ("brier",),
    "scope_stage": (True,),
}  # fmt: skip


def row(style, pooling, value):
    point = {"style": style, "features": 8, "pooling": pooling, "loss": "brier", "scope_stage": True}
    return {**point, **dict.fromkeys(grid.RESULTS, value)}


def test_eta_squared_is_the_hand_computed_one():
    """Means 1 and 3 by style, 1.5 and 2.5 by pooling, total 2: sums of squares 4 and 1 of 5."""
    values = {("middle", "max"): 0.5, ("middle", "mean"): 1.5, ("last", "max"): 2.5, ("last", "mean"): 3.5}
    shares = grid.eta_squared([row(*point, value) for point, value in values.items()], "line_bss")
    assert shares == pytest.approx(
        {"style": 0.8, "pooling": 0.2, "features": 0.0, "loss": 0.0, "scope_stage": 0.0}
    )


def test_a_grid_of_one_row_explains_nothing():
    with pytest.raises(TrainingError, match="more than one result"):
        grid.eta_squared([row("middle", "max", 0.1)], "line_bss")


def test_a_grid_goes_on_where_it_was_stopped_and_makes_its_page(tmp_path, corpora, monkeypatch):
    monkeypatch.setattr(grid, "FACTORS", FACTORS)
    sample = labelled_sample(corpora, {}, QUOTAS)
    embedded = grid.embed_styles(tiny_gguf(tmp_path), "tiny", corpora, sample, tmp_path / "grid", threads=1)
    assert embedded["combined"].states.values.shape[1] == 3 * embedded["middle"].states.values.shape[1]
    assert set(embedded) == set(grid.STYLES)
    kept = []
    rows = grid.run_grid(embedded, sample, tested=1, epochs=2, keep=kept.append)
    assert rows == kept
    assert len(rows) == 4
    again = []
    assert grid.run_grid(embedded, sample, tested=1, epochs=2, done=rows[:3], keep=again.append) == rows
    assert len(again) == 1
    page, plot = write_page(rows, tmp_path / "grid.md", "heatline-probes grid", "a few programs")
    assert "| style |" in page.read_text()
    assert plot.read_text().lstrip().startswith("<?xml")
