"""Programs with verdicts and their problems, read from a folder of parquet tables.

The folder is given by an argument or the environment variable HEATLINE_CORPORA. It holds
`programs_python.parquet`, `problems.parquet` and, for other languages, `programs_other_languages.parquet`;
`docs/corpora.md` has their columns.

    corpora = load_corpora()
    failing = [p for p in deduplicate(first_attempts(corpora.programs)) if not p.passes]
    fold_key = corpora.problem_group(failing[0].problem_key)
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from heatline_probes.corpus.groups import problem_groups
from heatline_probes.errors import CorpusError

ENVIRONMENT_VARIABLE = "HEATLINE_CORPORA"

# Sources that publish the results of a repair loop next to the first attempts (their "seeds") under one
# `kind`. In file order the first row of a (dataset, model, problem) is the seed: its pass rate is the lower
# one for every model and dataset (HumanEval+ gpt-3.5: 0.683, then 0.707 and 0.742 after repair).
REPAIR_LOOP_SOURCES = frozenset({"FloridSleeves/LLMDebugger"})


@dataclass(frozen=True, slots=True)
class Program:
    """One program somebody or something wrote for one problem, with the verdict of that problem's tests."""

    code_sha: str  # first 16 hex digits of the SHA-1 of the code's UTF-8 bytes
    dataset: str
    problem_key: str
    language: str
    model: str
    kind: str  # "solution", "intermediate" or "repair_attempt"
    source: str
    licence: str
    passes: bool
    verdict_source: str
    code: str

    @property
    def is_noncommercial(self) -> bool:
        """Whether its licence keeps it out of anything that is shipped."""
        return "-NC" in self.licence.upper()


@dataclass(frozen=True, slots=True)
class Problem:
    """One task: what was asked, how to test an answer, and a canonical answer where there is one."""

    key: str
    dataset: str
    problem_id: str
    language: str
    prompt: str  # "" where the source has none
    entry_point: str  # "" where the tests don't name one
    reference: str  # "" where there is none
    preamble: str
    tests: str  # "" when only a verdict was recorded
    test_kind: str  # "exec", "unittest", "append(<language>)" or "recorded_only…"
    base_tests: str
    alt_entry: str
    libs: str
    starter_code: str
    platform: str
    difficulty: str

    @property
    def is_executable(self) -> bool:
        """Whether the sandbox can run the tests of this problem."""
        return bool(self.tests) and self.test_kind in ("exec", "unittest")


@dataclass(frozen=True)
class Corpora:
    """All programs in file order, all problems by key, and the groups that folds must not split."""

    programs: tuple[Program, ...]
    problems: Mapping[str, Problem]
    groups: Mapping[str, str]

    def problem_group(self, problem_key: str) -> str:
        """The id shared by all overlapping problems (over datasets and languages): split folds by this."""
        try:
            return self.groups[problem_key]
        except KeyError:
            raise CorpusError(
                f"Problem {problem_key!r} is in no table. Use a key of problems.parquet."
            ) from None

    def by_problem(self) -> dict[str, list[Program]]:
        """Programs of every problem, by problem key, in file order."""
        found: dict[str, list[Program]] = defaultdict(list)
        for program in self.programs:
            found[program.problem_key].append(program)
        return dict(found)


def code_sha(code: str) -> str:
    """The name of a program text in all tables: 16 hex digits of the SHA-1 of its UTF-8 bytes."""
    return hashlib.sha1(code.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:16]


def corpora_folder(folder: Path | str | None = None) -> Path:
    """The folder of the corpora: the argument, else HEATLINE_CORPORA.

    Raises CorpusError when neither is given or the folder does not exist.
    """
    chosen = folder or os.environ.get(ENVIRONMENT_VARIABLE)
    if not chosen:
        raise CorpusError(
            f"No folder of program corpora is given. Set {ENVIRONMENT_VARIABLE} to the folder that holds "
            "programs_python.parquet, or pass it with --corpora."
        )
    path = Path(chosen)
    if not path.is_dir():
        raise CorpusError(
            f"The folder of program corpora {path} does not exist. Set {ENVIRONMENT_VARIABLE} to the "
            "folder that holds programs_python.parquet."
        )
    return path


def load_corpora(folder: Path | str | None = None, *, other_languages: bool = False) -> Corpora:
    """Read programs and problems (about two seconds; 77,000 Python programs).

    `other_languages` adds Java, C++, C and JavaScript. Raises CorpusError when a table is missing or
    malformed.
    """
    root = corpora_folder(folder)
    problems = {row["key"]: Problem(**row) for row in _rows(root / "problems.parquet", Problem)}
    tables = ["programs_python.parquet"]
    if other_languages:
        tables.append("programs_other_languages.parquet")
    programs = tuple(Program(**row) for table in tables for row in _rows(root / table, Program))
    return Corpora(programs, problems, problem_groups(problems.values()))


def own_corpora(tables: Iterable[Path], base: Corpora | None = None) -> Corpora:
    """Programs of your own tables (columns of `programs_python.parquet`), after those of `base`.

    A problem that no table describes is a group of its own. Raises CorpusError when a table is missing or
    malformed.
    """
    programs = list(base.programs) if base else []
    problems, groups = dict(base.problems if base else {}), dict(base.groups if base else {})
    for table in tables:
        programs += [Program(**row) for row in _rows(table, Program)]
    for program in programs:
        groups.setdefault(program.problem_key, program.problem_key)
    return Corpora(tuple(programs), problems, groups)


def first_attempts(programs: Iterable[Program]) -> list[Program]:
    """Only what a generator wrote at its first attempt: no intermediate steps, no repairs.

    Of a source with repair loops, the first row of each (dataset, model, problem) is kept.
    """
    seen: set[tuple[str, str, str, str]] = set()
    kept = []
    for program in programs:
        if program.kind != "solution":
            continue
        if program.source in REPAIR_LOOP_SOURCES:
            origin = (program.source, program.dataset, program.model, program.problem_key)
            if origin in seen:
                continue
            seen.add(origin)
        kept.append(program)
    return kept


def without_noncommercial(programs: Iterable[Program]) -> list[Program]:
    """Without the programs whose licence forbids commercial use (CC-BY-NC)."""
    return [program for program in programs if not program.is_noncommercial]


def deduplicate(programs: Iterable[Program]) -> list[Program]:
    """The first of every (problem, code); both dropped where copies have contradictory verdicts (flaky)."""
    verdicts: dict[tuple[str, str], set[bool]] = defaultdict(set)
    first: dict[tuple[str, str], Program] = {}
    for program in programs:
        key = (program.problem_key, program.code_sha)
        verdicts[key].add(program.passes)
        first.setdefault(key, program)
    return [program for key, program in first.items() if len(verdicts[key]) == 1]


def _rows(path: Path, schema: type[Program] | type[Problem]) -> Iterable[dict[str, Any]]:
    columns = list(schema.__dataclass_fields__)
    if not path.is_file():
        raise CorpusError(
            f"The table {path.name} is missing from {path.parent}. Give the path of a table that is there, or set "
            f"{ENVIRONMENT_VARIABLE} to the folder that holds all tables."
        )
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise CorpusError(f"The table {path} can't be read ({error}). Fetch or write it again.") from error
    computed = {"code_sha"} if "code" in table.column_names else set()
    missing = [name for name in columns if name not in table.column_names and name not in computed]
    if missing:
        raise CorpusError(
            f"The table {path} lacks the column {missing[0]!r}. docs/corpora.md lists the columns it needs."
        )
    present = [name for name in columns if name in table.column_names]
    for row in table.select(present).to_pylist():
        for name in present:
            if row[name] is None:
                row[name] = ""
        if "code_sha" not in row and computed:
            row["code_sha"] = code_sha(row["code"])
        yield row
