"""How hot code is that nobody doubts: risk over files of Python's standard library, or of installed packages."""

import importlib.util
import random
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.scoring.lines import line_spans
from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.estimates import Draws, Estimate, draw_programs
from heatline_probes.evaluation.line_kinds import LineKind, line_kinds

Float64 = NDArray[np.float64]
Str = NDArray[np.str_]

FILES = 50
FEWEST_LINES, MOST_LINES = 40, 800
DEEPEST = 4  # nesting from here on is one part
_NOT_LIBRARY = frozenset(
    {"site-packages", "test", "tests", "idlelib", "lib2to3", "__pycache__", "turtledemo"}
)

# a file's text to its lines (numbers from 0) with their scaled risks
Score = Callable[[str], Iterable[tuple[int, float]]]


@dataclass(frozen=True)
class Background:
    """Every scored line of the chosen files, `(n,)` each."""

    files: tuple[str, ...]
    file: NDArray[np.int64]
    risk: Float64
    kind: Str
    depth: NDArray[np.int64]  # by indentation, in levels of four columns

    def to_json(self, threshold: float, resamples: int = 1000, seed: int = 0) -> dict[str, Any]:
        """Flagged share and mean risk, overall and by part, with intervals over files drawn again."""
        draws = draw_programs(np.repeat("library", len(self.files)), resamples=resamples, seed=seed)
        code = self.kind == LineKind.CODE.value
        parts = {"all": np.ones(len(self.risk), bool)}
        parts |= {kind.value: self.kind == kind.value for kind in LineKind}
        parts |= {f"code, depth {d}": code & (self.depth == d) for d in range(DEEPEST)}
        parts[f"code, depth {DEEPEST} or more"] = code & (self.depth >= DEEPEST)
        found = {}
        for name, chosen in parts.items():
            if chosen.any():
                found[name] = {
                    "lines": int(chosen.sum()),
                    "mean_risk": self._mean(self.risk, chosen, draws).to_json(),
                    "flagged": self._mean(
                        (self.risk >= threshold).astype(np.float64), chosen, draws
                    ).to_json(),
                    "risk_half_or_more": self._mean(
                        (self.risk >= 0.5).astype(np.float64), chosen, draws
                    ).to_json(),
                }
        return {"files": list(self.files), "threshold": threshold, "parts": found}

    def _mean(self, values: Float64, chosen: NDArray[np.bool_], draws: Draws) -> Estimate:
        count = len(self.files)
        sums = np.bincount(self.file[chosen], weights=values[chosen], minlength=count)
        sizes = np.bincount(self.file[chosen], minlength=count)
        weights = draws.weights["library"]
        with np.errstate(divide="ignore", invalid="ignore"):
            resampled = (weights @ sums) / (weights @ sizes)
        return Estimate(float(values[chosen].mean()), np.asarray(resampled, np.float64))


def library_files(count: int = FILES, seed: int = 0, root: Path | None = None) -> list[Path]:
    """A seeded choice of standard library modules of ordinary length; tests and installed packages left out.

    Raises EvaluationError when the library's sources are not there.
    """
    folder = root or Path(sysconfig.get_paths()["stdlib"])
    found = _ordinary_files(folder)
    if not found:
        raise EvaluationError(
            f"No Python sources are in {folder}. Use a Python that has its library's sources."
        )
    return sorted(random.Random(seed).sample(found, min(count, len(found))))


def package_files(names: Sequence[str], each: int, seed: int = 0) -> list[Path]:
    """A seeded choice of `each` modules of ordinary length of every installed package; tests are left out.

    Raises EvaluationError for a package that isn't installed or has no such module.
    """
    chosen: list[Path] = []
    for name in names:
        found = importlib.util.find_spec(name) if name.isidentifier() else None
        folders = list(found.submodule_search_locations or ()) if found is not None else []
        files = [path for folder in folders for path in _ordinary_files(Path(folder))]
        if not files:
            raise EvaluationError(
                f"No modules of ordinary length of the package {name!r} are here. Install it, or leave it out."
            )
        chosen += sorted(random.Random(f"{seed} {name}").sample(files, min(each, len(files))))
    return chosen


def _ordinary_files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*.py"))
        if not _NOT_LIBRARY & set(path.relative_to(folder).parts)
        and FEWEST_LINES <= _line_count(path) <= MOST_LINES
    ]


def score_background(
    files: Sequence[Path], score: Score, progress: Callable[[int, int], None] = lambda done, total: None
) -> Background:
    """Score every file; names are kept without their folder's path."""
    owner: list[int] = []
    risks: list[float] = []
    kinds: list[str] = []
    depths: list[int] = []
    for number, path in enumerate(files):
        text = path.read_text(encoding="utf-8", errors="replace")
        kind, bounds = line_kinds(text, "python"), line_spans(text)
        for line, risk in score(text):
            body = text[bounds[line, 0] : bounds[line, 1]].expandtabs(4)
            owner.append(number)
            risks.append(risk)
            kinds.append(str(kind[line]))
            depths.append((len(body) - len(body.lstrip())) // 4)
        progress(number + 1, len(files))
    names = tuple(f"{p.parent.name}/{p.name}" for p in files)
    return Background(
        names, np.asarray(owner, np.int64), np.asarray(risks), np.asarray(kinds), np.asarray(depths, np.int64)
    )


def _line_count(path: Path) -> int:
    return path.read_bytes().count(b"\n")
