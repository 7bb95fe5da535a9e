"""The page on the command line."""

from __future__ import annotations

from pathlib import Path

from heatline.cli.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_page_in_the_documentation_is_current() -> None:
    """Mended by ``make docs``."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_command_has_a_section_with_its_options() -> None:
    assert "## `heatline check`" in page()
    assert "| `--format` `terminal` or `json` or `sarif`" in page()
