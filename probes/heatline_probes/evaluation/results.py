"""From folders of predictions to one set of figures: JSON for machines and cards, a page and diagrams for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from heatline.probe import ProbeCard
from heatline.supervisor.card import atomic_path
from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.comparisons import compare_calibrations
from heatline_probes.evaluation.diagrams import draw_reliability
from heatline_probes.evaluation.predictions import Predictions
from heatline_probes.evaluation.protocol import EvaluationSettings, Progress, evaluate_run
from heatline_probes.evaluation.subsets import (
    PAPER_DATASETS,
    PAPER_GENERATORS,
    of_datasets,
    of_families,
    only_programs,
)
from heatline_probes.evaluation.tables import page

SMALLEST_PART = 30  # programs: figures of fewer say nothing
CARD_DIGITS = 3
# How far apart `_identity` may be: a grammar of another version cuts a few scopes elsewhere, and folds of scaling are
# drawn otherwise without the programs that a probe only learns from
ALIKE = (2e-3, 2e-3, 5e-3)
RANKED = ("scaled", "baseline_syntax_boosting")  # whose ranking within failing programs a card holds
MOVED = ("_base_rate", "_matched")  # contenders whose mean is moved to each dataset's
CARD_METRICS = ("bss", "ece", "auc")  # per dataset; a card is read by people


def evaluate_all(
    runs: Sequence[Predictions], settings: EvaluationSettings, progress: Progress
) -> list[dict[str, Any]]:
    """Every run's figures as JSON, with its calibrators compared and its part on the paper's datasets."""
    results = []
    for predictions in runs:
        result = evaluate_run(predictions, settings, progress).to_json()
        if "line" in predictions.levels:
            progress(f"{predictions.protocol}, calibrators", 0, 1)
            result["calibrations"] = compare_calibrations(predictions, "line", settings)
        if predictions.protocol == "by_problem":
            result["paper_mixture"] = _paper_mixture(predictions, settings, progress)
        results.append(result)
    return results


def _paper_mixture(
    predictions: Predictions, settings: EvaluationSettings, progress: Progress
) -> dict[str, Any]:
    same = of_datasets(predictions, PAPER_DATASETS)
    parts = {
        "all generators": same,
        "generators like GPT-4o": same & of_families(predictions, PAPER_GENERATORS),
    }
    found = {}
    for name, chosen in parts.items():
        tested = chosen & (predictions.programs.fold >= 0)
        if int(tested.sum()) < SMALLEST_PART:
            continue
        plain = EvaluationSettings(settings.resamples, settings.seed, settings.by_problem, baselines=False)
        part = evaluate_run(only_programs(predictions, chosen), plain, progress)
        found[name] = {"programs": int(tested.sum()), **part.levels}
    return found


def card_metrics(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a probe's card keeps: protocol → level → contender, with intervals, small enough to read.

    `results` are what `EvaluatedRun.to_json` gives.
    """
    return {
        result["protocol"]: {
            level: _short_contenders(contenders) for level, contenders in result["levels"].items()
        }
        for result in results
    }


def write_card_history(card: Path, found: Mapping[str, Any]) -> Path:
    """Put on a probe's card, under `history`, what it finds in repositories that it has not learned from.

    `found` is what `compare_ways` gives of its supervisor; the baselines there are in the same form.
    """
    described = ProbeCard.read(card)
    if found["supervisor"] != described.supervisor or "shipped" not in found:
        raise EvaluationError(f"These histories were not read with the probe of {described.supervisor}.")
    first = next(iter(found["ways"].values()))["history"]
    baselines = {name: row for name, row in first.items() if isinstance(row, Mapping) and name != "probe"}
    figures = {
        "lines": first["lines"],
        "repositories": first["repositories"],
        "line": {"probe": _rounded(found["shipped"])} | {n: _rounded(row) for n, row in baselines.items()},
    }
    with atomic_path(card) as temporary:
        metrics = {**described.metrics, "history": figures}
        temporary.write_text(replace(described, metrics=metrics).to_json(), encoding="utf-8")
    return card


def write_card_metrics(card: Path, results: Sequence[Mapping[str, Any]]) -> Path:
    """Put the figures of its supervisor on a probe's card; raises EvaluationError when there are none."""
    described = ProbeCard.read(card)
    own = [result for result in results if result["supervisor"] == described.supervisor]
    if not own:
        raise EvaluationError(
            f"None of these predictions is of {described.supervisor}, which the card {card} is for. Name the card "
            "of the probe they were made with."
        )
    metrics = {**described.metrics, **card_metrics(own)}
    with atomic_path(card) as temporary:
        temporary.write_text(replace(described, metrics=metrics).to_json(), encoding="utf-8")
    return card


def write_card_baselines(card: Path, results: Sequence[Mapping[str, Any]]) -> Path:
    """Add to a card the baselines that its figures lack, measured without its probe on the same spans.

    Those that it has stay as they are.  Raises EvaluationError where `same_spans` does.
    """
    described = ProbeCard.read(card)
    same_spans(described, results)
    metrics = dict(described.metrics)
    for protocol, levels in card_metrics(results).items():
        known = metrics[protocol]
        metrics[protocol] = {level: {**levels.get(level, {}), **known[level]} for level in known}
    with atomic_path(card) as temporary:
        temporary.write_text(replace(described, metrics=metrics).to_json(), encoding="utf-8")
    return card


def same_spans(card: ProbeCard, results: Sequence[Mapping[str, Any]]) -> None:
    """Raises EvaluationError where `results` are of other spans or labels than the card's, or of none of its own.

    The skill of dataset identity, which depends on every label and on the folds, tells.
    """
    for protocol, levels in card_metrics(results).items():
        for level, contenders in levels.items():
            known = card.metrics.get(protocol, {}).get(level)
            if known is None or not np.isclose(_identity(contenders), _identity(known), ALIKE, ALIKE).all():
                raise EvaluationError(
                    f"These figures ({protocol}, {level}) are of other spans or labels than those of the card of "
                    f"{card.supervisor}. Give the share, the seed and the patches that its probe was trained with."
                )


def _identity(contenders: Mapping[str, Any]) -> tuple[float, ...]:
    """What dataset identity shows of a level's spans and labels."""
    found = contenders["baseline_dataset_identity"]
    return found["pooled"]["spans"], found["pooled"]["base_rate"], found["bss_pooled"]["value"]


def _short_contenders(contenders: Mapping[str, Any]) -> dict[str, Any]:
    """What a card keeps of a level; baselines that were scaled on each dataset are on the page of results.

    Of what is moved to each dataset's base rate it keeps no rows by dataset: `evaluate --json` writes those.
    """
    return {
        name: _short(found, ranked=name in RANKED, by_dataset=not name.endswith(MOVED))
        for name, found in contenders.items()
        if not (name.startswith("baseline_") and name.endswith("_per_dataset"))
    }


def _short(found: Mapping[str, Any], *, ranked: bool, by_dataset: bool) -> dict[str, Any]:
    kept = ("bss_within_dataset", "bss_pooled", "ece", "auc")
    result = {name: found[name] for name in kept}
    counts = ("spans", "programs", "base_rate")
    if by_dataset:
        result["per_dataset"] = {
            name: {key: row[key] for key in (*counts, *CARD_METRICS)}
            for name, row in found["per_dataset"].items()
        }
    result["mean"] = {name: found["mean"][name] for name in ("bss_within_dataset", "ece", "auc")}
    pooled = (*counts, *CARD_METRICS, "ece_debiased", "smooth_ece", "bin_coverage", "recall_10", "recall_20")
    result["pooled"] = {name: found["pooled"][name] for name in pooled}
    if ranked and "failing" in found:
        result["failing"] = found["failing"]
    return {name: _rounded(value) for name, value in result.items()}


def _rounded(value: Any) -> Any:
    """The same figures with `CARD_DIGITS`: a card travels with every copy of the program."""
    if isinstance(value, float):
        return round(value, CARD_DIGITS)
    return {name: _rounded(each) for name, each in value.items()} if isinstance(value, Mapping) else value


def write_results(
    results: Sequence[Mapping[str, Any]], page_path: Path, command: str, json_path: Path | None
) -> list[Path]:
    """The page, its diagrams in `images/` beside it, and the JSON; returns what was written."""
    written = []
    links = []
    for result in results:
        for level, points in result["reliability"].items():
            if result["protocol"] not in ("by_problem", "leave_one_dataset_out") or level == "code_line":
                continue
            short = "" if result["protocol"] == "by_problem" else "-left-out"
            name = f"reliability-{result['supervisor']}-{result['name']}-{level}{short}.svg"
            title = f"{result['supervisor']}, {level}s" + (", dataset left out" if short else "")
            draw_reliability(points, title, page_path.parent / "images" / name)
            written.append(page_path.parent / "images" / name)
            links.append(f"![Reliability of {title}](images/{name})")
    text = page(results, command)
    if links:
        text += "\n## Reliability\n\nBars: spans in each tenth, scaled.\n\n" + "\n".join(links) + "\n"
    with atomic_path(page_path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    written.append(page_path)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(json_path) as temporary:
            temporary.write_text(json.dumps(list(results), indent=1), encoding="utf-8")
        written.append(json_path)
    return written
