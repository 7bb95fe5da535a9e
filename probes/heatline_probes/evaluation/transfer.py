"""Does a probe that only ever saw code tell which sentences of an answer are made up? (Gros & Devanbu, §9)

On HaluEval's general part: questions, ChatGPT's answers, and what people marked as hallucinated in them.
"""

import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from heatline.calibration import (
    PlattCalibrator,
    area_under_roc,
    brier_skill_score,
    expected_calibration_error,
)
from heatline.calibration.calibrators import sigmoid
from heatline.probe import SpanProbe
from heatline.probe.span_probe import rms_normalize
from heatline.scoring.layout import SEQUENCE
from heatline.scoring.layout import Sequence as TokenSequence
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.card import atomic_path
from heatline_probes.errors import CorpusError
from heatline_probes.training.examples import folds_by_group

Float16 = NDArray[np.float16]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]

TABLE = "halueval_general.parquet"
FOLDS = 5
BATCH = 50  # answers whose states are kept together
QUINTILES = 5
LEVELS = ("answer", "sentence", "span")
CALIBRATOR_OF = {"answer": "scope", "sentence": "line", "span": "line"}  # what each is most like in code
POOLINGS = ("max", "mean", "least sure token")
_SENTENCE = re.compile(r"[^\s].*?(?:[.!?](?=\s|$)|(?=\n)|$)", re.DOTALL)


@dataclass(frozen=True)
class MarkedAnswer:
    """A question, an answer, and the parts of it that are made up, in code points of the answer."""

    question: str
    answer: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ReadAnswer:
    """An answer as the supervisor sees it: after its question, in one sequence."""

    marked: MarkedAnswer
    states: Float16  # (T, D) RMS-normalised, of the answer's tokens
    offsets: Int64  # (T, 2) code points of the answer


def load_answers(folder: Path, count: int | None = None, seed: int = 0) -> list[MarkedAnswer]:
    """A seeded choice of the answers, all by default; a marked text that isn't in its answer is left out.

    Raises CorpusError when the table is missing or malformed.
    """
    path = folder / TABLE
    try:
        rows = pq.read_table(path).to_pylist()
        found = [_marked(row) for row in rows]
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise CorpusError(f"The table {path} can't be read ({error}). Set HEATLINE_CORPORA.") from error
    usable = [one for one in found if one is not None]
    return usable if count is None else random.Random(seed).sample(usable, min(count, len(usable)))


def _marked(row: Mapping[str, Any]) -> MarkedAnswer | None:
    answer = str(row["chatgpt_response"])
    if not answer.strip():
        return None
    spans = []
    for text in json.loads(row["hallucination_spans"] or "[]"):
        start = answer.find(text) if text.strip() else -1
        if start >= 0:
            spans.append((start, start + len(text)))
    says = str(row["hallucination"]).lower().startswith("y")
    if says != bool(spans):
        return None  # made up, but where is not known; or the other way round
    return MarkedAnswer(str(row["user_query"]), answer, tuple(spans))


def read_answer(marked: MarkedAnswer, runner: SequenceRunner) -> ReadAnswer | None:
    """States of an answer after its question; None for one without a token. What is too long is cut off."""
    session = runner.session
    tokens = session.tokenizer.encode(marked.answer)
    question = session.tokenizer.encode(marked.question + "\n").ids[: SEQUENCE // 4]
    prefix = np.concatenate([np.asarray([session.card.sink_token_id], np.int32), question])
    ids = tokens.ids[: SEQUENCE - len(prefix)]
    if not len(ids):
        return None
    hidden = runner.hidden_states(TokenSequence(np.concatenate([prefix, ids]), len(ids)))[len(prefix) :]
    offsets = np.asarray(tokens.offsets, np.int64)[: len(ids)]
    return ReadAnswer(marked, rms_normalize(hidden).astype(np.float16), offsets)


def read_all(
    marked: Sequence[MarkedAnswer],
    runner: SequenceRunner,
    folder: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[ReadAnswer]:
    """All answers that have tokens; `folder` keeps the states of `BATCH` answers in a file each."""
    read: list[ReadAnswer] = []
    for first in range(0, len(marked), BATCH):
        progress(first, len(marked))
        batch = marked[first : first + BATCH]
        text = json.dumps([runner.session.card.bundle_hash, *([one.question, one.answer] for one in batch)])
        path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz" if folder else None
        if path is None or not path.exists():
            found = [one for one in (read_answer(each, runner) for each in batch) if one is not None]
            if path is not None:
                _keep(path, batch, found)
        else:
            with np.load(path, allow_pickle=False) as kept:
                found = [
                    ReadAnswer(batch[int(name[1:])], kept[name], kept[f"o{name[1:]}"])
                    for name in kept.files
                    if name.startswith("s")
                ]
        read += found
    progress(len(marked), len(marked))
    return read


def _keep(path: Path, batch: Sequence[MarkedAnswer], found: Sequence[ReadAnswer]) -> None:
    arrays: dict[str, NDArray[Any]] = {}
    for one in found:
        number = batch.index(one.marked)
        arrays |= {f"s{number}": one.states, f"o{number}": one.offsets}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def sentences(text: str) -> list[tuple[int, int]]:
    """Sentences and lines of a text as code-point offsets."""
    return [match.span() for match in _SENTENCE.finditer(text)]


@dataclass(frozen=True)
class JudgedSpans:
    """Spans of one level over all answers, `(n,)`."""

    logit: Mapping[str, Float64]  # by pooling
    kept: Bool  # not made up
    answer: Int64  # whose


def judge(read: Sequence[ReadAnswer], probe: SpanProbe, level: str) -> JudgedSpans:
    """Logits of P(kept) of every span of a level, under every pooling.

    `answer`: the whole. `sentence`: made up where it shares a character with a mark. `span`: every mark, and
    every sentence that shares nothing with one.
    """
    logits: dict[str, list[float]] = {name: [] for name in POOLINGS}
    kept, owner = [], []
    for number, one in enumerate(read):
        features = probe.in_scope(probe.features(one.states.astype(np.float32)))
        token_logits = probe.logits(features)
        for start, end, right in marked_spans(one.marked, level):
            inside = (one.offsets[:, 0] < end) & (one.offsets[:, 1] > start)
            if not inside.any():
                continue
            pooled = np.stack([features[inside].max(axis=0), features[inside].mean(axis=0)])
            largest, mean = probe.logits(pooled)
            values = (largest, mean, token_logits[inside].min())
            for name, value in zip(POOLINGS, values, strict=True):
                logits[name].append(float(value))
            kept.append(right)
            owner.append(number)
    return JudgedSpans(
        {name: np.asarray(values) for name, values in logits.items()},
        np.asarray(kept, bool),
        np.asarray(owner),
    )


def marked_spans(marked: MarkedAnswer, level: str) -> list[tuple[int, int, bool]]:
    """Start, end and whether nothing in it is made up, of the spans of a level as `judge` has them."""
    if level == "answer":
        return [(0, len(marked.answer), not marked.spans)]
    found = [
        (start, end, not any(a < end and b > start for a, b in marked.spans))
        for start, end in sentences(marked.answer)
    ]
    if level == "sentence":
        return found
    return [(a, b, False) for a, b in marked.spans] + [span for span in found if span[2]]


def measure_transfer(
    judged: JudgedSpans, probe: SpanProbe, level: str, resamples: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """AUC, BSS and ECE with intervals over answers: unscaled, by the code's calibrator, and fitted again.

    Fitted again: Platt scaling in five folds of whole answers. `poolings` has the AUC and the refitted BSS of
    each. `quintiles`: mean confidence and share kept in five equally full groups.
    """
    logit, kept = judged.logit["max"], judged.kept
    confidences = {
        "unscaled": sigmoid(logit),
        "platt from code": probe.calibrator(CALIBRATOR_OF[level]).predict(logit),
        "platt fitted again": fitted_again(logit, judged, seed),
    }
    weights = answer_draws(judged.answer, resamples, seed)
    return {
        "spans": len(kept),
        "kept": round(float(kept.mean()), 4),
        "contenders": {
            name: {
                "auc": interval(area_under_roc, value, kept, weights),
                "bss": interval(brier_skill_score, value, kept, weights),
                "ece": interval(expected_calibration_error, value, kept, weights),
                "quintiles": quintiles(value, kept),
            }
            for name, value in confidences.items()
        },
        "poolings": {
            name: {
                "auc": interval(area_under_roc, value, kept, weights),
                "bss": interval(brier_skill_score, fitted_again(value, judged, seed), kept, weights),
            }
            for name, value in judged.logit.items()
        },
    }


def quintiles(confidence: Float64, kept: Bool) -> list[dict[str, float]]:
    """Mean confidence, share kept and size of five equally full groups, the least sure first."""
    order = np.argsort(confidence, kind="stable")
    return [
        {
            "confidence": round(float(confidence[part].mean()), 4),
            "kept": round(float(kept[part].mean()), 4),
            "spans": len(part),
        }
        for part in np.array_split(order, QUINTILES)
        if len(part)
    ]


def fitted_again(logit: Float64, judged: JudgedSpans, seed: int) -> Float64:
    """Confidences `(n,)` by Platt scaling fitted on four fifths of the answers and applied to the fifth."""
    fold = folds_by_group(np.unique(judged.answer).astype(np.str_), FOLDS, seed)
    own = fold[np.unique(judged.answer, return_inverse=True)[1]]
    result = np.empty(len(logit))
    for held in np.unique(own):
        fitted = PlattCalibrator.fit(logit[own != held], judged.kept[own != held])
        result[own == held] = fitted.predict(logit[own == held])
    return result


def answer_draws(answer: Int64, resamples: int, seed: int) -> list[Int64]:
    """Rows of answers drawn again, whole."""
    generator = np.random.default_rng(seed)
    order = np.argsort(answer, kind="stable")
    bounds = np.flatnonzero(np.diff(answer[order], prepend=-1, append=answer.max() + 1))
    parts = [order[a:b] for a, b in pairwise(bounds)]
    return [
        np.concatenate([parts[i] for i in generator.integers(0, len(parts), len(parts))])
        for _ in range(resamples)
    ]


def interval(
    metric: Callable[[Float64, Bool], float], values: Float64, kept: Bool, draws: Sequence[Int64]
) -> dict[str, float]:
    """A metric and its 95 % interval over the drawn rows."""
    drawn = [metric(values[rows], kept[rows]) for rows in draws]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    value = metric(values, kept)
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def transfer_table(levels: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: contenders by level, poolings by level, quintiles of what was fitted again."""
    lines = [
        "| level | spans | kept | confidence | AUC | BSS | ECE |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for level, found in levels.items():
        for name, row in found["contenders"].items():
            cells = " | ".join(_cell(row[metric]) for metric in ("auc", "bss", "ece"))
            lines.append(f"| {level} | {found['spans']:,} | {found['kept']:.1%} | {name} | {cells} |")
    lines += ["", "| level | pooling | AUC | BSS fitted again |", "| --- | --- | --- | --- |"]
    for level, found in levels.items():
        lines += [
            f"| {level} | {name} | {_cell(row['auc'])} | {_cell(row['bss'])} |"
            for name, row in found["poolings"].items()
        ]
    lines += ["", "| level | quintile: confidence → share kept, fitted again |", "| --- | --- |"]
    for level, found in levels.items():
        rows = found["contenders"]["platt fitted again"]["quintiles"]
        shown = ", ".join(f"{row['confidence']:.2f} → {row['kept']:.2f}" for row in rows)
        lines.append(f"| {level} | {shown} |")
    return "\n".join(lines)


def _cell(value: Mapping[str, float]) -> str:
    return f"{value['value']:.3f} ({value['low']:.3f} … {value['high']:.3f})"
