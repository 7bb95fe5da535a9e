"""Program corpora: programs written by LLMs, the verdict of tests on them, and the problems they solve."""

from heatline_probes.corpus.groups import problem_groups
from heatline_probes.corpus.programs import (
    Corpora,
    Problem,
    Program,
    deduplicate,
    first_attempts,
    load_corpora,
    without_noncommercial,
)

__all__ = [
    "Corpora",
    "Problem",
    "Program",
    "deduplicate",
    "first_attempts",
    "load_corpora",
    "problem_groups",
    "without_noncommercial",
]
