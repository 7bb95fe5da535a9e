"""The programs of a comparison: several problems asked at once, the answers at temperature 0 first.

The file is that of `heatline-probes generate`, so either can go on where the other stopped.
"""

import json
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.corpus.generating import Sampling, answer_row, answered, messages_for
from heatline_probes.corpus.programs import Corpora, Problem
from heatline_probes.errors import CorpusError, GeneratorError

Progress = Callable[[str, int, int], None]

LONGEST = 700  # characters of prompt and reference together: what a small model on a processor can answer
PATIENCE = 20  # failed requests in a row after which the endpoint counts as gone


def choose_problems(
    corpora: Corpora, datasets: Sequence[str], count: int, seed: int = 0, longest: int = LONGEST
) -> list[Problem]:
    """`count` problems that can be tested, an equal share of each dataset as far as it goes, in a seeded order.

    Raises CorpusError when a dataset has none.
    """
    fitting = {
        dataset: sorted(
            (
                p
                for p in corpora.problems.values()
                if p.dataset == dataset
                and p.is_executable
                and p.prompt
                and len(p.prompt) + len(p.reference) <= longest
            ),
            key=lambda p: p.key,
        )
        for dataset in datasets
    }
    chosen: list[Problem] = []
    scarce = sorted(fitting, key=lambda name: (len(fitting[name]), name))
    for number, dataset in enumerate(scarce):
        if not fitting[dataset]:
            raise CorpusError(
                f"The dataset {dataset!r} has no problems that can be asked and tested. See `corpus info`."
            )
        share = (count - len(chosen)) // (len(scarce) - number)
        order = random.Random(f"{seed} {dataset}").sample(fitting[dataset], len(fitting[dataset]))
        chosen += order[:share]
    random.Random(seed).shuffle(chosen)
    return chosen


def gather_answers(
    endpoint: Endpoint,
    problems: Sequence[Problem],
    sampling: Sampling,
    path: Path,
    workers: int = 1,
    progress: Progress = lambda stage, done, total: None,
) -> int:
    """Ask for what `path` lacks, `workers` requests at a time, and append it; returns how many came.

    A request that fails is left for the next run; raises GeneratorError when `PATIENCE` fail in a row.
    """
    have = answered(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = [
        (problem, sample)
        for sample in range(sampling.samples + 1)
        for problem in problems
        if (problem.key, endpoint.model, sample) not in have
    ]
    total = len(problems) * (sampling.samples + 1)
    lock = threading.Lock()
    came = failed = 0

    def ask(problem: Problem, sample: int) -> dict[str, Any]:
        answer = endpoint.ask(
            messages_for(problem),
            temperature=sampling.temperature if sample else 0.0,
            max_tokens=sampling.max_tokens,
            seed=sampling.seed + sample,
        )
        row = answer_row(problem, endpoint.model, sample, answer)
        with lock, path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return row

    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[dict[str, Any]]] = set()
        queue = iter(wanted)
        while True:
            while len(running) < workers and (task := next(queue, None)) is not None:
                running.add(pool.submit(ask, *task))
            if not running:
                return came
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    future.result()
                    came, failed = came + 1, 0
                except GeneratorError:
                    failed += 1
                    if failed >= PATIENCE:
                        for waiting in running:
                            waiting.cancel()
                        raise
                progress("answers", total - len(wanted) + came, total)
