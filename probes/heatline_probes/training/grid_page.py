"""The page and the plots of a grid: its best rows, what each choice explains, and box plots by choice."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from heatline.supervisor.card import atomic_path
from heatline_probes.training.grid import FACTORS, RESULTS, eta_squared

SHOWN = 12  # rows


def write_page(rows: Sequence[Mapping[str, Any]], out: Path, command: str, sample: str) -> list[Path]:
    """Write `out` (Markdown) and `images/grid.svg` beside it; returns what was written."""
    plot = out.parent / "images" / "grid.svg"
    plot.parent.mkdir(parents=True, exist_ok=True)
    _box_plots(rows, plot)
    with atomic_path(out) as temporary:
        temporary.write_text(_page(rows, command, sample), encoding="utf-8")
    return [out, plot]


def _page(rows: Sequence[Mapping[str, Any]], command: str, sample: str) -> str:
    table = pd.DataFrame(rows).sort_values("line_bss", ascending=False)
    importance = {result: eta_squared(rows, result) for result in RESULTS}
    parts = [
        "# The design space",
        f"Written by `{command}`: {len(rows)} combinations, {sample}. Held-out problems, scaled.",
        "## What each choice is worth",
        "The share of a result's variance over the grid that the choice alone explains (η²).",
        _markdown(
            ["choice", *RESULTS],
            [[factor, *(f"{importance[result][factor]:.2f}" for result in RESULTS)] for factor in FACTORS],
        ),
        "![Line BSS by choice](images/grid.svg)",
        "## The best combinations",
        _markdown(
            [*FACTORS, *RESULTS],
            [
                [*(str(row[f]) for f in FACTORS), *(f"{row[r]:.3f}" for r in RESULTS)]
                for _, row in table.head(SHOWN).iterrows()
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _box_plots(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    table = pd.DataFrame(rows)
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots(1, len(FACTORS), sharey=True, width_ratios=[len(v) for v in FACTORS.values()])
    for axis, (factor, values) in zip(axes, FACTORS.items(), strict=True):
        present = [value for value in values if (table[factor] == value).any()]
        axis.boxplot([table.loc[table[factor] == value, "line_bss"] for value in present])
        axis.set_xticks(
            range(1, len(present) + 1), [str(value) for value in present], rotation=30, ha="right"
        )
        axis.set_title(factor.replace("_", " "))
    axes[0].set_ylabel("line BSS, scaled")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
