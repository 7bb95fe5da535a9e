"""How well risks hold, in the terminal: figures before and after, and a reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from heatline.history.validation import Bin, Measured, Quality
from heatline.report.heat import bar


def print_quality(console: Console, named: Sequence[tuple[str, Quality]]) -> None:
    """A table of figures with 95 % intervals."""
    efforts = list(named[0][1].recall)
    table = Table("scaling", "ECE", "Brier", "BSS", "AUC", *(f"found in {effort:.0%}" for effort in efforts))
    for column in table.columns[1:]:
        column.justify = "right"
    for name, quality in named:
        table.add_row(
            name,
            _cell(quality.ece, 3),
            _cell(quality.brier, 3),
            _cell(quality.bss, 3),
            _cell(quality.auc, 2),
            *(_percent(found) for found in quality.recall.values()),
        )
    console.print(table)


def print_reliability(console: Console, name: str, bins: Sequence[Bin], outcome: str) -> None:
    """Bins of about equally many lines: what was said and what happened, each with a bar."""
    top = max([0.05, *(max(each.risk, each.edited) for each in bins)])
    table = Table(f"{name}: risk", "", outcome, "", "lines")
    for each in sorted(bins, key=lambda b: b.risk):
        table.add_row(
            f"{each.risk:.1%}",
            bar(each.risk / top, 16, ascii_only=not _draws(console)),
            f"{each.edited:.1%}",
            bar(each.edited / top, 16, ascii_only=not _draws(console)),
            f"{each.lines:,}",
        )
    console.print(table)


def _draws(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


def _cell(found: Measured, digits: int) -> str:
    if found.value != found.value:
        return "–"
    return f"{found.value:.{digits}f} ({found.low:.{digits}f}–{found.high:.{digits}f})"


def _percent(found: Measured) -> str:
    return "–" if found.value != found.value else f"{found.value:.0%} ({found.low:.0%}–{found.high:.0%})"
