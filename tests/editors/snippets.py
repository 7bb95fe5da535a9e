"""The snippets of docs/editors, and the sample that every editor opens."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

# A character of four bytes and two UTF-16 units: columns must still be the editor's.
SAMPLE = (ROOT / "examples/intervals.py").read_text("utf-8") + "    # 😋 done\n"

LINES = sum(1 for line in SAMPLE.splitlines() if line.strip())
"""How many lines are flagged when all are: blank ones have no risk."""

PATIENCE_S = 400


def snippet(page: str, language: str) -> str:
    """The first block of ``language`` in docs/editors/``page``: what a person pastes is what is tested."""
    text = (ROOT / "docs/editors" / page).read_text("utf-8")
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None, f"docs/editors/{page} has no {language} block"
    return found[1]


def first_line(command: list[str]) -> str:
    """The first line that a program prints; empty when it isn't here."""
    try:
        printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    except OSError:
        return ""
    return printed.splitlines()[0] if printed else ""


def run_editor(command: list[str], folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Runs an editor that writes what it saw to ``$HEATLINE_SEEN``, in JSON, and returns that."""
    seen = folder / "seen.json"
    sample = folder / "sample.py"
    sample.write_text(SAMPLE, "utf-8")
    done = subprocess.run(
        command,
        env=environment
        | {
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "LANG": "C.UTF-8",
            "HEATLINE_LINES": str(LINES),
            "HEATLINE_SAMPLE": str(sample),
            "HEATLINE_SEEN": str(seen),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
    )
    assert seen.exists(), done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(seen.read_text("utf-8"))
    assert "failed" not in answer, (answer, done.stdout, done.stderr)
    return answer
