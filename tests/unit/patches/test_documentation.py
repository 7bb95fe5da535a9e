"""What the documentation says of the tables that come along is what their cards say."""

from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

from heatline_probes.errors import PatchError
from heatline_probes.patches.report import all_tables, with_tables
from heatline_probes.patches.table import MINED, mined_tables, read_card, read_table

PAGE = Path(__file__).parents[3] / "docs" / "corpora.md"


def test_the_tables_of_the_page_are_those_of_the_cards() -> None:
    page = PAGE.read_text(encoding="utf-8")
    cards = [read_card(path) for path in mined_tables(MINED)]
    assert page == with_tables(page, all_tables(cards)), (
        "heatline-probes patches card --update docs/corpora.md"
    )


def test_every_table_that_comes_along_is_whole_and_labels_something() -> None:
    for path in mined_tables(MINED):
        for patch in read_table(path):
            assert patch.edits or not patch.verified
            assert patch.attempt in (True, False)
            assert patch.samples in (("",) if patch.verified else ("pass", "none"))
            assert 0 <= patch.quality <= 1


def test_a_page_without_a_place_for_tables_is_refused() -> None:
    with pytest.raises(PatchError, match="no place for tables"):
        with_tables("# Page\n", "| a |\n")
