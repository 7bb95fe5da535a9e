"""The failure study and the background check as Markdown: counts and shares, never program text."""

from collections.abc import Mapping
from typing import Any

from heatline_probes.evaluation.failures import CAUSES, FailureStudy
from heatline_probes.evaluation.tables import figure, table


def failure_page(study: FailureStudy, name: str, threshold: float, command: str) -> str:
    """Causes of the worst lines, beside how common each is and how it does over all lines."""
    counts = study.counts()
    rows = []
    for cause in CAUSES:
        if cause not in study.causes:
            continue
        row = study.causes[cause]
        rows.append(
            [
                cause,
                str(counts["false_alarms"].get(cause, 0)),
                str(counts["misses"].get(cause, 0)),
                f"{row['lines']:,} ({row['share']:.1%})",
                f"{row['edited']:.1%}",
                f"{row['mean_risk']:.1%}",
                f"{row['flagged']:.1%}",
            ]
        )
    header = ["cause", "false alarms", "misses", "all lines", "edited", "mean risk", "flagged"]
    worst = len(study.false_alarms)
    return (
        f"# Failures of {name}\n\nMade by `{command}`. The {worst} kept lines of highest risk and the "
        f"{len(study.misses)} edited lines of lowest, one of each text and problem, held out, with the "
        f"calibration of the other folds; flagged from a risk of {threshold:.0%}. The first cause that applies is "
        "counted; [evaluation.md](evaluation.md) has the rules.\n\n" + table(header, rows) + "\n"
    )


def background_page(found: Mapping[str, Any]) -> str:
    """Risk over files of the standard library, or of packages, by part."""
    rows = [
        [name, f"{row['lines']:,}", *(figure(row[m]) for m in ("mean_risk", "flagged", "risk_half_or_more"))]
        for name, row in found["parts"].items()
    ]
    head = (
        f"{found['supervisor']}, probe {found['probe']}: {len(found['files'])} files of {_source(found)}, flagged "
        f"from a risk of {found['threshold']:.0%}."
    )
    return head + "\n\n" + table(["part", "lines", "mean risk", "flagged", "risk ≥ 0.5"], rows)


def _source(found: Mapping[str, Any]) -> str:
    if found["packages"]:
        return f"{len(found['packages'])} packages ({', '.join(found['packages'])})"
    return f"the standard library of Python {found['python']}"
