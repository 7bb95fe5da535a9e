"""Tables of a comparison in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

_LEVELS = {"token": "tokens", "line": "lines", "problem": "whole programs"}
_SHOWN = (
    ("bss", "BSS"),
    ("brier", "Brier"),
    ("ece", "ECE"),
    ("mce", "MCE"),
    ("ace", "ACE"),
    ("nll", "NLL"),
    ("auc", "AUC"),
    ("bin_coverage", "bin coverage"),
    ("wasserstein", "Wasserstein"),
    ("kendall", "τ_b"),
    ("median_skewness", "skewness"),
)
_WITH_INTERVAL = ("bss", "ece", "auc")


def comparison_tables(found: Mapping[str, Any], calibrators: Sequence[str]) -> str:
    """For each level: every estimator under the first calibrators in full, then BSS and ECE under all of them."""
    parts = [_sentence(found)]
    for level, measured in found["levels"].items():
        rows = measured["estimators"]
        parts.append(
            f"### {_LEVELS[level].capitalize()}\n\n{measured['spans']:,} {_LEVELS[level]}, "
            f"{measured['kept']:.1%} kept."
        )
        parts += [f"**{_calibrator(name)}**\n\n{_full(rows, name)}" for name in calibrators[:2]]
        if len(calibrators) > 2:
            parts += [
                f"**{name} by calibrator**\n\n{_by_calibrator(rows, calibrators, metric)}"
                for metric, name in (("bss", "BSS"), ("ece", "ECE"))
            ]
        if warnings := _warnings(rows, calibrators):
            parts.append(warnings)
    if compliance := _compliance(found):
        parts.append(f"### What the model answered\n\n{compliance}")
    return "\n\n".join(parts) + "\n"


def _sentence(found: Mapping[str, Any]) -> str:
    datasets = ", ".join(f"{name} {count}" for name, count in found["datasets"].items())
    return (
        f"{found['programs']} programs by {found['model']} ({datasets}), {found['passing']} of which pass; "
        f"{found['unpatched']} more fail and have no patch that passes the tests, and are left out. "
        f"The probe is {found['probe']} of {found['supervisor']} (SHA-256 {found['probe_sha256'][:8]}…). "
        "In brackets: 95 % intervals over programs drawn again within each dataset. Calibrators are fitted "
        "on the other problems, in five folds."
    )


def _calibrator(name: str) -> str:
    return "As they are" if name == "identity" else f"Calibrated: {name}"


def _full(rows: Mapping[str, Any], calibrator: str) -> str:
    head = ["estimator", *(name for _, name in _SHOWN), "silent"]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    for name, row in rows.items():
        figures = row["calibrators"][calibrator]
        cells = [_cell(figures[key], key in _WITH_INTERVAL) for key, _ in _SHOWN]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {row['silent']} |")
    return "\n".join(lines)


def _by_calibrator(rows: Mapping[str, Any], calibrators: Sequence[str], metric: str) -> str:
    lines = [
        "| estimator | " + " | ".join(calibrators) + " |",
        "| --- | " + " | ".join("---" for _ in calibrators) + " |",
    ]
    for name, row in rows.items():
        cells = [_cell(row["calibrators"][c][metric], True) for c in calibrators]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: Any, interval: bool) -> str:
    if isinstance(value, Mapping):
        if value["value"] is None:
            return "–"
        text = f"{value['value']:.3f}"
        known = interval and value["low"] is not None
        return f"{text} ({value['low']:.3f} … {value['high']:.3f})" if known else text
    return "–" if value is None else f"{value:.3f}"


def _warnings(rows: Mapping[str, Any], calibrators: Sequence[str]) -> str:
    """Every warning once, with the estimators and calibrators that it is about."""
    about: dict[str, list[str]] = {}
    for name, row in rows.items():
        for calibrator in calibrators:
            if said := row["calibrators"][calibrator]["collapse"]:
                about.setdefault(said, []).append(f"{name} ({calibrator})")
    listed = [f"* {', '.join(names)}: {said}" for said, names in about.items()]
    return "Collapsed:\n\n" + "\n".join(listed) if listed else ""


def _compliance(found: Mapping[str, Any]) -> str:
    """Questions, usable first answers and what went wrong, once for each estimator that asked."""
    asked = {
        name: row["counts"]
        for measured in found["levels"].values()
        for name, row in measured["estimators"].items()
        if row["counts"].get("asked")
    }
    if not asked:
        return ""
    lines = [
        "| estimator | questions | usable at once | after asking again | fell back to the base rate | malformed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, counts in asked.items():
        total, at_once, lost = counts["asked"], counts.get("compliant", 0), counts.get("fell back", 0)
        why = ", ".join(
            f"{key.removeprefix('malformed: ')} {count}"
            for key, count in sorted(counts.items())
            if key.startswith("malformed: ")
        )
        lines.append(
            f"| {name} | {total} | {at_once / total:.0%} | {(total - at_once - lost) / total:.0%} | "
            f"{lost / total:.0%} | {why or '–'} |"
        )
    return "\n".join(lines)
