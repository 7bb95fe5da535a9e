"""Mining over whole datasets: the order of tasks, several processes, and tables of what was found so far."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from heatline_probes.corpus.programs import Corpora, Program, load_corpora, without_noncommercial
from heatline_probes.errors import PatchError, SandboxError
from heatline_probes.patches.attempts import entry_points, is_attempt
from heatline_probes.patches.labels import Edit, EditKind
from heatline_probes.patches.mining import (
    MiningSettings,
    Task,
    failing_programs,
    largest_first,
    mine_task,
    tasks,
)
from heatline_probes.patches.sandbox import Sandbox
from heatline_probes.patches.state import MiningState
from heatline_probes.patches.table import SCHEMA, MinedPatch, write_table
from heatline_probes.patches.tally import tally

Done = Callable[[int, Sequence[dict[str, Any]]], None]  # (programs of the task, outcomes)


@dataclass(frozen=True)
class Mine:
    """One process's means to mine."""

    corpora: Corpora
    passing: dict[str, list[Program]]
    settings: MiningSettings
    sandbox: Sandbox
    state: MiningState

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sandbox.close()
        self.state.__exit__(kind, error, trace)

    def run(self, task: Task) -> list[dict[str, Any]]:
        """Outcomes of one task; none when the tests of its problem can't be prepared."""
        problem = self.corpora.problems[task.problem_key]
        passing = self.passing.get(task.problem_key, [])
        try:
            return list(mine_task(task, problem, passing, self.sandbox, self.state, self.settings))
        except SandboxError:
            return []


def open_mine(corpora: Corpora, state: Path, settings: MiningSettings, imports: Sequence[str] = ()) -> Mine:
    """A started sandbox, the state, and the passing programs by problem."""
    passing: dict[str, list[Program]] = defaultdict(list)
    for program in without_noncommercial(corpora.programs):
        if program.passes:
            passing[program.problem_key].append(program)
    sandbox = Sandbox(imports=imports)
    sandbox.__enter__()
    return Mine(corpora, dict(passing), settings, sandbox, MiningState(state))


def ordered_tasks(
    corpora: Corpora, datasets: Sequence[str], settings: MiningSettings, limit: int | None = None
) -> list[Task]:
    """Tasks of all datasets, which take turns in proportion to their size; at most `limit` programs.

    Raises PatchError for a dataset without failing programs or without executable tests.
    """
    lists = []
    for dataset in datasets:
        failing = failing_programs(corpora, dataset)
        if not failing:
            raise PatchError(
                f"The dataset {dataset!r} has no failing programs. Choose one that `corpus info` lists."
            )
        if not corpora.problems[failing[0].problem_key].is_executable:
            raise PatchError(
                f"The dataset {dataset!r} has recorded verdicts only. Mine it with --unverified."
            )
        lists.append(tasks(failing, settings))
    turns = sorted(
        (position / len(group), number, position)
        for number, group in enumerate(lists)
        for position in range(len(group))
    )
    chosen: list[Task] = []
    left = limit if limit is not None else sum(len(t.programs) for group in lists for t in group)
    for _, number, position in turns:
        task = lists[number][position]
        if left <= 0:
            break
        chosen.append(Task(task.problem_key, task.programs[:left]))
        left -= len(task.programs)
    return chosen


def tasks_again(mine: Mine, datasets: Sequence[str], limit: int | None = None) -> list[Task]:
    """Programs that other settings looked at, as far as the state knows: the largest patches first."""
    mine.state.adopt(mine.settings.name())
    programs = [p for dataset in datasets for p in failing_programs(mine.corpora, dataset)]
    return largest_first(programs, mine.state, mine.settings)[:limit]


def run_tasks(
    mine: Mine,
    chosen: Sequence[Task],
    jobs: int,
    folder: Path,
    state: Path,
    imports: Sequence[str],
    done: Done,
) -> None:
    """Run tasks on `jobs` processes; `done` hears of each.

    An interruption loses at most the programs that were being looked at.
    """
    if jobs == 1:
        for task in chosen:
            done(len(task.programs), mine.run(task))
        return
    mine.state.commit()
    with ProcessPoolExecutor(
        jobs,
        mp_context=get_context("spawn"),
        initializer=_open_worker,
        initargs=(folder, state, mine.settings, tuple(imports)),
    ) as pool:
        for task, outcomes in _as_completed(pool, chosen, jobs):
            done(len(task.programs), outcomes)


def write_mined(mine: Mine, dataset: str, path: Path, command: str) -> dict[str, Any]:
    """Write the table and card of everything the state knows of a dataset; returns the card."""
    prefix = dataset + ":"
    outcomes = [o for o in mine.state.outcomes(mine.settings.name()) if o["problem_key"].startswith(prefix)]
    names = {key: entry_points(problem) for key, problem in mine.corpora.problems.items()}
    attempts = {
        (p.problem_key, p.code_sha): is_attempt(p.code, names[p.problem_key])
        for p in mine.corpora.programs
        if p.dataset == dataset and not p.passes
    }
    outcomes = [o | {"attempt": attempts[o["problem_key"], o["code_sha"]]} for o in outcomes]
    patches = [_patch(outcome) for outcome in outcomes if outcome["status"] == "patched"]
    failing = len(failing_programs(mine.corpora, dataset))
    card = {
        "what": "minimal patches verified by tests, as character offsets of failing programs",
        "dataset": dataset,
        "command": command,
        "seed": mine.settings.seed,
        "settings": mine.settings.name(),
        "date": datetime.now(UTC).date().isoformat(),
        "failing_programs": failing,
        "looked_at": len(outcomes),
        "looked_at_by_search": dict(Counter(o.get("search", mine.settings.name()) for o in outcomes)),
        "runs_of_tests": sum(o.get("runs", 0) for o in outcomes),
        "tally": tally((p for p in mine.corpora.programs if p.dataset == dataset), outcomes),
    }
    write_table(patches, path, card)
    return card


def table_path(folder: Path, dataset: str, *, verified: bool = True) -> Path:
    """Where the table of a dataset is, e.g. ``humaneval-plus.parquet``."""
    name = dataset.replace("+", "-plus")
    return folder / (f"{name}.parquet" if verified else f"{name}-unverified.parquet")


def _patch(outcome: dict[str, Any]) -> MinedPatch:
    shared = {name: outcome[name] for name in SCHEMA.names if name in outcome and name != "edits"}
    edits = tuple(Edit(start, end, EditKind(kind)) for start, end, kind in outcome["edits"])
    quality = max(0.0, 1.0 - outcome["changed_tokens"] / outcome["tokens"])
    return MinedPatch(**shared, verified=True, samples="", quality=quality, edits=edits)


_worker: list[Mine] = []  # one process of a pool holds one: what the pool's initializer made


def _open_worker(folder: Path, state: Path, settings: MiningSettings, imports: tuple[str, ...]) -> None:
    _worker.append(open_mine(load_corpora(folder), state, settings, imports))


def _run_in_worker(task: Task) -> list[dict[str, Any]]:
    return _worker[0].run(task)


def _as_completed(
    pool: ProcessPoolExecutor, chosen: Sequence[Task], jobs: int
) -> Iterator[tuple[Task, list[dict[str, Any]]]]:
    waiting = list(reversed(chosen))
    running: dict[Future[list[dict[str, Any]]], Task] = {}
    busy: set[str] = set()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                # Two rounds of one problem at once would not see each other's patches.
                task = next((t for t in reversed(waiting) if t.problem_key not in busy), None)
                if task is None:
                    break
                waiting.remove(task)
                busy.add(task.problem_key)
                running[pool.submit(_run_in_worker, task)] = task
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                task = running.pop(future)
                busy.discard(task.problem_key)
                yield task, future.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
