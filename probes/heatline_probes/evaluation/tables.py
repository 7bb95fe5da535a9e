"""The figures as a page of Markdown: tables by protocol and level, beside what the paper reports."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

JSON = Mapping[str, Any]

TITLES = {
    "by_problem": "Held-out problems (five folds)",
    "leave_one_dataset_out": "Leave one dataset out",
    "leave_one_generator_out": "Leave one family of generators out",
    "leave_one_language_out": "Leave one language out",
}
LEVELS = {
    "line": "lines",
    "code_line": "code lines only",
    "token": "tokens",
    "problem": "functions (the paper's “problem”)",
}
_NAMES = {
    "unscaled": "probe, unscaled",
    "scaled": "**probe, scaled**",
    "scaled_per_dataset": "**probe, scaled per dataset**",
    "transferred": "probe, transferred",
    "transferred_base_rate": "probe, transferred, each base rate known",
    "unseen": "**probe, shipped scaling**",
    "unseen_base_rate": "**probe, shipped scaling, each base rate known**",
    "unseen_matched": "**probe, shipped scaling, matched to each base rate**",
    "baseline_dataset_identity": "dataset identity",
    "baseline_syntax_logistic": "position + syntax + length, logistic",
    "baseline_syntax_boosting": "position + syntax + length, boosting",
    "baseline_syntax_logistic_per_dataset": "position + syntax + length, logistic, per dataset",
    "baseline_syntax_boosting_per_dataset": "position + syntax + length, boosting, per dataset",
    "baseline_token_probability_lowest": "token probability, lowest",
    "baseline_token_probability_mean": "token probability, geometric mean",
    "baseline_token_probability_lowest_per_dataset": "token probability, lowest, per dataset",
    "baseline_token_probability_mean_per_dataset": "token probability, geometric mean, per dataset",
}
_UNSEEN = {  # datasets left out only
    "unseen": "shipped scaling",
    "unseen_base_rate": "base rate known",
    "unseen_matched": "matched to it",
}
# Table 3 and 4 of arXiv 2512.24560 as far as they are quoted here: line level, scaled, its own mixture
_PAPER = (
    ("the paper, Qwen2.5-Coder-0.5B, its mixture", "0.19", "0.02", "0.76"),
    ("the paper, the 7B supervisor, its mixture", "0.22", "–", "–"),
)
PAPER_BEST_LEFT_OUT = "0.08"


def page(runs: Sequence[JSON], command: str) -> str:
    """The whole page of evaluated runs, as `evaluate` writes them to JSON: `docs/results.md` of one supervisor.

    Each run is `EvaluatedRun.to_json()`, with `calibrations` and `paper_mixture` where they were computed.
    """
    parts = [
        f"# Results: {', '.join(_unique(run['supervisor'] for run in runs))}",
        f"Made by `{command}`; [evaluation.md](evaluation.md) defines every number. BSS “within dataset” is the "
        "mean over datasets of the skill against each dataset's own base rate. In brackets: 95 % intervals over "
        "programs drawn again within each dataset. Baselines are scaled as the probe is.",
        "Other pages: results of [smollm2-135m](results.md) and [qwen2.5-coder-0.5b](results-qwen.md), their own "
        "token probability ([smollm2-135m](results-token-probability.md), [qwen2.5-coder-0.5b]"
        "(results-token-probability-qwen.md)), lines of repositories ([smollm2-135m](results-history.md), "
        "[qwen2.5-coder-0.5b](results-history-qwen.md)), [other estimators, end to end](results-estimators.md), "
        "[the paper's design space](grid.md), [what each choice is worth](ablations.md), [failures](failures.md), "
        "[human code](background.md).",
    ]
    for name in _unique(f"{run['supervisor']}: {run['name']}" for run in runs):
        chosen = [run for run in runs if f"{run['supervisor']}: {run['name']}" == name]
        parts += [f"## {name}", _data(chosen[0]), *_beside_the_paper(chosen)]
        for run in chosen:
            parts += _run(run)
    return "\n\n".join(part for part in parts if part) + "\n"


def figure(estimate: JSON | None, digits: int = 3) -> str:
    """`0.187 (0.171 … 0.203)`, or a dash where it is undefined."""
    if estimate is None or estimate["value"] is None:
        return "–"
    value = f"{estimate['value']:.{digits}f}"
    if estimate["low"] is None:
        return value
    return f"{value} ({estimate['low']:.{digits}f} … {estimate['high']:.{digits}f})"


def _plain(estimate: JSON | None) -> str:
    return "–" if estimate is None or estimate["value"] is None else f"{estimate['value']:.3f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _data(run: JSON) -> str:
    datasets = ", ".join(f"{name} {count:,}" for name, count in sorted(run["datasets"].items()))
    labels = f" Labels: {run['notes']['labels']}." if isinstance(run["notes"].get("labels"), str) else ""
    return (
        f"{run['programs']:,} programs, of which {run['failing']:,} fail and {run['verified_patches']:,} have a "
        f"patch that passes the tests: {datasets}.{labels}"
    )


def _beside_the_paper(runs: Sequence[JSON]) -> list[str]:
    """Our figures on the paper's datasets beside its own, and what differs."""
    rows = [[name, bss, ece, auc] for name, bss, ece, auc in _PAPER]
    for run in runs:
        for name, found in (run.get("paper_mixture") or {}).items():
            line = found.get("line", {}).get("scaled")
            if line:
                rows.append(
                    [
                        f"Heatline, {name}, {found['programs']:,} programs",
                        *(figure(line[m]) for m in ("bss_pooled", "ece", "auc")),
                    ]
                )
    left_out = [
        (run, run["levels"]["line"]["scaled"]["per_dataset"])
        for run in runs
        if run["protocol"] == "leave_one_dataset_out" and "line" in run["levels"]
    ]
    text = [
        "### Beside the paper",
        table(["lines, scaled, held-out problems", "BSS pooled", "ECE", "AUC"], rows),
        "The paper's figures are those of Gros & Devanbu (arXiv 2512.24560) for lines of its own mixture "
        "(HumanEval+, MBPP+, LiveCodeBench). The datasets have the same names, the programs differ: other "
        "generators and shares of failing programs, other patches (found by a search under the tests, the "
        "nearest passing program where there was none, instead of a frontier model's repair), other test "
        "suites for LiveCodeBench, and our probe was also fitted on other datasets. BSS depends on the base "
        "rate and the labels, so a higher number alone is no proof of a better probe.",
    ]
    for _, datasets in left_out:
        values = {name: row["bss"] for name, row in datasets.items() if row["bss"]["value"] is not None}
        found = [row["value"] for row in values.values()]
        if found:
            text.append(
                f"Leave one dataset out, lines, scaled: mean {np.mean(found):.3f} over {len(found)} datasets, from "
                f"{min(found):.3f} to {max(found):.3f}; the paper's best realistic one is {PAPER_BEST_LEFT_OUT}."
            )
    return text


def _run(run: JSON) -> list[str]:
    parts = [f"### {TITLES[run['protocol']]}"]
    if run["protocol"] != "by_problem":
        parts.append("Left out, one at a time: " + ", ".join(run["left_out"]) + ".")
    for level in LEVELS:
        if level in run["levels"]:
            parts += [f"**{LEVELS[level]}**", contenders_table(run["levels"][level])]
    for level in ("line", "code_line"):
        if level in run["levels"]:
            parts += [f"**{LEVELS[level]}, by dataset**", _by_dataset(run["levels"][level])]
    for level in ("line", "code_line"):
        if level in run["levels"]:
            parts += [f"**{LEVELS[level]}, within failing programs**", failing_table(run["levels"][level])]
    for mode, contest in (run.get("calibrations") or {}).items():
        parts += [f"**lines, calibrators, {mode}**", _calibrators(contest)]
    return parts


def contenders_table(level: JSON) -> str:
    """All contenders of one level, with what the spans are in the header."""
    rows = []
    for key, found in level.items():
        pooled = found["pooled"]
        rows.append(
            [
                _NAMES.get(key, key),
                figure(found["bss_within_dataset"]),
                figure(found["bss_pooled"]),
                *(_plain(pooled[m]) for m in ("ece", "ece_debiased", "smooth_ece")),
                figure(found["auc"]),
                _plain(found["mean"]["auc"]),
                _plain(pooled["bin_coverage"]),
                _plain(pooled["recall_10"]),
                _plain(pooled["recall_20"]),
            ]
        )
    base = next(iter(level.values()))["pooled"]
    header = [
        f"{base['spans']:,} spans, {base['base_rate']:.1%} kept",
        *("BSS within dataset", "BSS pooled", "ECE", "debiased", "smooth", "AUC pooled"),
        *("AUC within dataset", "bin coverage", "recall at 10 %", "at 20 %"),
    ]
    return table(header, rows)


def _by_dataset(level: JSON) -> str:
    rows = []
    for name, row in level["scaled"]["per_dataset"].items():
        baselines = [
            level[key]["per_dataset"][name]["bss"]["value"]
            for key in level
            if key.startswith("baseline_") and level[key]["per_dataset"][name]["bss"]["value"] is not None
        ]
        rows.append(
            [
                name,
                f"{row['programs']:,}",
                f"{row['base_rate']:.1%}",
                figure(row["bss"]),
                _plain(level["transferred"]["per_dataset"][name]["bss"]),
                f"{max(baselines):.3f}" if baselines else "–",
                _plain(row["ece"]),
                _plain(level["transferred"]["per_dataset"][name]["ece"]),
                figure(row["auc"]),
                *(_plain(level[key]["per_dataset"][name]["ece"]) for key in _UNSEEN if key in level),
            ]
        )
    header = ["dataset", "programs", "kept", "BSS, scaled", "BSS, transferred", "best baseline"]
    header += ["ECE, scaled", "ECE, transferred", "AUC"]
    return table([*header, *(f"ECE, {_UNSEEN[key]}" for key in _UNSEEN if key in level)], rows)


def failing_table(level: JSON) -> str:
    """How well contenders that have `failing` rank the lines of failing programs."""
    names = {
        "programs": "failing programs",
        "programs_verified": "with a verified patch",
        "functions_10_lines_verified": "functions of ≥ 10 lines, verified",
    }
    rows = []
    for key, found in level.items():
        if key == "unscaled" or key.startswith(("transferred", "unseen")) or key.endswith("_per_dataset"):
            continue  # the same order of lines
        for group, row in found.get("failing", {}).items():
            if row["units"]:
                rows.append(
                    [
                        _NAMES.get(key, key).replace(", scaled", ""),
                        f"{names[group]} ({row['units']:,})",
                        figure(row.get("auc")),
                        *(
                            f"{figure(row[m])}, chance {row[f'{m}_chance']:.3f}"
                            for m in ("top_1", "top_3", "recall_10", "recall_20")
                        ),
                    ]
                )
    header = ["contender", "units", "AUC", "top 1 hit", "top 3 hit"]
    return table([*header, "recall at 10 % of lines", "at 20 %"], rows)


def _calibrators(contest: JSON) -> str:
    rows = [
        [
            name.replace("_", " "),
            figure(found["bss_within_dataset"]),
            "" if name == "platt" else figure(found["difference"]["bss_within_dataset"], 4),
            *(_plain(found[m]) for m in ("ece", "ece_debiased", "smooth_ece", "auc")),
        ]
        for name, found in contest.items()
    ]
    header = ["calibrator", "BSS within dataset", "difference from Platt, paired", "ECE"]
    return table([*header, "debiased", "smooth", "AUC"], rows)
