"""The terminal report: source lines with heat bars and risks, a table per function, and what it all means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from heatline.report import heat
from heatline.report.checked import CheckedFile, FailedFile, Quiet, Run, lines_within
from heatline.report.layout import Layout
from heatline.report.ranking import Riskiest, Total, count
from heatline.report.source_line import SourceLine, riskiest_tokens, source_lines
from heatline.scoring.result import ScoredLine, ScoredScope

_BAR = 6
_GAP = "  "
_CONTEXT = 2
_MOST_SCOPES = 12
_MOST_CONTRIBUTIONS = 4
_QUIET: Mapping[Quiet, str] = {
    "ignored": "ignored",
    "reviewed": "reviewed",
    "baseline": "in the baseline",
    "budget": "over the review budget",
}


class TerminalReport:
    """Prints the report on ``console``, which decides width and colour, file by file.

    ``alone``: one file was asked for, so it is shown whatever its risks.
    """

    def __init__(self, run: Run, console: Console, layout: Layout, *, alone: bool = False) -> None:
        self.run = run
        self.console = console
        self.layout = layout
        self.alone = alone
        self.colour = console.color_system is not None and not console.no_color
        self.ascii_only = not console.encoding.lower().startswith("utf")
        self.total = Total()
        self.riskiest = Riskiest(layout.top or 0)
        self.unshown = 0
        self.failures = 0
        self._lines: list[Text] = []  # not printed yet: printing many at once costs little more than one

    def file(self, file: CheckedFile) -> None:
        self.total.add(self.run, file)
        if self.layout.top is None:
            self._file(file, file.flagged)
            self._print_lines()
        else:
            self.riskiest.add(self.run, file)

    def failure(self, failed: FailedFile) -> None:
        self.failures += 1  # the command has said it on standard error

    def end(self) -> None:
        for file, focus in self.riskiest.files():
            self._file(file, focus)
            self._print_lines()
        if self.layout.top is not None:
            self.unshown = self.total.files - len(self.riskiest.files())
        if self.total.lines:
            if self.unshown:
                self.line(f"{count(self.unshown, 'file')} with no line to show (--all shows every line).")
            self.legend()
        elif not self.failures:
            self.line("There is no line to show: nothing changed.")
        self._print_lines()

    def line(self, text: str | Text = "") -> None:
        """One line: cropped to a terminal, whole where it goes to a file or another program."""
        self._lines.append(text if isinstance(text, Text) else Text(text))

    def _print_lines(self) -> None:
        if not self._lines:
            return
        text = Text("\n").join(self._lines)
        self._lines.clear()
        if self.console.is_terminal:
            self.console.print(
                text, no_wrap=True, overflow="ellipsis", crop=True, highlight=False, markup=False
            )
        else:
            self.console.print(text, soft_wrap=True, highlight=False, markup=False)

    def paragraph(self, text: str) -> None:
        self._print_lines()
        self.console.print(
            text, style="dim", highlight=False, markup=False, soft_wrap=not self.console.is_terminal
        )

    def _file(self, file: CheckedFile, focus: frozenset[int]) -> None:
        if not (focus or self.layout.every_line or self.alone):
            self.unshown += 1
            return
        heading = Text(heat.printable(file.name), style="bold")
        heading.append(
            f"  {len(file.flagged)} of {count(len(file.lines), 'line')} flagged", style="not bold dim"
        )
        self.line(heading)
        scored = {line.line: line for line in file.lines}
        every = source_lines(file.text)
        previous = -1
        for number in self.shown_lines(focus, len(every)):
            if number > previous + 1:
                self.line(Text("  ⋮" if not self.ascii_only else "  ...", style="dim"))
            self.source(file, every[number], scored.get(number), len(str(len(every))), number in focus)
            previous = number
        if 0 <= previous < len(every) - 1:
            self.line(Text("  ⋮" if not self.ascii_only else "  ...", style="dim"))
        if file.lines and not focus:
            highest = max(file.lines, key=self.run.shown_risk)
            risk = heat.percent(self.run.shown_risk(highest))
            self.line(
                f"No line is at or above the threshold; the highest is {risk} on line {highest.line + 1}."
            )
        if file.quiet:
            self.quiet(file)
        self.line()
        self.scopes(file, focus)

    def shown_lines(self, focus: frozenset[int], total: int) -> Iterable[int]:
        if self.layout.every_line:
            return range(total)
        near = {number for line in focus for number in range(line - _CONTEXT, line + _CONTEXT + 1)}
        return sorted(number for number in near if 0 <= number < total)

    def source(
        self, file: CheckedFile, source: SourceLine, line: ScoredLine | None, width: int, focused: bool
    ) -> None:
        row = Text(no_wrap=True, overflow="ellipsis")
        if line is None:
            row.append(f"  {source.number + 1:>{width}} {'':{_BAR + 6}} {self.rule} ", style="dim")
            row.append_text(source.code(file.text, ()))
            self.line(row)
            return
        risk = self.run.shown_risk(line)
        flagged = line.line in file.flagged
        style = heat.BAR_STYLES[heat.bucket(risk)]
        row.append(("▶" if not self.ascii_only else ">") if flagged else " ", style="bold")
        row.append(f" {source.number + 1:>{width}} ", style="" if flagged else "dim")
        row.append(heat.bar(risk, _BAR, ascii_only=self.ascii_only), style=style)
        row.append(f" {heat.percent(risk):>5}", style="bold" if flagged else "dim")
        row.append(f" {self.rule} ", style="dim")
        margin = row.cell_len
        tokens = file.scored.tokens_between(*line.tokens)
        riskiest = riskiest_tokens(file.text, tokens, self.run.shown_risk) if focused else []
        styles = [
            (token.start, token.end, heat.TOKEN_STYLES[heat.bucket(self.run.shown_risk(token))])
            for token in tokens
        ]
        styles += [(token.start, token.end, "bold underline") for token in riskiest]
        row.append_text(source.code(file.text, styles if self.colour else ()))
        self.line(row)
        if riskiest and not self.colour:
            self.line(" " * margin + source.carets(file.text, riskiest))
        if focused and self.layout.explain:
            self.explanation(file, line, source, margin)

    @property
    def rule(self) -> str:
        return "|" if self.ascii_only else "│"

    def explanation(self, file: CheckedFile, line: ScoredLine, source: SourceLine, margin: int) -> None:
        query = file.scored.span(line.start, line.end)
        raising = [share for share in query.contributions if share.logit > 0][:_MOST_CONTRIBUTIONS]
        parts = []
        for share in raising:
            text = heat.printable(file.text[share.start : share.end].strip()) or " "
            column = max(share.start - source.start, 0) + 1
            parts.append(f"“{text}” col {column} {share.logit:+.2f}")
        self.line(
            Text(" " * margin + "raised by  " + ("   ".join(parts) or "no single token"), style="italic dim")
        )

    def scopes(self, file: CheckedFile, focus: frozenset[int]) -> None:
        asked = [scope for scope in file.scored.scopes if lines_within(file.lines, scope)]
        shown = asked
        if not self.layout.every_line and len(asked) > _MOST_SCOPES:
            shown = [
                scope for scope in asked if any(scope.first_line <= line <= scope.last_line for line in focus)
            ]
        if not shown:
            return
        heading = [Text(word, style="dim") for word in ("  Function", "Lines", "Risk", "Flagged")]
        rows = [heading, *(self.scope_row(file, scope) for scope in shown)]
        for row in aligned(rows, self.console.width):
            self.line(row)
        if len(shown) < len(asked):
            self.line(Text(f"  and {len(asked) - len(shown)} more without a flagged line", style="dim"))
        self.line()

    def quiet(self, file: CheckedFile) -> None:
        """How many lines would be flagged, by what keeps them quiet."""
        risky = [line for line in file.lines if self.run.flagging.flags(line)]
        reasons = Counter(file.quiet[line.line] for line in risky if line.line in file.quiet)
        if reasons:
            words = ", ".join(f"{number} {_QUIET[reason]}" for reason, number in sorted(reasons.items()))
            self.line(Text(f"Kept quiet: {words}.", style="dim"))

    def scope_row(self, file: CheckedFile, scope: ScoredScope) -> list[Text]:
        risk = self.run.shown_risk(scope)
        lines = lines_within(file.lines, scope)
        flagged = sum(line.line in file.flagged for line in lines)
        name = Text("  " + (heat.printable(scope.name) if scope.name else "(top level)"))
        dash = "-" if self.ascii_only else "–"
        return [
            name,
            Text(f"{scope.first_line + 1}{dash}{scope.last_line + 1}"),
            Text(heat.percent(risk), style="bold" if flagged else ""),
            Text(f"{flagged} of {len(lines)}"),
        ]

    def legend(self) -> None:
        total, flagging = self.total, self.run.flagging
        at = heat.percent(flagging.threshold) + (" unscaled" if flagging.on_unscaled else "")
        self.line(
            f"{count(total.lines, 'line')} in {count(total.files, 'file')}: "
            f"{total.flagged} flagged (at or above {at})."
        )
        if self.run.unscaled:
            self.paragraph(
                "Unscaled risks are the probe's own numbers: they rank lines, but aren't frequencies."
            )
        else:
            self.paragraph(
                f"Risk is the chance that a line is edited before the code does what was meant: of lines at "
                f"{heat.percent(total.highest)}, {heat.frequency(total.highest)} get edited. "
                "A function's risk is the chance that anything in it is."
            )
        if self.layout.explain:
            self.paragraph(
                "“raised by” lists tokens, their columns and their shares of the line's logit: "
                "+0.69 doubles the odds of an edit."
            )
        provenance = self.run.provenance
        self.paragraph(f"Supervisor {provenance.supervisor}, probe {provenance.probe}.")


def aligned(rows: Sequence[Sequence[Text]], width: int) -> list[Text]:
    """Rows in columns, the first to the left and cut short if need be, the others to the right.

    A table of rich's does the same in twenty times the time, which is most of what a report of many files takes.
    """
    first, *others = ([cell_len(cell.plain) for cell in column] for column in zip(*rows, strict=True))
    widths = [max(column) for column in others]
    room = max(1, min(max(first), width - sum(widths) - len(_GAP) * len(widths)))
    lines = []
    for name, *cells in rows:
        line = name.copy()
        line.truncate(room, overflow="ellipsis", pad=True)
        for cell, wide in zip(cells, widths, strict=True):
            line.append(_GAP + " " * (wide - cell_len(cell.plain)))
            line.append_text(cell)
        lines.append(line)
    return lines
