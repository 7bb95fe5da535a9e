"""Which programs a probe is trained on: a seeded sample, stratified by dataset."""

import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from heatline_probes.corpus.programs import (
    Corpora,
    Program,
    deduplicate,
    first_attempts,
    without_noncommercial,
)

# Programs per dataset. Datasets with executable tests weigh more: their verdicts and patches can be verified.
DEFAULT_QUOTAS: Mapping[str, int] = {
    "humaneval+": 2600,
    "mbpp+": 1800,
    "mbpp": 1200,
    "bigcodebench": 400,
    "livecodebench": 2600,
    "leetcode2613-python": 2200,
    "transcoder-cpp2py": 1200,
    "leetcode2613-java": 130,
    "leetcode2613-cpp": 130,
    "leetcode2613-c": 130,
    "leetcode2613-javascript": 130,
    "humaneval-x-java": 100,
    "humaneval-x-cpp": 100,
    "humaneval-x-js": 100,
}


def sample_programs(
    corpora: Corpora,
    labelled: Collection[tuple[str, str]],
    quotas: Mapping[str, int] = DEFAULT_QUOTAS,
    seed: int = 0,
    max_characters: int = 6000,
) -> list[Program]:
    """A sample of first attempts that may be used for shipped probes, by dataset, in a seeded order.

    Without CC-BY-NC rows, duplicates and programs over `max_characters`. Failing programs are taken only where
    `labelled` has their (problem key, code sha); the share of passing programs of every dataset is what it is
    among all its first attempts, so that base rates don't depend on how many patches were found. Within a
    dataset problems take turns, so that no much-attempted problem dominates; a larger quota adds programs to
    those of a smaller one.
    """
    usable = deduplicate(without_noncommercial(first_attempts(corpora.programs)))
    by_dataset: dict[str, list[Program]] = defaultdict(list)
    for program in usable:
        if 0 < len(program.code) <= max_characters:
            by_dataset[program.dataset].append(program)
    chosen: list[Program] = []
    for dataset, quota in quotas.items():
        programs = _in_turns(by_dataset[dataset], seed, dataset)
        if not programs:
            continue
        passing = [p for p in programs if p.passes]
        failing = [p for p in programs if not p.passes and (p.problem_key, p.code_sha) in labelled]
        share = len(passing) / len(programs)
        total = float(quota)
        if share < 1:
            total = min(total, len(failing) / (1 - share))
        if share > 0:
            total = min(total, len(passing) / share)
        chosen.extend(passing[: round(total * share)])
        chosen.extend(failing[: round(total * (1 - share))])
    random.Random(seed).shuffle(chosen)
    return chosen


def _in_turns(programs: Sequence[Program], seed: int, dataset: str) -> list[Program]:
    """All programs, one of each problem, then another of each, and so on; both orders are seeded."""
    generator = random.Random(f"{seed} {dataset}")
    by_problem: dict[str, list[Program]] = defaultdict(list)
    for program in programs:
        by_problem[program.problem_key].append(program)
    piles = [sorted(pile, key=lambda p: p.code_sha) for _, pile in sorted(by_problem.items())]
    generator.shuffle(piles)
    for pile in piles:
        generator.shuffle(pile)
    ordered: list[Program] = []
    while piles:
        ordered.extend(pile.pop() for pile in piles)
        piles = [pile for pile in piles if pile]
    return ordered
