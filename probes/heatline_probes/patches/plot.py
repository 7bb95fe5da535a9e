"""The distribution of patch sizes, as a picture: what share of the patched programs needs at most so many edits."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from heatline_probes.patches.table import MinedPatch

# Okabe & Ito's colours, which most colour-blind eyes can tell apart; lines differ too.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_LINES = ("-", "--", "-.", ":")


def plot_sizes(patches: Mapping[str, Sequence[MinedPatch]], path: Path) -> None:
    """Write cumulative distributions of edited tokens and of edited fractions, one line for each dataset.

    patches: by dataset; empty ones are left out. path: its suffix is the format, e.g. ``.svg``.
    """
    with mpl.rc_context({"svg.hashsalt": "heatline", "font.size": 9}):  # equal tables give equal files
        figure = Figure(figsize=(8, 3.2), layout="constrained")
        tokens, fractions = figure.subplots(1, 2, sharey=True)
        for number, (dataset, found) in enumerate(item for item in patches.items() if item[1]):
            colour, line = _COLOURS[number % len(_COLOURS)], _LINES[number % len(_LINES)]
            label = f"{dataset} ({len(found):,})"
            edited = [max(1, patch.edited_tokens) for patch in found]
            shares = [patch.edited_tokens / patch.tokens for patch in found]
            tokens.ecdf(edited, color=colour, linestyle=line, label=label)
            fractions.ecdf(shares, color=colour, linestyle=line, label=label)
        tokens.set(xscale="log", xlabel="edited tokens", ylabel="share of patched programs", ylim=(0, 1))
        fractions.set(xlabel="edited share of the program's tokens", xlim=(0, 1))
        for axes in (tokens, fractions):
            axes.grid(alpha=0.3)
        fractions.legend(loc="lower right")
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.stem}.part{path.suffix}")
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(part, metadata=metadata)
        part.replace(path)
