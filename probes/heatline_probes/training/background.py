"""Hard-won human code to learn from: files of the running Python's standard library, all of it kept.

A probe that has only seen benchmark programs takes nested and long code for edited code. What is used here is
never used to measure (`measured_files` are left out), and no measure of a protocol is made on it.
"""

import random
import sysconfig
from pathlib import Path

from heatline_probes.corpus.programs import Program, code_sha

BACKGROUND = "python-stdlib"
FILES = 60
MEASURED = 50
CHARACTERS = 6000  # of each file; cut at the end of a line
_LEFT_OUT = {
    "test",
    "tests",
    "idlelib",
    "lib2to3",
    "site-packages",
    "turtledemo",
    "__pycache__",
    "pydoc_data",
}


def library_files() -> list[Path]:
    """Files of the standard library of 1 to 100 kB, without its tests, in the order of their names."""
    root = Path(sysconfig.get_path("stdlib"))
    files = (path for path in root.rglob("*.py") if not _LEFT_OUT & set(path.relative_to(root).parts))
    return sorted(
        (p for p in files if 1_000 <= p.stat().st_size <= 100_000), key=lambda p: p.relative_to(root)
    )


def measured_files(seed: int = 0) -> list[Path]:
    """The files that the flagged share is measured on: a seeded choice that training never sees."""
    return sorted(random.Random(f"measured {seed}").sample(library_files(), MEASURED))


def background_programs(files: int = FILES, seed: int = 0) -> list[Program]:
    """The beginnings of files that are not measured, as programs that pass. The text stays on this machine."""
    free = sorted(set(library_files()) - set(measured_files()))
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
