"""Build a corpus from a model's own answers: one at temperature 0 and k samples for every problem.

Answers are appended to a JSON-lines file of the `jsonl` import format, so that a run can be stopped at any
time and goes on behind the last whole line.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatline_probes.corpus.endpoint import Answer, Endpoint
from heatline_probes.corpus.programs import Problem
from heatline_probes.errors import CorpusError

SYSTEM = "Answer with one complete Python program in a fenced block and nothing else."


@dataclass(frozen=True, slots=True)
class Sampling:
    """What is asked for each problem; the answer at temperature 0 is sample 0."""

    samples: int = 0
    temperature: float = 0.8
    max_tokens: int = 1024
    seed: int = 0


def generate_programs(
    endpoint: Endpoint,
    problems: Sequence[Problem],
    sampling: Sampling,
    path: Path,
    judge: Callable[[Problem, str], bool] | None = None,
) -> Iterator[dict[str, Any]]:
    """Ask for what `path` lacks, append and yield it. judge: runs the tests of a problem on a program."""
    have = answered(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for problem in problems:
        for sample in range(sampling.samples + 1):
            if (problem.key, endpoint.model, sample) in have:
                continue
            answer = endpoint.ask(
                messages_for(problem),
                temperature=sampling.temperature if sample else 0.0,
                max_tokens=sampling.max_tokens,
                seed=sampling.seed + sample,
            )
            row = answer_row(problem, endpoint.model, sample, answer)
            if judge is not None:
                row["passes"] = judge(problem, answer.code)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            yield row


def messages_for(problem: Problem) -> list[tuple[str, str]]:
    """What a model is asked for a problem: (role, content) messages."""
    name = f"\n\nThe tests call `{problem.entry_point}`." if problem.entry_point else ""
    return [("system", SYSTEM), ("user", f"{problem.prompt}{name}")]


def answer_row(problem: Problem, model: str, sample: int, answer: Answer) -> dict[str, Any]:
    """The row of the `jsonl` import format for an answer, with its tokens and their log-probabilities."""
    return {
        "problem_key": problem.key,
        "model": model,
        "sample": sample,
        "kind": "solution",
        "code": answer.code,
        "finish_reason": answer.finish_reason,
        "tokens": list(answer.tokens),
        "logprobs": list(answer.logprobs),
    }


def answered(path: Path) -> set[tuple[str, str, int]]:
    """The (problem key, model, sample) of what is in the file; a last line that a kill cut off is removed."""
    if not path.is_file():
        return set()
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    have = set()
    for number, line in enumerate(whole.decode("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            have.add((str(row["problem_key"]), str(row["model"]), int(row["sample"])))
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(
                f"Line {number} of {path} is not what this command writes. Choose another file for --out."
            ) from error
    return have
