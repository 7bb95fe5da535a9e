"""How well risks hold in one repository, as a page: one file, no scripts, no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files

from heatline.history.validation import Bin, Measured, Quality
from heatline.report.heat import percent, printable

_SIDE = 260  # pixels of a drawing
# of the light or dark page; told apart by dashes too
_COLOURS = ("var(--faint)", "var(--mark)", "var(--link)")
_DASHES = ("6 3", "", "2 3")


@dataclass(frozen=True)
class Scaled:
    """One way of scaling, judged on the same lines as the others."""

    name: str
    quality: Quality
    bins: Sequence[Bin]
    effort: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Rates:
    """The share of edited lines in some groups: (name, lines, edited)."""

    title: str
    groups: Sequence[tuple[str, int, int]]


@dataclass(frozen=True)
class ReliabilityPage:
    """What the page says; ``facts`` are sentences at its top, ``outcome`` is “fixed” or “edited”."""

    title: str
    outcome: str
    facts: Sequence[str]
    scalings: Sequence[Scaled] = ()
    rates: Sequence[Rates] = field(default_factory=tuple)

    def html(self) -> str:
        """The whole page."""
        style = files("heatline.report").joinpath("page", "report.css").read_text(encoding="utf-8") + _STYLE
        digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        facts = "".join(f"<p>{_text(fact)}</p>\n" for fact in self.facts)
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{_text(self.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
            f"<header>\n<h1>{_text(self.title)}</h1>\n{facts}</header>\n<main>\n"
            f"{self._figures()}{self._rates()}</main>\n</body>\n</html>\n"
        )

    def _figures(self) -> str:
        if not self.scalings:
            return ""
        rows = "".join(_row(scaled) for scaled in self.scalings)
        efforts = list(self.scalings[0].quality.recall)
        heads = "".join(f'<th scope="col">found in {_text(percent(effort))}</th>' for effort in efforts)
        return (
            f'<h2>How well risks hold</h2>\n<p class="faint">On lines that were written later than those a scaling was '
            f"fitted on; 95 % intervals by commit. ECE: how far risks are from what happened. Brier: mean squared "
            f"error. BSS: how much better than always saying the base rate. AUC: how often a line that was "
            f"{self.outcome} had a higher risk than one that wasn't. Found in 10 %: the share of {self.outcome} lines "
            f"among the riskiest tenth.</p>\n"
            f'<table class="figures"><thead><tr><th scope="col">scaling</th><th scope="col">ECE</th>'
            f'<th scope="col">Brier</th><th scope="col">BSS</th><th scope="col">AUC</th>{heads}</tr></thead>\n'
            f'<tbody>{rows}</tbody></table>\n<div class="drawings">{self._reliability()}{self._effort()}</div>\n'
        )

    def _reliability(self) -> str:
        top = max([0.1, *(max(each.risk, each.edited) for scaled in self.scalings for each in scaled.bins)])
        top = min(1.0, top * 1.1)
        marks = [_line([(0, 0), (top, top)], top, "#9198a1", "1 4", "what perfect scaling gives")]
        for number, scaled in enumerate(self.scalings):
            points = [(each.risk, each.edited) for each in sorted(scaled.bins, key=lambda b: b.risk)]
            marks.append(_line(points, top, *_look(number), scaled.name))
            marks += [_dot(x, y, top, _look(number)[0]) for x, y in points]
        caption = (
            f"Reliability: risk from left to right, share {self.outcome} upwards, both to {percent(top)}"
        )
        return _figure(caption, marks, [scaled.name for scaled in self.scalings])

    def _effort(self) -> str:
        marks = [_line([(0, 0), (1, 1)], 1, "#9198a1", "1 4", "what chance finds")]
        for number, scaled in enumerate(self.scalings):
            marks.append(_line(scaled.effort, 1, *_look(number), scaled.name))
        at_ten = self.scalings[-1].quality.recall.get(0.10)
        said = (
            f" Reviewing the riskiest 10 % would have found {percent(at_ten.value)} of the {self.outcome} ones."
            if at_ten is not None
            else ""
        )
        caption = (
            f"Effort: share of lines reviewed to the right, of {self.outcome} lines found upwards.{said}"
        )
        return _figure(caption, marks, [scaled.name for scaled in self.scalings])

    def _rates(self) -> str:
        return "".join(_rates_table(rates, self.outcome) for rates in self.rates if rates.groups)


def _row(scaled: Scaled) -> str:
    q = scaled.quality
    cells = [_figure_cell(q.ece, 3), _figure_cell(q.brier, 3), _figure_cell(q.bss, 3), _figure_cell(q.auc, 2)]
    cells += [_percent_cell(found) for found in q.recall.values()]
    return f'<tr><th scope="row">{_text(scaled.name)}</th>{"".join(cells)}</tr>\n'


def _figure_cell(found: Measured, digits: int) -> str:
    if found.value != found.value:
        return "<td>–</td>"
    spread = f"{found.low:.{digits}f} to {found.high:.{digits}f}"
    return f'<td>{found.value:.{digits}f} <span class="faint">({spread})</span></td>'


def _percent_cell(found: Measured) -> str:
    if found.value != found.value:
        return "<td>–</td>"
    return f'<td>{found.value:.0%} <span class="faint">({found.low:.0%} to {found.high:.0%})</span></td>'


def _rates_table(rates: Rates, outcome: str) -> str:
    highest = max((edited / lines for _, lines, edited in rates.groups if lines), default=0.0) or 1.0
    rows = "".join(
        f'<tr><th scope="row">{_text(name)}</th><td>{lines:,}</td><td>{edited:,}</td><td>{edited / lines:.1%}</td>'
        f'<td><svg width="120" height="10" role="img" aria-label="{edited / lines:.1%}">'
        f'<rect width="{120 * edited / lines / highest:.1f}" height="10" fill="{_COLOURS[1]}"/></svg></td></tr>\n'
        for name, lines, edited in rates.groups
        if lines
    )
    return (
        f'<h2>{_text(rates.title)}</h2>\n<table class="figures"><thead><tr><th></th><th scope="col">lines</th>'
        f'<th scope="col">{_text(outcome)}</th><th scope="col">share</th><th></th></tr></thead>\n'
        f"<tbody>{rows}</tbody></table>\n"
    )


def _look(number: int) -> tuple[str, str]:
    return _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]


def _line(points: Sequence[tuple[float, float]], top: float, colour: str, dash: str, name: str) -> str:
    path = " ".join(f"{_SIDE * x / top:.1f},{_SIDE * (1 - y / top):.1f}" for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}">'
        f"<title>{_text(name)}</title></polyline>"
    )


def _dot(x: float, y: float, top: float, colour: str) -> str:
    return (
        f'<circle cx="{_SIDE * x / top:.1f}" cy="{_SIDE * (1 - y / top):.1f}" r="3.5" fill="{colour}">'
        f"<title>risk {x:.1%}, happened {y:.1%}</title></circle>"
    )


def _figure(caption: str, marks: Sequence[str], names: Sequence[str]) -> str:
    legend = "".join(
        f'<span><svg width="26" height="8"><line x1="0" y1="4" x2="26" y2="4" stroke="{_look(n)[0]}" stroke-width="2" '
        f'stroke-dasharray="{_look(n)[1]}"/></svg> {_text(name)}</span> '
        for n, name in enumerate(names)
    )
    return (
        f'<figure><svg viewBox="-4 -4 {_SIDE + 8} {_SIDE + 8}" width="{_SIDE + 8}" role="img" '
        f'aria-label="{escape(caption)}"><rect width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#9198a1"/>'
        f"{''.join(marks)}</svg><figcaption>{legend}<br>{_text(caption)}</figcaption></figure>\n"
    )


def _text(text: str) -> str:
    return escape(printable(text), quote=False)


_STYLE = """
table.figures { font: inherit; margin: 0.5rem 0 1rem; }
table.figures th { text-align: left; color: inherit; padding: 0.15rem 0.9rem 0.15rem 0; user-select: text; }
table.figures td { text-align: right; padding: 0.15rem 0.9rem; font-variant-numeric: tabular-nums; }
.drawings { display: flex; flex-wrap: wrap; gap: 2rem; }
figure { margin: 0.5rem 0; max-width: 20rem; }
figcaption { font-size: 0.9rem; }
h2 { font-size: 1.1rem; margin: 1.2rem 0 0.3rem; }
"""
