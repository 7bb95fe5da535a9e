"""Rows of `corpus from-git` as programs with labels: which lines an assistant wrote, and which were fixed later."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from heatline.history.written_lines import Fate
from heatline_probes.corpus.programs import Corpora, Program
from heatline_probes.errors import CorpusError
from heatline_probes.training.examples import Examples, Level, label_examples
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.store import Source

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

UNKNOWN, FIXED, OTHER = -1, 0, 1
HISTORY = "history"  # the verdict source of programs whose labels are what became of their lines
_OUTCOMES: Mapping[int, int] = {
    Fate.KEPT: OTHER,
    Fate.FIXED: FIXED,
    Fate.EDITED: OTHER,
    Fate.DELETED: OTHER,
    Fate.CENSORED: UNKNOWN,
}


@dataclass(frozen=True)
class WrittenProgram:
    """One scope as a commit left it, and what became of the lines that an assistant wrote in it."""

    program: Program  # its dataset and problem are the repository, its generator the assistant
    context: str
    outcome: Mapping[int, int]  # line of the scope, from 0 → FIXED, OTHER or UNKNOWN
    churn: int = 0  # earlier AI-written commits to its file

    @property
    def source(self) -> Source:
        """What is embedded: the scope in the context of its commit."""
        return Source(self.program.code, self.program.language, self.context)


def read_history_rows(
    rows: Path, texts: Path, most: int = 400, longest: int = 6000, seed: int = 0
) -> list[WrittenProgram]:
    """Scopes of every repository, a seeded choice of at most `most` of each, without those that say nothing.

    `rows` and `texts` are the folders that `heatline-probes corpus from-git` wrote. A scope is left out when all its
    lines are too young, or it has over `longest` characters. Raises CorpusError when a table is missing.
    """
    found: list[WrittenProgram] = []
    files = sorted((rows / "rows").glob("*.parquet"))
    if not files:
        raise CorpusError(f"There are no rows in {rows}. Run `heatline-probes corpus from-git` first.")
    for file in files:
        try:
            table = pq.read_table(file).to_pylist()
            held = {r["text_sha"]: r for r in pq.read_table(texts / "texts" / file.name).to_pylist()}
        except (OSError, pa.ArrowException) as error:
            raise CorpusError(
                f"The rows of {file.stem} can't be read ({error}). Collect them again with `corpus from-git`."
            ) from error
        usable = {}
        churn = earlier_commits(table)
        for number, row in enumerate(table):
            known = {int(a): _OUTCOMES[b] for a, b in zip(row["lines"], row["fates"], strict=True)}
            text = held.get(row["text_sha"])
            if text is None or len(text["text"]) > longest or set(known.values()) <= {UNKNOWN}:
                continue
            usable[row["text_sha"]] = _written(row, text["text"], text["context"], known, churn[number])
        names = sorted(usable)
        order = np.random.default_rng(seed).permutation(len(names))[:most]
        found += [usable[names[i]] for i in sorted(order.tolist())]
    return found


def earlier_commits(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """How many other commits of one repository's rows touched each row's file before."""
    times: dict[str, dict[str, int]] = {}
    for row in rows:
        times.setdefault(row["path"], {})[row["commit"]] = row["time"]
    return [sum(time < row["time"] for time in times[row["path"]].values()) for row in rows]


def _written(
    row: Mapping[str, object], text: str, context: str, known: Mapping[int, int], churn: int
) -> WrittenProgram:
    repository = str(row["repository"])
    program = Program(
        str(row["text_sha"])[:16],
        repository,
        repository,
        str(row["language"]),
        str(row["assistant"]),
        "solution",
        "git",
        str(row["licence"]),
        FIXED not in known.values(),
        HISTORY,
        text,
    )
    return WrittenProgram(program, context or "", dict(known), churn)


def label_history(written: Sequence[WrittenProgram], tokens: pd.DataFrame) -> Examples:
    """The store's token table of the scopes as examples: lines and scopes have labels, tokens have none.

    A line is kept when it was not fixed. What the assistant did not write, or is too young, weighs nothing; nor do
    tokens: history tells which lines were fixed, not which of their tokens were wrong.
    """
    program = tokens["program"].to_numpy(np.int64)
    scope_starts = np.flatnonzero(np.diff(program, prepend=-1))
    line = tokens["line"].to_numpy(np.int64)
    line_starts = np.flatnonzero((np.diff(program, prepend=-1) != 0) | (np.diff(line, prepend=-1) != 0))
    outcome = np.asarray(
        [
            written[p].outcome.get(n, UNKNOWN)
            for p, n in zip(program[line_starts], line[line_starts], strict=True)
        ]
    )
    whole = np.asarray([written[p].program.passes for p in program[scope_starts]])
    everything = np.arange(len(tokens))
    levels = {
        "token": Level(everything, np.ones(len(tokens), bool), program, np.zeros(len(tokens))),
        "line": Level(
            line_starts, outcome != FIXED, program[line_starts], (outcome != UNKNOWN).astype(float)
        ),
        "scope": Level(scope_starts, whole, program[scope_starts], np.ones(len(scope_starts))),
    }
    programs = [w.program for w in written]
    group = np.asarray([p.problem_key for p in programs], np.str_)
    return Examples(everything, levels, tokens, programs, group, np.ones(len(programs)))


def label_with_history(
    corpora: Corpora, sample: LabelledSample, written: Sequence[WrittenProgram], tokens: pd.DataFrame
) -> Examples:
    """Examples of the sample's programs and, after them, of the scopes; `tokens` is the store's table of both."""
    count = len(sample.programs)
    first = int(np.searchsorted(tokens["program"].to_numpy(), count))
    one = label_examples(corpora, sample.programs, tokens.iloc[:first], sample.edits, sample.weak)
    if not written:
        return one
    later = tokens.iloc[first:].reset_index(drop=True)
    return joined(one, label_history(written, later.assign(program=later["program"] - count)), first)


def of_histories(programs: Sequence[Program]) -> NDArray[np.bool_]:
    """Which programs `(P,)` are scopes of git histories."""
    return np.asarray([p.verdict_source == HISTORY for p in programs], bool)


def balanced(examples: Examples) -> Examples:
    """The examples with lighter kept spans of histories, so that their odds are those of the other programs' spans.

    One line in forty is fixed in a repository, one in five of a benchmark program is edited. Weighed as they are,
    they teach which of both worlds code is from; balanced, which lines of it are worse than others.
    """
    history = of_histories(examples.programs)
    levels = dict(examples.levels)
    for name in ("line", "scope"):
        level = levels[name]
        weight, ours = span_weights(level).copy(), history[level.program]
        there, here = _odds(level.kept, weight * ~ours), _odds(level.kept, weight * ours)
        if there is not None and here is not None:
            weight[ours & level.kept] *= there / here
        levels[name] = replace(level, weight=weight)
    return replace(examples, levels=levels)


def _odds(kept: NDArray[np.bool_], weight: Float64) -> float | None:
    """Of being kept; None where that is 0 or without end."""
    good, bad = float(weight[kept].sum()), float(weight[~kept].sum())
    return good / bad if good > 0 and bad > 0 else None


def joined(one: Examples, other: Examples, rows: int) -> Examples:
    """Both as one; `other`'s states follow the first `rows` of the joined store."""
    tokens, programs = len(one.rows), len(one.programs)
    levels = {}
    for name, level in one.levels.items():
        more = other.levels[name]
        levels[name] = Level(
            np.concatenate([level.firsts, more.firsts + tokens]),
            np.concatenate([level.kept, more.kept]),
            np.concatenate([level.program, more.program + programs]),
            np.concatenate([span_weights(level), span_weights(more)]),
        )
    moved = other.table.assign(program=other.table["program"] + programs)
    return Examples(
        np.concatenate([one.rows, other.rows + rows]),
        levels,
        pd.concat([one.table, moved], ignore_index=True),
        [*one.programs, *other.programs],
        np.concatenate([one.group, other.group]),
        np.concatenate([one.weight, other.weight]),
    )


def card_of(rows: Path) -> dict[str, object]:
    """The card that `corpus from-git` wrote beside the rows."""
    try:
        card: dict[str, object] = json.loads((rows / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"The card of {rows} can't be read ({error}). Collect the rows again.") from error
    return card


def span_weights(level: Level) -> Float64:
    """The weights `(n,)` of a level's spans on top of their programs'; 1 where none are given."""
    return np.ones(len(level.firsts)) if level.weight is None else level.weight
