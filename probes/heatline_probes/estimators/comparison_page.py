"""A comparison as one self-contained page: tables and plots, no script, nothing fetched."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from heatline_probes.estimators.comparison_tables import comparison_tables
from heatline_probes.evaluation.plots import (
    cluster_plot,
    histogram_plot,
    reliability_plot,
    risk_coverage_plot,
)

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 0.5rem 0 1.2rem; font-size: 12px; }
th, td { border-bottom: 1px solid #ddd; padding: 0.2rem 0.5rem; text-align: left; }
figure { display: inline-block; margin: 0.4rem; vertical-align: top; }
svg { max-width: 100%; height: auto; }
code { background: #f4f4f4; padding: 0 0.2rem; }
"""
MOST_CURVES = 6  # in one diagram; more can't be told apart


def comparison_page(found: Mapping[str, Any], calibrators: Sequence[str], command: str) -> str:
    """The whole page."""
    parts = [_markdown(comparison_tables(found, calibrators))]
    for level, measured in found["levels"].items():
        parts.append(f"<h2>{html.escape(level)}: plots</h2>")
        parts += _figures(measured["estimators"], calibrators)
        if measured["clusters"] is not None:
            places, clusters = (np.asarray(measured["clusters"][key]) for key in ("places", "clusters"))
            title = f"clusters of local Platt scaling, {next(iter(measured['estimators']))}"
            parts.append(f"<figure>{cluster_plot(places, clusters, title)}</figure>")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Estimators compared</title><style>{_STYLE}</style></head><body>"
        f"<h1>Estimators compared</h1><p>Made by <code>{html.escape(command)}</code></p>"
        + "\n".join(parts)
        + "</body></html>\n"
    )


def _figures(rows: Mapping[str, Any], calibrators: Sequence[str]) -> list[str]:
    shown = []
    names = list(rows)
    for calibrator in calibrators:
        for first in range(0, len(names), MOST_CURVES):
            some = {n: rows[n]["calibrators"][calibrator] for n in names[first : first + MOST_CURVES]}
            title = f"reliability, {calibrator}"
            shown.append(reliability_plot({n: row["reliability"] for n, row in some.items()}, title))
    curves = {n: rows[n]["calibrators"][calibrators[0]]["risk_coverage"] for n in names}
    for first in range(0, len(names), MOST_CURVES):
        some_curves = {n: curves[n] for n in names[first : first + MOST_CURVES]}
        shown.append(risk_coverage_plot(some_curves, f"risk–coverage, {calibrators[0]} (area)"))
    shown += [
        histogram_plot(rows[name]["calibrators"][calibrators[0]]["histogram"], f"{name}, {calibrators[0]}")
        for name in names
    ]
    return [f"<figure>{svg}</figure>" for svg in shown]


def _markdown(text: str) -> str:
    """The few forms that `comparison_tables` writes, as HTML."""
    blocks = []
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("| "):
            cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
            head = "".join(f"<th>{html.escape(c)}</th>" for c in cells[0])
            body = "".join(
                "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in cells[2:]
            )
            blocks.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        elif block.startswith("### "):
            blocks.append(f"<h2>{html.escape(block[4:])}</h2>")
        elif block.startswith("* "):
            blocks.append("<ul>" + "".join(f"<li>{html.escape(line[2:])}</li>" for line in lines) + "</ul>")
        elif block.startswith("**"):
            blocks.append(f"<h3>{html.escape(block.strip('*'))}</h3>")
        else:
            blocks.append(f"<p>{html.escape(block)}</p>")
    return "\n".join(blocks)
