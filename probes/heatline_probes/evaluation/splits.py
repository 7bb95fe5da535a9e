"""Which programs a probe may learn from and which it is tested on, for every protocol.

A test program's problem group is never in training, whatever the protocol: leaving a dataset, generator or
language out also leaves out every program of the problems that are tested.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatline_probes.corpus.programs import Program
from heatline_probes.errors import EvaluationError
from heatline_probes.training.examples import folds_by_group

Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

SMALLEST_FOLD = 20  # programs: what is rarer is not left out on its own

_FAMILIES = (
    ("human", r"human|implanted"),
    ("openai-reasoning", r"^o\d"),
    ("gpt-4o", r"gpt-?_?4o"),
    ("gpt-4", r"gpt-4"),
    ("gpt-3.5", r"gpt-?3\.?5|davinci-003"),
    ("codex", r"davinci-002|codex|copilot"),
    ("claude", r"claude"),
    ("gemini", r"gemini"),
    ("deepseek", r"deepseek|dscoder|deepcoder"),
    ("qwen", r"qwen|qwq|tongyi|metastone"),
    ("llama", r"llama|nemotron|wizardcoder"),
    ("mistral", r"mistral|codestral"),
    ("starcoder", r"starcoder"),
    ("codegen", r"codegen"),
    ("grok", r"grok"),
)


def generator_family(generator: str) -> str:
    """The family of a generator's name: its maker and generation, `other` where the name tells nothing.

    Names like "gpt-3.5/gpt-4 (see repo)" belong to the first family that matches.
    """
    lowered = generator.lower()
    for family, pattern in _FAMILIES:
        if re.search(pattern, lowered):
            return family
    if lowered in ("amazon codewhisperer", "codeium", "tabnine"):
        return lowered.removeprefix("amazon ")
    return "other"


@dataclass(frozen=True)
class Split:
    """A fold for every program `(P,)` (-1: only ever trained on), and what each fold leaves out."""

    fold: Int64
    names: tuple[str, ...]
    group: NDArray[np.str_]  # (P,)

    def test(self, fold: int) -> Bool:
        """The programs `(P,)` that are tested in `fold`."""
        return np.asarray(self.fold == fold)

    def training(self, fold: int) -> Bool:
        """The programs `(P,)` that may be learned from: of other folds, and of no problem that is tested."""
        return training_programs(self.fold, self.group, fold)


def training_programs(fold: Int64, group: NDArray[np.str_], held: int) -> Bool:
    """Which programs `(P,)` may be learned from when `held` is tested."""
    tested = fold == held
    return np.asarray(~tested & ~np.isin(group, np.unique(group[tested])))


def split_programs(
    protocol: str,
    programs: Sequence[Program],
    group: NDArray[np.str_],
    folds: int = 5,
    seed: int = 0,
    smallest: int = SMALLEST_FOLD,
) -> Split:
    """The folds of a protocol; `group` `(P,)` names each program's problem group.

    `by_problem` makes `folds` folds of whole groups. The others leave out one dataset, one generator family
    or one language at a time; a class of fewer than `smallest` programs is never tested. Raises
    EvaluationError when there is only one class to leave out.
    """
    if protocol == "by_problem":
        return Split(folds_by_group(group, folds, seed), tuple(f"fold {i + 1}" for i in range(folds)), group)
    if protocol == "leave_one_dataset_out":
        names = [p.dataset for p in programs]
    elif protocol == "leave_one_generator_out":
        names = [generator_family(p.model) for p in programs]
    elif protocol == "leave_one_language_out":
        names = [p.language for p in programs]
    else:
        raise EvaluationError(f"The protocol {protocol!r} is unknown. Use by_problem or leave_one_…_out.")
    return leave_one_out(np.asarray(names, np.str_), group, smallest)


def leave_one_out(names: NDArray[np.str_], group: NDArray[np.str_], smallest: int = SMALLEST_FOLD) -> Split:
    """One fold for each name `(P,)` that is common enough."""
    values, counts = np.unique(names, return_counts=True)
    if len(values) < 2:
        raise EvaluationError(
            f"All programs are of {values[0] if len(values) else 'nothing'}: leaving it out leaves nothing. "
            "Give a corpus with more."
        )
    tested = [str(v) for v, n in zip(values, counts, strict=True) if n >= smallest]
    number = {name: i for i, name in enumerate(tested)}
    fold = np.asarray([number.get(str(name), -1) for name in names], np.int64)
    return Split(fold, tuple(tested), group)
