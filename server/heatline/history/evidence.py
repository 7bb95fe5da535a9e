"""What a probe said of lines whose fate is known: what a workspace's scaling is fitted on and judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatline.calibration.logistic import log_odds
from heatline.history.reading import History
from heatline.history.written_lines import Fate
from heatline.history.written_scopes import WrittenScope, written_scopes
from heatline.scorer import Scorer
from heatline.scoring.cancellation import never
from heatline.scoring.engine import KeyedScope
from heatline.scoring.scored_text import ScoredText

Float64 = NDArray[np.float64]
MOST_OF_COMMIT = 10
"""Lines of one commit: many commits say more than many lines of one, which share their fate."""

LONGEST_SCOPE = 12_000
"""Characters; a longer scope is passed over: scoring one takes as long as scoring many others."""


@dataclass(frozen=True)
class Evidence:
    """Lines, in order of the time they were written; all arrays are ``(n,)``.

    ``logits`` are the probe's, of P(kept); ``shipped`` its own scaled confidences.  ``kept`` is False for a line that
    met the outcome.
    """

    logits: Float64
    shipped: Float64
    kept: NDArray[np.bool_]
    commit: NDArray[np.int64]  # a number for each commit
    time: NDArray[np.int64]  # seconds since 1970
    language: NDArray[np.str_]
    assistant: NDArray[np.str_]
    content: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.logits)

    def part(self, chosen: NDArray[np.bool_] | slice) -> Evidence:
        """Those of ``chosen``."""
        return Evidence(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def outcome_fates(outcome: str) -> tuple[Fate, ...]:
    """The fates that count as edited: ``fixed`` by a fix, or ``edited`` for any reason."""
    return (Fate.FIXED,) if outcome == "fixed" else (Fate.FIXED, Fate.EDITED, Fate.DELETED)


def gather_evidence(
    history: History,
    scorer: Scorer,
    *,
    horizon: float,
    outcome: str,
    most_lines: int,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = never,
) -> Evidence:
    """Score the scopes of at most ``most_lines`` lines whose fate is known, each as its commit left it."""
    fates = history.lines.fates(horizon)
    known = np.flatnonzero(fates != int(Fate.CENSORED))
    lines, fates = history.lines.of(known), fates[known]
    edited = np.isin(fates, [int(fate) for fate in outcome_fates(outcome)])
    goal = min(most_lines, len(lines))
    rows: list[int] = []
    confidences: list[tuple[float, float]] = []
    outlines = _Outlines(scorer)
    scopes = written_scopes(
        history, lines, most_lines=most_lines, most_of_commit=MOST_OF_COMMIT, seed=seed, cancelled=cancelled
    )
    for written in scopes:
        if written.scope.end - written.scope.start > LONGEST_SCOPE:
            continue
        scored = scored_lines(scorer, written, outlines, cancelled)
        for line, row in zip(written.lines, written.rows.tolist(), strict=True):
            if (found := scored.get(line)) is not None:
                rows.append(row)
                confidences.append(found)
        progress(min(len(rows), goal), goal)
    chosen = np.asarray(rows, np.int64)
    order = np.argsort(lines.times[lines.commit[chosen]], kind="stable") if rows else chosen
    chosen = chosen[order]
    table = np.asarray(confidences, np.float64).reshape(-1, 2)[order]
    return Evidence(
        log_odds(table[:, 0]),
        table[:, 1],
        ~edited[chosen],
        lines.commit[chosen].astype(np.int64),
        lines.times[lines.commit[chosen]],
        np.asarray([_language(lines.paths[path]) for path in lines.path[chosen].tolist()], np.str_),
        np.asarray([lines.writers[writer] for writer in lines.writer[chosen].tolist()], np.str_),
        lines.content[chosen],
    )


class _Outlines:
    """The scopes of the file that was asked for last: the next scope is mostly of the same one."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._text: str | None = None
        self._scopes: dict[int, KeyedScope] = {}

    def scope_at(self, written: WrittenScope) -> KeyedScope | None:
        """The scope that ``written`` is, with the key of its features."""
        if written.text is not self._text:
            self._text = written.text
            found = self._scorer.engine.outline(written.text, written.language)
            self._scopes = {keyed.scope.start: keyed for keyed in found}
        return self._scopes.get(written.scope.start)


def scored_lines(
    scorer: Scorer, written: WrittenScope, outlines: _Outlines, cancelled: Callable[[], bool] = never
) -> dict[int, tuple[float, float]]:
    """Unscaled and scaled confidence of each line of a scope, by its number in the file from 0."""
    keyed = outlines.scope_at(written)
    if keyed is None:
        return {}
    features = scorer.engine.features(written.text, keyed, cancelled=cancelled)
    scored = ScoredText(written.text, written.language, [features], scorer.probe)
    return {line.line: (line.unscaled_confidence, line.confidence) for line in scored.lines}


def _language(path: str) -> str:
    from pathlib import Path

    from heatline.scoring.languages import language_of

    return language_of(Path(path))
