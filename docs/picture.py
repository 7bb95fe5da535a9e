"""Draws the README's picture: the terminal report of a sample, as SVG.

python docs/picture.py examples/intervals.py docs/images/heat.svg
"""

import io
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text


def draw(sample: str, target: Path) -> None:
    """Run `heatline check` with colours and write what it printed as a picture."""
    environment = {"FORCE_COLOR": "1", "COLUMNS": "110", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    command = [sys.executable, "-c", "from heatline.cli import main; main()", "check", sample, "--all"]
    report = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    console = Console(
        record=True, width=112, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text.from_ansi(report.stdout))
    svg = console.export_svg(title=f"heatline check {sample}", font_aspect_ratio=0.61)
    # the exported style sheet names web fonts; the picture must not ask the network for any
    start, end = svg.find("@font-face"), svg.rfind("@font-face")
    if start >= 0:
        end = svg.index("}", end) + 1
        svg = svg[:start] + svg[end:]
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    draw(sys.argv[1], Path(sys.argv[2]))
