"""The terminal report."""

from __future__ import annotations

import io
import re
from typing import Any

from rich.console import Console
from rich.text import Text as Line

from heatline.report.checked import CheckedFile, Run
from heatline.report.layout import Layout
from heatline.report.terminal import TerminalReport, aligned
from tests.unit.report import samples
from tests.unit.report.samples import Text


def checked(*texts: Text, unscaled: bool = False) -> tuple[Run, list[CheckedFile]]:
    run = samples.run(unscaled=unscaled)
    return run, [samples.checked(f"{number}.py", text, run.flagging) for number, text in enumerate(texts)]


def shown(report: tuple[Run, list[CheckedFile]], layout: Layout | None = None, **options: Any) -> str:
    file = io.StringIO()
    render(report, Console(file=file, width=100, **options), layout or Layout())
    return file.getvalue()


def render(report: tuple[Run, list[CheckedFile]], console: Console, layout: Layout) -> None:
    run, files = report
    page = TerminalReport(run, console, layout, alone=len(files) == 1)
    for file in files:
        page.file(file)
    page.end()


QUIET: list[float | None] = [0.01] * 10


def test_only_the_surroundings_of_flagged_lines_are_shown() -> None:
    page = shown(checked(Text([*QUIET, 0.5, *QUIET])))
    assert "▶ 11 ███     50 % │ x10" in page
    assert [f"x{number}\n" in page for number in (7, 8, 12, 13)] == [False, True, True, False]
    assert page.count("⋮") == 2


def test_every_line_can_be_shown() -> None:
    page = shown(checked(Text([*QUIET, 0.5, *QUIET])), Layout(every_line=True))
    assert all(f"x{number}\n" in page for number in range(21))
    assert "⋮" not in page


def test_a_blank_line_has_a_number_and_no_risk() -> None:
    page = shown(checked(Text([0.5, None, 0.5])))
    assert "  2              │ \n" in page


def test_without_colour_carets_mark_the_riskiest_token() -> None:
    page = shown(checked(Text([0.5])))
    assert "▶ 1 ███     50 % │ x0\n                   ^^\n" in page


def test_with_colour_the_token_is_highlighted_and_there_are_no_carets() -> None:
    page = shown(checked(Text([0.5])), force_terminal=True, color_system="truecolor")
    assert "^^" not in page
    # rich keeps the first rendering of a style, so the codes of the colours depend on earlier tests
    assert re.search(r"\x1b\[1;4;30;[\d;]+mx0", page)


def test_a_narrow_encoding_gets_plain_characters() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    render(checked(Text([*QUIET, 0.5])), Console(file=file, width=100), Layout())
    file.flush()
    assert b"> 11 ###     50 % | x10" in raw.getvalue()


def test_a_file_without_a_flagged_line_says_what_is_highest() -> None:
    page = shown(checked(Text([0.01, 0.2, 0.1])))
    assert "No line is at or above the threshold; the highest is 20 % on line 2." in page


def test_among_several_files_those_without_a_flagged_line_are_counted() -> None:
    page = shown(checked(Text([0.5]), Text([0.1]), Text([0.1])))
    assert "1.py" not in page
    assert "2 files with no line to show (--all shows every line)." in page


def test_top_shows_the_riskiest_lines_of_all_files() -> None:
    page = shown(checked(Text([0.1, 0.02]), Text([0.2, 0.01]), Text([0.05])), Layout(top=2))
    assert "0.py" in page
    assert "1.py" in page
    assert "2.py" not in page


def test_a_table_has_each_function() -> None:
    page = shown(checked(Text([0.5, 0.1, 0.4, 0.35], scopes=2)))
    rows = [line.split() for line in page.splitlines() if line.startswith(("  (top", "  f1"))]
    assert rows == [
        ["(top", "level)", "1–2", "60", "%", "1", "of", "2"],
        ["f1", "3–4", "60", "%", "2", "of", "2"],
    ]


def test_among_many_functions_only_those_with_a_flagged_line_are_listed() -> None:
    page = shown(checked(Text([0.5, *[0.1] * 19], scopes=20)))
    assert "(top level)" in page
    assert "f7" not in page
    assert "and 19 more without a flagged line" in page


def test_the_legend_says_what_the_highest_risk_means() -> None:
    assert "of lines at 31 %, about 3 in 10 get edited" in shown(checked(Text([0.31]))).replace("\n", " ")


def test_unscaled_risks_are_shown_and_said_to_be_no_frequencies() -> None:
    page = shown(checked(Text([0.5]), unscaled=True))
    assert "25 % │ x0" in page
    assert "aren't frequencies" in page


def test_explain_names_only_what_raises_the_risk() -> None:
    page = shown(checked(Text([0.5])), Layout(explain=True))
    assert "raised by  “x0” col 1 +1.50\n" in page


def test_code_cannot_control_the_terminal() -> None:
    text = Text([0.5])
    text.text = "\x1b\x07"
    assert "␛␇" in shown(checked(text))


def test_nothing_changed_is_said() -> None:
    assert shown(checked()) == "There is no line to show: nothing changed.\n"


def test_long_lines_are_cropped_on_a_terminal_only() -> None:
    text = Text([0.5])
    text.text = "y" * 300
    assert "y" * 300 in shown(checked(text))
    assert "y" * 99 not in shown(checked(text), force_terminal=True)


def test_what_is_kept_quiet_is_counted_by_reason_if_it_would_be_flagged() -> None:
    run = samples.run()
    text = Text([0.5, 0.6, 0.7, 0.1, 0.9])
    file = CheckedFile(
        "a.py",
        text.text,
        text,
        tuple(text.lines),
        frozenset({4}),
        {0: "reviewed", 1: "ignored", 2: "ignored", 3: "ignored"},
    )
    assert "Kept quiet: 2 ignored, 1 reviewed.\n" in shown((run, [file]))


def test_among_equal_risks_top_takes_the_first() -> None:
    page = shown(checked(Text([0.1]), Text([0.1]), Text([0.1])), Layout(top=1))
    assert "0.py" in page
    assert "1.py" not in page


def test_columns_are_aligned_and_only_the_first_is_cut_to_the_width() -> None:
    """Figures stay readable however long the names of functions are; wide characters count as two."""
    rows = [
        [Line("Function"), Line("Risk")],
        [Line("a_long_name"), Line("5 %")],
        [Line("数え"), Line("100 %")],
    ]
    assert [line.plain for line in aligned(rows, 100)] == [
        "Function      Risk",
        "a_long_name    5 %",
        "数え         100 %",
    ]
    assert [line.plain for line in aligned(rows, 12)] == ["Func…   Risk", "a_lo…    5 %", "数え   100 %"]
