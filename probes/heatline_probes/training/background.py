"""Hard-won human code to learn from: files of the running Python's standard library, all of it kept.

A probe that has only seen benchmark programs takes nested and long code for edited code. No protocol measures on
this code, and the files that `evaluate background` measures on are not among it.
"""

import random
import sys
from pathlib import Path

from heatline_probes.corpus.programs import Program, code_sha
from heatline_probes.evaluation.background import library_files

BACKGROUND = "python-stdlib"
FILES = 60
CHARACTERS = 6000  # of each file; cut at the end of a line


def background_programs(files: int = FILES, seed: int = 0) -> list[Program]:
    """The beginnings of files that are not measured, as programs that pass. The text stays on this machine."""
    free = sorted(set(library_files(count=sys.maxsize)) - set(library_files()))
    chosen = random.Random(f"background {seed}").sample(free, min(files, len(free)))
    return [_program(path) for path in chosen]


def _program(path: Path) -> Program:
    text = path.read_text(encoding="utf-8", errors="replace")
    code = text if len(text) <= CHARACTERS else text[: text.rfind("\n", 0, CHARACTERS) + 1]
    return Program(
        code_sha=code_sha(code),
        dataset=BACKGROUND,
        problem_key=f"{BACKGROUND}/{path.name}/{code_sha(code)}",
        language="python",
        model="human",
        kind="background",
        source="the Python standard library",
        licence="PSF-2.0",
        passes=True,
        verdict_source="released",
        code=code,
    )
