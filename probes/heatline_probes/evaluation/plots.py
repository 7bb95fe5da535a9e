"""Plots of compared confidences as SVG text: reliability, risk–coverage, histograms, clusters.

The same figures give the same bytes.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

# told apart by anyone (Okabe & Ito)
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c8c8c")


@contextmanager
def _figure(width: float, height: float, rows: int = 1, **grid: Any) -> Iterator[tuple[Any, Any, list[str]]]:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    written: list[str] = []
    with mpl.rc_context({"svg.hashsalt": "heatline", "svg.fonttype": "none", "font.size": 8}):
        figure, axes = plt.subplots(rows, 1, figsize=(width, height), **grid)
        for one in np.atleast_1d(axes):
            one.spines[["top", "right"]].set_visible(False)
        yield figure, axes, written
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None}, bbox_inches="tight")
        plt.close(figure)
        text = out.getvalue()
        written.append(text[text.index("<svg") :])


def reliability_plot(rows: Mapping[str, Mapping[str, Any]], title: str) -> str:
    """Share kept against confidence, with intervals, and below how many spans each point stands for.

    `rows` maps a name to what `metrics.reliability` gives.
    """
    with _figure(3.8, 4.0, 2, sharex=True, gridspec_kw={"height_ratios": [4, 1], "hspace": 0.08}) as drawing:
        _, (above, below), written = drawing
        above.plot([0, 1], [0, 1], color="#cccccc", linewidth=1)
        width = 0.08 / max(len(rows), 1)
        for number, (name, row) in enumerate(rows.items()):
            colour = COLOURS[number % len(COLOURS)]
            spread = [
                [max(k - low, 0) for k, low in zip(row["kept"], row["low"], strict=True)],
                [max(high - k, 0) for k, high in zip(row["kept"], row["high"], strict=True)],
            ]
            above.errorbar(
                row["confidence"], row["kept"], spread, color=colour, linewidth=1.1, marker="o", markersize=3,
                elinewidth=0.7, label=name,
            )  # fmt: skip
            places = np.asarray(row["confidence"]) + (number - (len(rows) - 1) / 2) * width
            below.bar(places, row["spans"], width=width, color=colour)
        above.set(ylabel="share kept", ylim=(0, 1), xlim=(0, 1), title=title)
        below.set(xlabel="confidence, P(kept)", ylabel="spans", yscale="log")
        above.legend(frameon=False, fontsize=6)
    return written[0]


def risk_coverage_plot(rows: Mapping[str, Mapping[str, Any]], title: str) -> str:
    """The share edited among what one is surest of, against how much that is."""
    with _figure(3.8, 3.0) as (_, axes, written):
        for number, (name, row) in enumerate(rows.items()):
            axes.plot(
                row["coverage"], row["risk"], color=COLOURS[number % len(COLOURS)], linewidth=1.1,
                linestyle="-" if number < len(COLOURS) else "--", label=f"{name} ({row['area'][0]:.3f})",
            )  # fmt: skip
        axes.set(
            xlabel="share of all spans, the surest first", ylabel="share edited", xlim=(0, 1), title=title
        )
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, fontsize=6)
    return written[0]


def histogram_plot(counts: Sequence[Sequence[int]], title: str) -> str:
    """How confidences spread, of kept and of edited spans; `counts` `(2, bins)`."""
    kept, edited = np.asarray(counts, np.float64)
    edges = np.linspace(0, 1, len(kept) + 1)
    with _figure(3.8, 1.8) as (_, axes, written):
        for values, name, colour in ((kept, "kept", COLOURS[0]), (edited, "edited", COLOURS[1])):
            share = values / max(values.sum(), 1)
            axes.stairs(share, edges, color=colour, label=f"{name} ({int(values.sum())})", linewidth=1.2)
        axes.set(xlabel="confidence, P(kept)", ylabel="share", xlim=(0, 1), title=title)
        axes.legend(frameon=False, fontsize=6)
    return written[0]


def cluster_plot(places: NDArray[np.floating], clusters: NDArray[np.integer], title: str) -> str:
    """The first two coordinates `(n, 2)` of clustered spans; what is in no cluster is grey."""
    with _figure(3.8, 3.2) as (_, axes, written):
        noise = clusters < 0
        axes.scatter(*places[noise, :2].T, s=3, color="#cccccc", linewidths=0, rasterized=False)
        for number in np.unique(clusters[~noise]):
            inside = places[clusters == number, :2]
            colour = COLOURS[int(number) % len(COLOURS)]
            axes.scatter(*inside.T, s=3, color=colour, linewidths=0, label=f"{number + 1}: {len(inside)}")
        axes.set(xlabel="first coordinate", ylabel="second coordinate", title=title)
        if 0 < len(np.unique(clusters[~noise])) <= 16:
            axes.legend(frameon=False, fontsize=5, markerscale=2)
    return written[0]
