"""Answers of a model as programs to compare estimators on: tested, patched where they fail, and labelled."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.scorer import Scorer
from heatline.supervisor.card import atomic_path
from heatline_probes.corpus.programs import Corpora, Problem, Program, code_sha, deduplicate, first_attempts
from heatline_probes.errors import CorpusError
from heatline_probes.estimators.subject import Int64, Recorded, Subject
from heatline_probes.patches.labels import Edit, EditKind, label_tokens
from heatline_probes.patches.mining import STANDARD_PREAMBLE, MiningSettings, Task, mine_task
from heatline_probes.patches.sandbox import Sandbox
from heatline_probes.patches.state import MiningState

Bool = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Judged:
    """One program with what became of its tokens, lines and the whole."""

    subject: Subject
    dataset: str
    group: str  # of the problem: no fold splits one
    passes: bool
    verified: bool  # the patch passed the tests
    token: Bool  # (T,) kept
    line: Bool  # (L,)

    @property
    def problem(self) -> Bool:
        """Whether it passes, as an array of one."""
        return np.asarray([self.passes])

    def level(self, name: str) -> Bool:
        """What became of `token`, `line` or `problem`."""
        return self.problem if name == "problem" else np.asarray(getattr(self, name))


def read_answers(path: Path) -> list[dict[str, Any]]:
    """The rows of `generate` or `compare`; raises CorpusError for a line that isn't one."""
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CorpusError(
            f"The answers {path} can't be read ({error}). Name a file of `generate`."
        ) from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            row["problem_key"], row["code"], row["sample"]
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"Line {number} of {path} is no answer ({error}). Remove it.") from error
        rows.append(row)
    return rows


def recorded_of(code: str, tokens: Sequence[str], logprobs: Sequence[float]) -> Recorded | None:
    """The generator's tokens of the code inside its answer; None where they don't spell it.

    An answer is more than its code: a fence, a sentence. Offsets are moved to the code's.
    """
    text = "".join(tokens)
    start = text.find(code)
    if start < 0 or len(tokens) != len(logprobs) or not tokens:
        return None
    ends = np.cumsum([len(token) for token in tokens]) - start
    begins = ends - np.asarray([len(token) for token in tokens])
    inside = (ends > 0) & (begins < len(code))
    spans = np.clip(np.stack([begins[inside], ends[inside]], axis=1), 0, len(code))
    # endpoints round: a sure token may come with a log-probability a little above 0
    return Recorded(spans.astype(np.int64), np.minimum(np.asarray(logprobs, np.float64)[inside], 0.0))


def judge_answers(
    corpora: Corpora,
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
    settings: MiningSettings = MiningSettings(),
    progress: Progress = lambda stage, done, total: None,
) -> dict[str, dict[str, Any]]:
    """Verdict and edits of every greedy answer, by problem key; what `folder` knows is not done again.

    `edits` is None where a failing program has no patch that passes the tests.
    """
    known_path = folder / "verdicts.json"
    known: dict[str, dict[str, Any]] = json.loads(known_path.read_text()) if known_path.exists() else {}
    passing: dict[str, list[Program]] = defaultdict(list)
    wanted = {str(row["problem_key"]) for row in rows}
    for program in deduplicate(first_attempts(p for p in corpora.programs if p.problem_key in wanted)):
        if program.passes and not program.is_noncommercial:
            passing[program.problem_key].append(program)
    greedy = [row for row in rows if row["sample"] == 0]
    with MiningState(folder / "mining.sqlite") as state, Sandbox() as sandbox:
        for done, row in enumerate(greedy):
            progress("testing and patching", done, len(greedy))
            key, code = str(row["problem_key"]), str(row["code"])
            if known.get(key, {}).get("code_sha") == code_sha(code):
                continue
            problem = corpora.problems[key]
            known[key] = _judge(problem, code, str(row["model"]), passing[key], sandbox, state, settings)
            state.commit()
            with atomic_path(known_path) as temporary:
                temporary.write_text(json.dumps(known))
        progress("testing and patching", len(greedy), len(greedy))
    return known


def _judge(
    problem: Problem,
    code: str,
    model: str,
    passing: Sequence[Program],
    sandbox: Sandbox,
    state: MiningState,
    settings: MiningSettings,
) -> dict[str, Any]:
    sha = code_sha(code)
    prepared = Problem(**{**asdict(problem), "preamble": STANDARD_PREAMBLE + problem.preamble})
    with sandbox.problem(prepared) as tests:
        if tests.confirm(code).passes:
            return {"code_sha": sha, "passes": True, "edits": []}
    program = Program(
        sha,
        problem.dataset,
        problem.key,
        problem.language,
        model,
        "solution",
        "generated",
        "",
        False,
        "ran",
        code,
    )
    (outcome,) = mine_task(Task(problem.key, (program,)), problem, passing, sandbox, state, settings)
    if outcome["status"] == "passes here":
        return {"code_sha": sha, "passes": True, "edits": []}
    return {"code_sha": sha, "passes": False, "edits": outcome.get("edits"), "status": outcome["status"]}


def labelled(
    corpora: Corpora,
    rows: Sequence[Mapping[str, Any]],
    verdicts: Mapping[str, Mapping[str, Any]],
    scorer: Scorer,
) -> list[Judged]:
    """The greedy answers that have a verdict and, where they fail, a verified patch, with labelled tokens.

    Tokens are those the scorer's supervisor sees. Samples of a problem go to its answer.
    """
    samples: dict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row["sample"])):
        if row["sample"]:
            samples[str(row["problem_key"])].append(str(row["code"]))
    found = []
    for row in rows:
        key, code = str(row["problem_key"]), str(row["code"])
        verdict = verdicts.get(key)
        if row["sample"] or verdict is None or not code.strip():
            continue
        if not verdict["passes"] and not verdict.get("edits"):
            continue
        tokens = scorer.score(code, "python").tokens
        spans = np.asarray([(t.start, t.end) for t in tokens], np.int64).reshape(-1, 2)
        lines = np.asarray([t.line for t in tokens], np.int64)
        if not len(spans):
            continue
        recorded = recorded_of(code, row.get("tokens") or (), row.get("logprobs") or ())
        problem = corpora.problems[key]
        subject = Subject(
            f"{key} {code_sha(code)}", problem, code, spans, lines, recorded, tuple(samples[key])
        )
        token = np.ones(len(spans), bool) if verdict["passes"] else _kept(spans, verdict["edits"])
        line = np.ones(len(subject.line_numbers), bool)
        np.logical_and.at(line, subject.line_rows, token)
        group = corpora.problem_group(key)
        found.append(Judged(subject, problem.dataset, group, bool(verdict["passes"]), True, token, line))
    return found


def _kept(spans: Int64, edits: Sequence[Sequence[Any]]) -> Bool:
    return label_tokens(spans, [Edit(int(a), int(b), EditKind(kind)) for a, b, kind in edits])
