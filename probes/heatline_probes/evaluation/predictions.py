"""Held-out outputs of one probe under one protocol: all that the tables need, kept so that nothing is fitted again.

On disk, outside the repository (it holds program text): a folder with `run.json`, `programs.parquet` and one
`LEVEL.npz` for each level. Never pickle.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heatline.supervisor.card import atomic_path
from heatline_probes.errors import EvaluationError

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
Str = NDArray[np.str_]

PROTOCOLS = ("by_problem", "leave_one_dataset_out", "leave_one_generator_out", "leave_one_language_out")
LEVELS = ("token", "line", "scope")
FORMAT_VERSION = 1


@dataclass(frozen=True)
class PredictedPrograms:
    """The programs of a run, `(P,)` each."""

    sha: Str  # first 16 hex digits of the SHA-1 of the code
    code: tuple[str, ...]
    dataset: Str
    generator: Str
    group: Str  # problem group: no fold splits one
    language: Str
    passes: Bool
    verified: Bool  # its patch passed the tests; false where it passes itself or is labelled otherwise
    fold: Int64  # the fold it was held out in

    def __len__(self) -> int:
        return len(self.code)


@dataclass(frozen=True)
class PredictedSpans:
    """The spans of one level, `(n,)` each, in document order within a program."""

    logit: Float64  # of P(kept), by a probe that saw nothing of the program's fold; NaN where there is none
    kept: Bool
    program: Int64  # index into the programs
    start: Int64  # code points; of the first token
    end: Int64  # of the last token
    line: Int64  # of the first token, from 0
    first: Int64  # index of the first token into the token level
    last: Int64  # and one past the last
    log_probability: Float64 | None = None  # the supervisor's own, natural log; at the token level only

    def __len__(self) -> int:
        return len(self.logit)


@dataclass(frozen=True)
class Predictions:
    """One run: a probe (or another estimator), a protocol, and every held-out span."""

    name: str
    supervisor: str
    protocol: str
    programs: PredictedPrograms
    levels: Mapping[str, PredictedSpans]
    fold_names: tuple[str, ...] = ()  # what each fold leaves out, where it has a name
    notes: Mapping[str, Any] = field(default_factory=dict)  # labels, corpus, command: for the reader

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise EvaluationError(
                f"The protocol {self.protocol!r} is unknown. Use one of {', '.join(PROTOCOLS)}."
            )
        if unknown := set(self.levels) - set(LEVELS):
            raise EvaluationError(f"The level {min(unknown)!r} is unknown. Use {', '.join(LEVELS)}.")
        for name, spans in self.levels.items():
            lengths = {len(v) for v in _arrays(spans).values()}
            if lengths != {len(spans)} or (len(spans) and int(spans.program.max()) >= len(self.programs)):
                raise EvaluationError(
                    f"The predictions of level {name!r} don't fit together. Write them again."
                )

    def save(self, folder: Path) -> None:
        """Write the folder; every file is written under a temporary name first."""
        folder.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame(
            {f.name: list(getattr(self.programs, f.name)) for f in fields(PredictedPrograms)}
        )
        with atomic_path(folder / "programs.parquet") as temporary:
            table.to_parquet(temporary)
        for name, spans in self.levels.items():
            with atomic_path(folder / f"{name}.npz") as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, **_arrays(spans))  # type: ignore[arg-type]
        described = {
            "format_version": FORMAT_VERSION,
            "name": self.name,
            "supervisor": self.supervisor,
            "protocol": self.protocol,
            "levels": list(self.levels),
            "fold_names": list(self.fold_names),
            "notes": dict(self.notes),
        }
        with atomic_path(folder / "run.json") as temporary:
            temporary.write_text(json.dumps(described, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Predictions":
        """Read a folder; raises EvaluationError when it is missing or malformed."""
        try:
            raw = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            if raw["format_version"] != FORMAT_VERSION:
                raise EvaluationError(
                    f"The predictions in {folder} have format {raw['format_version']}. Write them again."
                )
            table = pd.read_parquet(folder / "programs.parquet")
            levels = {}
            for name in raw["levels"]:
                with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
                    levels[name] = PredictedSpans(**arrays)
            return cls(
                raw["name"],
                raw["supervisor"],
                raw["protocol"],
                _programs(table),
                levels,
                tuple(raw["fold_names"]),
                raw["notes"],
            )
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            if isinstance(error, EvaluationError):
                raise
            raise EvaluationError(
                f"The predictions in {folder} can't be read ({error}). Name a folder that "
                "`heatline-probes` wrote."
            ) from error


def _arrays(spans: PredictedSpans) -> dict[str, NDArray[Any]]:
    return {name: value for name, value in vars(spans).items() if value is not None}


def _programs(table: pd.DataFrame) -> PredictedPrograms:
    def text(column: str) -> Str:
        return np.asarray(table[column].tolist(), np.str_)

    return PredictedPrograms(
        text("sha"),
        tuple(table["code"].tolist()),
        text("dataset"),
        text("generator"),
        text("group"),
        text("language"),
        table["passes"].to_numpy(np.bool_),
        table["verified"].to_numpy(np.bool_),
        table["fold"].to_numpy(np.int64),
    )
