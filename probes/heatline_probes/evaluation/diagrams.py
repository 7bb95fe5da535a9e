"""Reliability diagrams as small SVG files: confidence against what became of it, with intervals and counts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heatline.supervisor.card import atomic_path

_COLOURS = {"unscaled": "#9a9a9a", "scaled": "#0072b2", "transferred": "#d55e00"}  # told apart by anyone


def draw_reliability(points: Mapping[str, Mapping[str, Any]], title: str, path: Path) -> None:
    """Write one diagram; `points` maps `unscaled`, `scaled`, `transferred` to what `metrics.reliability` gives.

    The same figures give the same bytes.
    """
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    with mpl.rc_context({"svg.hashsalt": "heatline", "svg.fonttype": "none", "font.size": 8}):
        figure, (above, below) = plt.subplots(
            2, 1, figsize=(3.6, 4.2), sharex=True, gridspec_kw={"height_ratios": [4, 1], "hspace": 0.08}
        )
        above.plot([0, 1], [0, 1], color="#cccccc", linewidth=1)
        for name, row in points.items():
            colour = _COLOURS.get(name, "#000000")
            spread = [
                [max(k - low, 0) for k, low in zip(row["kept"], row["low"], strict=True)],
                [max(high - k, 0) for k, high in zip(row["kept"], row["high"], strict=True)],
            ]
            above.errorbar(
                row["confidence"], row["kept"], spread, color=colour, linewidth=1.2, marker="o",
                markersize=3, elinewidth=0.8, label=name,
            )  # fmt: skip
        shown = points.get("scaled") or next(iter(points.values()))
        below.bar(shown["confidence"], shown["spans"], width=0.04, color=_COLOURS["scaled"])
        above.set(ylabel="share kept", ylim=(0, 1), xlim=(0, 1), title=title)
        below.set(xlabel="confidence, P(kept)", ylabel="spans")
        above.legend(frameon=False)
        for axes in (above, below):
            axes.spines[["top", "right"]].set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None}, bbox_inches="tight")
        plt.close(figure)
