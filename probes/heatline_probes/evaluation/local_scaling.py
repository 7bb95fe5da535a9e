"""Does local Platt scaling beat global Platt scaling? On the held-out lines of a run, with paired intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatline.calibration import PlattCalibrator
from heatline.calibration.local_platt import NOISE
from heatline.calibration.local_platt_fitting import (
    GRID,
    Embedding,
    LocalSettings,
    choose_local_platt,
    umap_embedding,
)
from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.comparisons import Contest
from heatline_probes.evaluation.metrics import measure
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.protocol import MEASURED, EvaluationSettings, code_lines, outcomes, run_draws
from heatline_probes.evaluation.scaling import FOLDS, unscaled
from heatline_probes.evaluation.splits import training_programs
from heatline_probes.evaluation.subsets import only_programs
from heatline_probes.evaluation.views import Int64, Run, SpanView
from heatline_probes.training.examples import folds_by_group
from heatline_probes.training.store import EmbeddingStore, Source

Float32 = NDArray[np.float32]
Progress = Callable[[str, int, int], None]

BATCH = 200  # programs whose states are held at once


@dataclass(frozen=True)
class LocalStudy:
    """The contest of `global`, `local` and `unscaled`, and what was fitted in each fold."""

    contest: Mapping[str, Any]
    folds: tuple[Mapping[str, Any], ...]
    protocol: str
    level: str
    spans: int

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "protocol": self.protocol,
            "level": self.level,
            "spans": self.spans,
            "contest": dict(self.contest),
            "folds": [dict(fold) for fold in self.folds],
        }


def pooled_states(
    predictions: Predictions, level: str, store: EmbeddingStore, progress: Progress = lambda s, d, t: None
) -> Float32:
    """Mean state `(n, D)` of every span of a level, by the hidden states the probe was fitted on.

    Those of programs that no fold holds out are zero: nothing is fitted or tested on them.
    Raises CorpusError where a program isn't in the store, EvaluationError where its tokens are others.
    """
    spans, tokens, programs = predictions.levels[level], predictions.levels["token"], predictions.programs
    begins = np.searchsorted(tokens.program, np.arange(len(programs) + 1))
    rows_of = np.searchsorted(spans.program, np.arange(len(programs) + 1))
    result: Float32 | None = None
    held_out = np.flatnonzero((programs.fold >= 0) & (begins[1:] > begins[:-1])).tolist()
    for start in range(0, len(held_out), BATCH):
        progress("pooling", start, len(held_out))
        chosen = held_out[start : start + BATCH]
        states, table = store.read([Source(programs.code[p], str(programs.language[p])) for p in chosen])
        if result is None:
            result = np.zeros((len(spans), states.shape[1]), np.float32)
        places = np.searchsorted(table["program"].to_numpy(), np.arange(len(chosen) + 1))
        for number, program in enumerate(chosen):
            own = states[places[number] : places[number + 1]].astype(np.float32)
            rows = slice(rows_of[program], rows_of[program + 1])
            if len(own) != begins[program + 1] - begins[program]:
                raise EvaluationError(
                    "The store holds other tokens than the predictions. Name the one `train` read, or train again."
                )
            sums = np.concatenate([np.zeros((1, own.shape[1]), np.float32), np.cumsum(own, axis=0)])
            first, last = spans.first[rows] - begins[program], spans.last[rows] - begins[program]
            result[rows] = (sums[last] - sums[first]) / np.maximum(last - first, 1)[:, None]
    assert result is not None
    return result


def sampled(predictions: Predictions, programs: int, seed: int = 0) -> Predictions:
    """The run with a seeded choice of so many of its held-out programs, or with all of them if there are fewer."""
    held_out = np.flatnonzero(predictions.programs.fold >= 0)
    chosen = np.zeros(len(predictions.programs), np.bool_)
    chosen[np.random.default_rng(seed).permutation(held_out)[:programs]] = True
    return only_programs(predictions, chosen)


def study_local_platt(
    predictions: Predictions,
    states: Float32,
    level: str = "line",
    settings: EvaluationSettings = EvaluationSettings(),
    grid: tuple[LocalSettings, ...] = GRID,
    embedding: Callable[[LocalSettings], Embedding] = umap_embedding,
    progress: Progress = lambda s, d, t: None,
) -> LocalStudy:
    """Both calibrators fitted on the same spans and applied to the same others.

    By problem: on four fifths of the problems, applied to the fifth. Otherwise on what each fold may learn from,
    applied to what it leaves out. `states` `(n, D)` of all spans of the level; the settings of the local one are
    chosen within what it is fitted on.
    """
    run = Run(predictions)
    known = run.view(MEASURED[level])
    view = code_lines(known) if level == "code_line" else known
    overall, local = np.empty(len(view)), np.empty(len(view))
    folds = []
    parts = list(_folds(predictions, view, settings.seed))
    for number, (name, fitted, held) in enumerate(parts):
        progress("fitting", number, len(parts))
        x, y, points = view.logit[fitted], view.kept[fitted], states[view.row[fitted]]
        plain = PlattCalibrator.fit(x, y)
        own, chosen = choose_local_platt(x, y, points, view.group[fitted], grid, embedding)
        overall[held] = plain.predict(view.logit[held])
        local[held] = own.predict(view.logit[held], states[view.row[held]])
        assigned = own.assign(view.logit[held], states[view.row[held]])
        folds.append(
            {
                "held": name,
                "clusters": len(own.parameters),
                "in_none": round(float(np.mean(assigned == NOISE)), 4),
                "neighbours": chosen.neighbours,
                "smallest_share": chosen.smallest_share,
                "back_off": "global" if chosen.back_off_global else "uncalibrated",
                "slopes": [round(float(v), 3) for v in (own.parameters[:, 0].min(), own.parameters[:, 0].max())]
                if len(own.parameters)
                else [],
            }
        )  # fmt: skip
    draws = run_draws(predictions, settings)
    reports = {
        name: measure(outcomes(view, confidence), draws)
        for name, confidence in (("global", overall), ("local", local), ("unscaled", unscaled(view)))
    }
    return LocalStudy(Contest(reports).to_json(), tuple(folds), predictions.protocol, level, len(view))


def _folds(predictions: Predictions, view: SpanView, seed: int) -> list[tuple[str, Int64, Int64]]:
    """Name, rows to fit on and rows to apply to, of every fold."""
    if predictions.protocol == "by_problem":
        _, first, index = np.unique(view.program, return_index=True, return_inverse=True)
        fold = folds_by_group(view.group[first].astype(np.str_), FOLDS, seed)[index]
        return [
            (f"fold {held + 1}", np.flatnonzero(fold != held), np.flatnonzero(fold == held))
            for held in np.unique(fold).tolist()
        ]
    programs = predictions.programs
    found = []
    for held in np.unique(view.fold).tolist():
        usable = training_programs(programs.fold, programs.group, held)[view.program]
        found.append(
            (predictions.fold_names[held], np.flatnonzero(usable), np.flatnonzero(view.fold == held))
        )
    return found


def local_table(studies: Sequence[Mapping[str, Any]]) -> str:
    """Global and local Platt scaling beside each other, and their paired difference."""
    lines = [
        "| protocol | spans | metric | unscaled | global Platt | local Platt | local − global |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for study in studies:
        contest = study["contest"]
        for metric in ("bss_within_dataset", "ece", "smooth_ece", "auc"):
            cells = [_cell(contest[name][metric]) for name in ("unscaled", "global", "local")]
            difference = _cell(contest["local"]["difference"][metric])
            what = f"{study['protocol']}, {study['level']}"
            lines.append(
                f"| {what} | {study['spans']:,} | {metric} | " + " | ".join(cells) + f" | {difference} |"
            )
    return "\n".join(lines)


def _cell(value: Mapping[str, float | None]) -> str:
    if value["value"] is None:
        return "–"
    if value["low"] is None:
        return f"{value['value']:.3f}"
    return f"{value['value']:.3f} ({value['low']:.3f} … {value['high']:.3f})"
