"""Minimal patches for all failing programs of a dataset: resumable, on several processes."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from heatline_probes.corpus.programs import Corpora, Problem, Program, deduplicate, first_attempts
from heatline_probes.patches.attempts import entry_points
from heatline_probes.patches.donors import Candidate
from heatline_probes.patches.fixer import Fixer
from heatline_probes.patches.minimise import total_size
from heatline_probes.patches.nearest import PassingPool
from heatline_probes.patches.oracle import Oracle, parse, tests_name
from heatline_probes.patches.sandbox import Outcome, Sandbox
from heatline_probes.patches.search import Patch, PatchSearch, SearchSettings
from heatline_probes.patches.state import MiningState
from heatline_probes.patches.units import Source, cut, edits_of

# What the recorded verdicts allowed every program to use without importing it.
STANDARD_PREAMBLE = (
    "import math, sys, re, collections, itertools, functools, heapq, bisect, string, operator\n"
    "from typing import *\n"
    "from collections import *\n"
    "from heapq import *\n"
)
FEWER_INPUTS = (60, 15)  # tried in turn where the tests take too long; the recorded verdicts used 60
_PATCHABLE = ("patched", "no patch found")
TOO_LONG = 1.0  # seconds the reference may take


@dataclass(frozen=True, slots=True)
class MiningSettings:
    """What to mine and how hard; `seed` orders the programs of each problem."""

    search: SearchSettings = field(default_factory=SearchSettings)
    seed: int = 0
    round_size: int = 6  # programs of one problem before all other problems had their turn
    fixer: Fixer | None = None  # a model that is asked too

    def name(self) -> str:
        """Outcomes are kept by this name."""
        name = ",".join(f"{key}={value}" for key, value in asdict(self.search).items())
        return name if self.fixer is None else f"{name},fixer={self.fixer.model}"


@dataclass(frozen=True, slots=True)
class Task:
    """Some failing programs of one problem."""

    problem_key: str
    programs: tuple[Program, ...]
    again: bool = False  # also those that other settings looked at, for a smaller patch than theirs


def failing_programs(corpora: Corpora, dataset: str) -> list[Program]:
    """What is mined: failing first attempts, each text once per problem, without non-commercial licences."""
    chosen = deduplicate(first_attempts(p for p in corpora.programs if p.dataset == dataset))
    return [p for p in chosen if not p.passes and not p.is_noncommercial]


def tasks(programs: Sequence[Program], settings: MiningSettings) -> list[Task]:
    """Rounds over all problems, so that a run that is stopped early has looked at every problem."""
    by_problem: dict[str, list[Program]] = defaultdict(list)
    for program in programs:
        by_problem[program.problem_key].append(program)
    for key, group in by_problem.items():
        random.Random(f"{settings.seed}:{key}").shuffle(group)
    keys = sorted(by_problem)
    random.Random(settings.seed).shuffle(keys)
    size = settings.round_size
    longest = max(map(len, by_problem.values()), default=0)
    return [
        Task(key, tuple(by_problem[key][start : start + size]))
        for start in range(0, longest, size)
        for key in keys
        if by_problem[key][start : start + size]
    ]


def largest_first(programs: Iterable[Program], state: MiningState, settings: MiningSettings) -> list[Task]:
    """What other settings looked at, one by one, to look again: the largest patches, then what has none."""
    name = settings.name()
    found: list[tuple[float, str, str, Program]] = []
    for program in programs:
        known = state.outcome(name, program.problem_key, program.code_sha)
        if known is None or known.get("search", name) == name or known["status"] not in _PATCHABLE:
            continue
        share = known["edited_tokens"] / known["tokens"] if known["status"] == "patched" else 0.0
        found.append((-share, program.problem_key, program.code_sha, program))
    return [Task(key, (program,), again=True) for _, key, _, program in sorted(found, key=lambda f: f[:3])]


def mine_task(
    task: Task,
    problem: Problem,
    passing: Sequence[Program],
    sandbox: Sandbox,
    state: MiningState,
    settings: MiningSettings,
) -> Iterator[dict[str, Any]]:
    """Outcomes of a task's programs, each as soon as it is known; those known before are not repeated."""
    name = settings.name()
    before = {p.code_sha: state.outcome(name, p.problem_key, p.code_sha) for p in task.programs}
    stale = {sha for sha, o in before.items() if o is None or (task.again and o.get("search", name) != name)}
    if not stale:
        yield from (outcome for outcome in before.values() if outcome is not None)
        return
    prepared = Problem(**{**asdict(problem), "preamble": STANDARD_PREAMBLE + problem.preamble})
    first, seconds = _affordable_inputs(sandbox, prepared, passing)
    with sandbox.problem(prepared, first=first) as tests:
        timeout = min(1.5, 0.2 + 4 * (seconds if seconds is not None else 1.5))
        oracle = Oracle(tests, state, tests_name(prepared, first), timeout=timeout)
        pool, origins = _pool(passing, state, name, problem.key, without=stale)
        extra = [Candidate(problem.reference, "reference")] if problem.reference else []
        for program in task.programs:
            known = before[program.code_sha]
            if known is None or program.code_sha in stale:
                starts = [*extra, *_earlier(known)]
                found = _mine_program(program, problem, pool, origins, starts, oracle, settings)
                found["first_inputs"] = first
                known = smaller(known, found) | {"search": name}
                state.set_outcome(name, problem.key, program.code_sha, known)
                if known["status"] == "patched" and pool.add(known["patched"]):
                    origins.append("sibling patch")
            yield known


def smaller(earlier: dict[str, Any] | None, found: dict[str, Any]) -> dict[str, Any]:
    """The outcome with the smaller patch: fewer edited tokens, then fewer hunks; the earlier one of equals."""
    if earlier is None or earlier["status"] != "patched":
        return found
    if found["status"] != "patched":
        return earlier
    return min(earlier, found, key=lambda outcome: (outcome["edited_tokens"], outcome["hunks"]))


def _earlier(known: dict[str, Any] | None) -> list[Candidate]:
    return [Candidate(known["patched"], known["origin"])] if known and known["status"] == "patched" else []


def _mine_program(
    program: Program,
    problem: Problem,
    pool: PassingPool,
    origins: list[str],
    extra: Sequence[Candidate],
    oracle: Oracle,
    settings: MiningSettings,
) -> dict[str, Any]:
    failing = cut(program.code)
    runs_before = oracle.runs
    outcome: dict[str, Any] = {
        "code_sha": program.code_sha,
        "problem_key": program.problem_key,
        "dataset": program.dataset,
        "model": program.model,
        "source": program.source,
        "licence": program.licence,
        "parses": parse(program.code) is not None,
        "tokens": len(failing.units),
    }
    if not failing.units:
        return outcome | {"status": "empty", "runs": 0}
    if not oracle.really_fails(program.code):
        return outcome | {"status": "passes here", "runs": oracle.runs - runs_before}
    names = entry_points(problem)
    if settings.fixer is not None:
        extra = [*extra, *settings.fixer.candidates(problem, program.code, oracle.failure(program.code))]
    patch = PatchSearch(failing, pool, origins, extra, names, oracle, settings.search).run()
    outcome["runs"] = oracle.runs - runs_before
    if patch is None:
        return outcome | {"status": "no patch found"}
    return outcome | describe(failing, patch) | {"status": "patched", "patched": patch.code}


def describe(failing: Source, patch: Patch) -> dict[str, Any]:
    """Sizes, origin and edits of a patch, as the tables have them."""
    edits = edits_of(failing, patch.hunks)
    changed = total_size(patch.hunks)
    return {
        "origin": patch.origin,
        "hunks": len(patch.hunks),
        "edited_tokens": patch.edited,
        "changed_tokens": changed,
        "rewrite": changed > 0.5 * len(failing.units),
        "edits": [[edit.start, edit.end, str(edit.kind)] for edit in edits],
    }


def _pool(
    passing: Sequence[Program], state: MiningState, name: str, problem_key: str, without: set[str]
) -> tuple[PassingPool, list[str]]:
    pool = PassingPool()
    known = [(p.code, "passing" if p.kind == "solution" else "repair attempt") for p in passing]
    mined = (o for o in state.outcomes(name, problem_key) if o["code_sha"] not in without)
    known += [(o["patched"], "sibling patch") for o in mined if o["status"] == "patched"]
    origins = [origin for code, origin in known if parse(code) is not None and pool.add(code)]
    return pool, origins


def _affordable_inputs(
    sandbox: Sandbox, problem: Problem, passing: Sequence[Program]
) -> tuple[int | None, float | None]:
    """How many test inputs to use (None for all) so that one run is short, and the seconds it takes then.

    The seconds are those of the slower of the reference and two passing programs; None when none passes.
    """
    programs = [problem.reference] if problem.reference else []
    programs += [program.code for program in passing[:2]]
    for first in (None, *FEWER_INPUTS):
        with sandbox.problem(problem, first=first) as tests:
            seconds = []
            for code in programs:
                verdict = tests.run(code, timeout=3 * TOO_LONG)
                if verdict.passes:
                    seconds.append(verdict.seconds)
                elif verdict.outcome is Outcome.TIMEOUT:
                    seconds.append(3 * TOO_LONG)
                    break
        if not seconds or max(seconds) <= TOO_LONG:
            break
    return first, max(seconds, default=None)
