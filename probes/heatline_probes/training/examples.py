"""A labelled sample as flat arrays: tokens with the lines, scopes and programs they belong to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heatline_probes.corpus.programs import Corpora, Program
from heatline_probes.patches.labels import Edit, label_tokens
from heatline_probes.training.background import BACKGROUND

Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Level:
    """Spans of one level: where each begins in the token arrays, what became of it, whose it is."""

    firsts: Int64  # (n,) first token; a span ends where the next begins
    kept: Bool  # (n,)
    program: Int64  # (n,) index into the sample
    weight: NDArray[np.float64] | None = None  # (n,) on top of the program's; 0 where nothing is known


@dataclass(frozen=True)
class Examples:
    """Tokens of all labelled programs, in order, and the three levels over them."""

    rows: Int64  # (T,) rows of the embedding store
    levels: Mapping[str, Level]
    table: pd.DataFrame  # (T,) program, scope, line, start, end
    programs: Sequence[Program]
    group: NDArray[np.str_]  # (P,) fold group of each program of the sample
    weight: NDArray[np.float64]  # (P,) how much a program's spans count in training


def label_examples(
    corpora: Corpora,
    sample: Sequence[Program],
    tokens: pd.DataFrame,
    edits: Mapping[tuple[str, str], Sequence[Edit]],
    weak: Collection[tuple[str, str]] = (),
) -> Examples:
    """Label the store's token table; failing programs without edits are left out, passing ones are all kept.

    `edits` are by (problem key, code sha).  Of `weak` failing programs nothing is known but that they fail: their
    longest scope is taken to be edited; their other scopes, their lines and their tokens weigh nothing.
    """
    program_of = tokens["program"].to_numpy(np.int64)
    unpatched = np.asarray([not p.passes and (p.problem_key, p.code_sha) in weak for p in sample])
    usable = np.asarray([p.passes or bool(edits.get((p.problem_key, p.code_sha))) for p in sample])
    usable |= unpatched
    rows = np.flatnonzero(usable[program_of])
    table = tokens.iloc[rows].reset_index(drop=True)
    kept = np.ones(len(table), bool)
    spans = table[["start", "end"]].to_numpy(np.int64)
    programs = table["program"].to_numpy(np.int64)
    bounds = np.flatnonzero(np.diff(programs, prepend=-1))
    for first, last in zip(bounds, [*bounds[1:], len(table)], strict=True):
        program = sample[programs[first]]
        if unpatched[programs[first]]:
            scopes = table["scope"].to_numpy()[first:last]
            kept[first:last] = scopes != np.bincount(scopes).argmax()
        elif not program.passes:
            kept[first:last] = label_tokens(spans[first:last], edits[program.problem_key, program.code_sha])
    change = {
        "token": np.ones(len(table), bool),
        "line": _changes(table, ["program", "scope", "line"]),
        "scope": _changes(table, ["program", "scope"]),
    }
    levels = {}
    for name, starts in change.items():
        firsts = np.flatnonzero(starts)
        outcome = np.logical_and.reduceat(kept, firsts)
        unknown = unpatched[programs[firsts]] & (outcome if name == "scope" else True)
        weight = 1.0 - unknown if weak else None
        levels[name] = Level(firsts, outcome, programs[firsts], weight)
    # background code belongs to no problem: every file is a group of its own
    group = np.asarray(
        [p.problem_key if p.dataset == BACKGROUND else corpora.problem_group(p.problem_key) for p in sample]
    )
    return Examples(rows, levels, table, sample, group, np.ones(len(sample)))


def _changes(table: pd.DataFrame, columns: list[str]) -> Bool:
    values = table[columns].to_numpy(np.int64)
    return np.concatenate([[True], (values[1:] != values[:-1]).any(axis=1)])


def folds_by_group(group: Sequence[str] | NDArray[np.str_], folds: int, seed: int) -> Int64:
    """A fold `(P,)` for every program: whole groups, balanced by programs, in a seeded order."""
    names, counts = np.unique(np.asarray(group), return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order], kind="stable")]
    sizes, fold_of = np.zeros(folds, np.int64), {}
    for index in order:
        smallest = int(sizes.argmin())
        fold_of[names[index]] = smallest
        sizes[smallest] += counts[index]
    return np.asarray([fold_of[name] for name in np.asarray(group)], np.int64)
