"""Which programs a probe is trained on: a seeded sample, stratified by dataset."""

import random
from collections import defaultdict
from collections.abc import Mapping

from heatline_probes.corpus.programs import (
    Corpora,
    Program,
    deduplicate,
    first_attempts,
    without_noncommercial,
)

# Programs per dataset. Datasets with executable tests weigh more: their verdicts and patches can be verified.
DEFAULT_QUOTAS: Mapping[str, int] = {
    "humaneval+": 1100,
    "mbpp+": 1100,
    "mbpp": 400,
    "bigcodebench": 500,
    "livecodebench": 700,
    "leetcode2613-python": 600,
    "transcoder-cpp2py": 300,
}


def sample_programs(
    corpora: Corpora, quotas: Mapping[str, int] = DEFAULT_QUOTAS, seed: int = 0, max_characters: int = 6000
) -> list[Program]:
    """A sample of first attempts that may be used for shipped probes, by dataset, in a seeded order.

    Python only, without CC-BY-NC rows, duplicates and programs over `max_characters`. Within a dataset
    problems take turns, so that no much-attempted problem dominates; the share of failing programs is what
    it is.
    """
    usable = deduplicate(without_noncommercial(first_attempts(corpora.programs)))
    by_problem: dict[str, dict[str, list[Program]]] = defaultdict(lambda: defaultdict(list))
    for program in usable:
        if program.language == "python" and 0 < len(program.code) <= max_characters:
            by_problem[program.dataset][program.problem_key].append(program)
    chosen: list[Program] = []
    for dataset, quota in quotas.items():
        generator = random.Random(f"{seed} {dataset}")
        piles = [sorted(pile, key=lambda p: p.code_sha) for _, pile in sorted(by_problem[dataset].items())]
        generator.shuffle(piles)
        for pile in piles:
            generator.shuffle(pile)
        taken: list[Program] = []
        while piles and len(taken) < quota:
            taken.extend(pile.pop() for pile in piles[: quota - len(taken)])
            piles = [pile for pile in piles if pile]
        chosen.extend(taken)
    random.Random(seed).shuffle(chosen)
    return chosen
