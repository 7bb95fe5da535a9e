"""The page of the comparison: two tables, one for each domain."""

from collections.abc import Mapping
from typing import Any

from heatline_probes.evaluation.tables import figure, table

_HISTORY = ("auc", "auc_within", "bss_within", "recall_5", "recall_10", "recall_20", "lift_10", "ece")
_BENCHMARKS = ("bss_within_dataset", "bss_pooled", "auc", "ece")


def domain_page(found: Mapping[str, Any]) -> str:
    """Markdown; the figures are those of `compare_ways`."""
    ways: Mapping[str, Any] = found["ways"]
    first = next(iter(ways.values()))["history"]
    card: Mapping[str, Any] = found["card"]
    fates = card["fates"]
    followed = sum(fates.values()) - fates.get("censored", 0)
    history = [
        [f"**probe, {way}**", *(figure(measured["history"]["probe"][name]) for name in _HISTORY)]
        for way, measured in ways.items()
    ]
    history += [
        [name, *(figure(measures[metric]) for metric in _HISTORY)]
        for name, measures in first.items()
        if isinstance(measures, dict) and name != "probe"
    ]
    benchmarks = [
        [f"probe, {way}", *(figure(measured["benchmarks"][name]) for name in _BENCHMARKS)]
        for way, measured in ways.items()
    ]
    return "\n".join(
        [
            f"# What to learn from: {found['supervisor']}",
            "",
            f"Made by `{found['command']}`. An AI-written line is *fixed* when a commit that speaks of a fix "
            f"changes it within {card['horizon_days']:g} days; [history.md](history.md) has the rules. In brackets: "
            "95 % interval, whole repositories drawn again.",
            "",
            f"{len(card['repositories'])} repositories, {card['lines']:,} AI-written lines collected; of {followed:,} "
            f"the fate is known: {fates.get('fixed', 0):,} fixed, {fates.get('edited', 0):,} edited otherwise, "
            f"{fates.get('deleted', 0):,} deleted. Measured here: {first['lines']:,} lines in {found['scopes']:,} "
            f"scopes of {first['repositories']} repositories; {found['programs']:,} benchmark programs.",
            "",
            "## Lines fixed later, in repositories that were held out",
            "",
            table(
                [
                    "",
                    "AUC",
                    "AUC within",
                    "BSS within",
                    "recall at 5 %",
                    "at 10 %",
                    "at 20 %",
                    "lift at 10 %",
                    "ECE",
                ],
                history,
            ),
            "",
            "Ranked by unscaled numbers; BSS and ECE are scaled over the repositories. “Within” is the mean over "
            "repositories with at least five fixed lines, against each one's own base rate.",
            "",
            *_shipped(found),
            "## Lines of benchmark programs, problems held out",
            "",
            table(["", "BSS within dataset", "BSS pooled", "AUC", "ECE"], benchmarks),
            "",
        ]
    )


def _shipped(found: Mapping[str, Any]) -> list[str]:
    """What the shipped probe flags in these repositories, none of which it has learned from."""
    if "shipped" not in found:
        return []
    row = found["shipped"]
    return [
        f"At its threshold (a risk of {row['threshold']:.0%}) the shipped probe, which has learned from no "
        f"repository, flags {figure(row['flagged'])} of these lines; {figure(row['false_alarms'], 1)} of 100 lines are "
        f"false alarms, and {figure(row['recall_flagged'])} of the fixed lines are flagged. Its AUC is "
        f"{figure(row['auc'])}, within repositories {figure(row['auc_within'])}, its ECE "
        f"{figure(row['ece'])}: the shipped calibration speaks of benchmarks, `heatline "
        "calibrate` of a repository.",
        "",
    ]
