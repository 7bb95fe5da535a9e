"""Read programs that other tools wrote into the one table all commands understand.

jsonl           one object a line: problem_key, code, and optionally model, passes, kind, licence, source
evalplus        a samples.jsonl (task_id, and solution or completion), or an eval_results.json with verdicts
livecodebench   a JSON list of {question_id, code_list, graded_list}
swebench        predictions, one object a line: instance_id, model_patch, base (path → text), resolved
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from heatline_probes.corpus.programs import Program, code_sha
from heatline_probes.corpus.unified_diff import apply_unified_diff
from heatline_probes.errors import CorpusError

NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Imported:
    """One program as a format tells of it; None where it does not say."""

    problem_id: str
    code: str
    passes: bool | None = None
    model: str | None = None
    kind: str = "solution"
    licence: str | None = None
    source: str | None = None


def import_programs(
    path: Path, form: str, *, dataset: str, model: str = "unknown", licence: str = "none stated"
) -> list[Program]:
    """Programs of a file. A program without a verdict has verdict_source "not run" and does not pass.

    Raises CorpusError for an unknown format, or a file that is not of it, naming the line.
    """
    reader = _READERS.get(form)
    if reader is None:
        raise CorpusError(f"The format {form!r} is unknown. Use one of: {', '.join(FORMATS)}.")
    found = [
        Program(
            code_sha=code_sha(item.code),
            dataset=dataset,
            problem_key=item.problem_id if ":" in item.problem_id else f"{dataset}:{item.problem_id}",
            language="python",
            model=item.model or model,
            kind=item.kind,
            source=item.source or path.name,
            licence=item.licence or licence,
            passes=bool(item.passes),
            verdict_source=NOT_RUN if item.passes is None else "recorded",
            code=item.code,
        )
        for item in reader(path)
    ]
    if not found:
        raise CorpusError(f"No program was found in {path}. Check that it is of the format {form}.")
    return found


def write_programs(programs: list[Program], path: Path) -> None:
    """Write a table of programs, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    pq.write_table(pa.Table.from_pylist([asdict(p) for p in programs]), part, compression="zstd")
    part.replace(path)


def _read_jsonl(path: Path) -> Iterator[Imported]:
    for where, row in _lines(path):
        yield Imported(
            problem_id=_text(row, "problem_key", where),
            code=_text(row, "code", where),
            passes=_verdict(row, "passes", where),
            model=row.get("model"),
            kind=str(row.get("kind", "solution")),
            licence=row.get("licence"),
            source=row.get("source"),
        )


def _read_evalplus(path: Path) -> Iterator[Imported]:
    if path.is_dir():
        for name in ("eval_results.json", "samples_eval_results.json", "samples.jsonl"):
            if (path / name).is_file():
                path = path / name
                break
        else:
            raise CorpusError(f"The folder {path} has no samples.jsonl. Give the folder EvalPlus wrote.")
    if path.suffix == ".json":
        results = _json(path)
        tasks = results.get("eval") if isinstance(results, dict) else None
        if not isinstance(tasks, dict):
            raise CorpusError(f"The file {path} has no field 'eval'. Give the results EvalPlus wrote.")
        for task, samples in tasks.items():
            for sample in samples:
                passes = all(sample.get(f"{part}_status") == "pass" for part in ("base", "plus"))
                yield Imported(task, _text(sample, "solution", f"{path}, {task}"), passes)
        return
    for where, row in _lines(path):
        field = "solution" if "solution" in row else "completion"
        yield Imported(_text(row, "task_id", where), _text(row, field, where))


def _read_livecodebench(path: Path) -> Iterator[Imported]:
    rows = _json(path)
    if not isinstance(rows, list):
        raise CorpusError(f"The file {path} is no JSON list. Give a submission file of LiveCodeBench.")
    for number, row in enumerate(rows):
        where = f"{path}, entry {number}"
        codes, grades = row.get("code_list"), row.get("graded_list")
        if not isinstance(codes, list) or not isinstance(grades, list) or len(codes) != len(grades):
            raise CorpusError(f"{where} lacks code_list and graded_list of one length. Export it again.")
        for code, passes in zip(codes, grades, strict=True):
            yield Imported(_text(row, "question_id", where), str(code), bool(passes))


def _read_swebench(path: Path) -> Iterator[Imported]:
    for where, row in _lines(path):
        base = row.get("base")
        if not isinstance(base, dict):
            raise CorpusError(
                f"{where} lacks 'base', the texts of the files before the patch. Add them as path → text."
            )
        changed = apply_unified_diff(_text(row, "model_patch", where), base)
        for name, text in sorted(changed.items()):
            if name.endswith(".py"):
                yield Imported(
                    f"{_text(row, 'instance_id', where)}/{name}",
                    text,
                    _verdict(row, "resolved", where),
                    row.get("model_name_or_path"),
                )


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(_read(path).splitlines(), 1):
        where = f"{path}, line {number}"
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise CorpusError(f"{where} is no JSON ({error}). Write one object a line.") from error
            if not isinstance(row, dict):
                raise CorpusError(f"{where} is no JSON object. Write one object a line.")
            yield where, row


def _json(path: Path) -> Any:
    try:
        return json.loads(_read(path))
    except ValueError as error:
        raise CorpusError(f"The file {path} is no JSON ({error}). Export it again.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"The file {path} can't be read ({error}). Give a UTF-8 text file.") from error


def _text(row: Mapping[str, Any], field: str, where: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value:
        raise CorpusError(f"{where} lacks the text {field!r}. docs/corpora.md describes the formats.")
    return value


def _verdict(row: Mapping[str, Any], field: str, where: str) -> bool | None:
    value = row.get(field)
    if value is not None and not isinstance(value, bool):
        raise CorpusError(f"{where} has {field!r} that is neither true nor false. Correct or remove it.")
    return value


_READERS: dict[str, Callable[[Path], Iterator[Imported]]] = {
    "jsonl": _read_jsonl,
    "evalplus": _read_evalplus,
    "livecodebench": _read_livecodebench,
    "swebench": _read_swebench,
}
FORMATS = tuple(_READERS)
