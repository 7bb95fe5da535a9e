"""Parts of a run: the same held-out logits, of some of the programs only."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.splits import generator_family

# what the paper measures on: three datasets, first attempts of generators like GPT-4o
PAPER_DATASETS = ("humaneval+", "mbpp+", "livecodebench")
PAPER_GENERATORS = ("gpt-4o", "gpt-4", "claude", "gemini")


def only_programs(predictions: Predictions, chosen: NDArray[np.bool_]) -> Predictions:
    """The run with the programs that are not `chosen` `(P,)` untested: folds -1, logits NaN."""
    programs = replace(predictions.programs, fold=np.where(chosen, predictions.programs.fold, -1))
    levels = {
        name: replace(spans, logit=np.where(chosen[spans.program], spans.logit, np.nan))
        for name, spans in predictions.levels.items()
    }
    return replace(predictions, programs=programs, levels=levels)


def of_datasets(predictions: Predictions, datasets: Iterable[str]) -> NDArray[np.bool_]:
    """Which programs `(P,)` are of these datasets."""
    return np.isin(predictions.programs.dataset, list(datasets))


def of_families(predictions: Predictions, families: Iterable[str]) -> NDArray[np.bool_]:
    """Which programs `(P,)` were written by generators of these families."""
    wanted = set(families)
    names, index = np.unique(predictions.programs.generator, return_inverse=True)
    return np.asarray([generator_family(str(name)) in wanted for name in names], np.bool_)[index]
