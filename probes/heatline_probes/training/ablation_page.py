"""The page of the ablations: one row for each variant, and which of them differ."""

from collections.abc import Mapping
from typing import Any

from heatline_probes.evaluation.tables import figure, table
from heatline_probes.training.ablations import VARIANTS

SHOWN = (("line", "bss_within_dataset"), ("line", "auc"), ("line", "ece"), ("code_line", "bss_within_dataset"),
         ("token", "bss_within_dataset"), ("problem", "bss_within_dataset"))  # fmt: skip
_WORDS = {"bss_within_dataset": "BSS", "auc": "AUC", "ece": "ECE", "code_line": "code lines"}


def ablation_page(found: Mapping[str, Mapping[str, Any]], command: str, about: str) -> str:
    """Markdown: the base's figures, then every variant's paired difference from them."""
    first = next(iter(found.values()))
    head = [f"{_WORDS.get(level, level)}: {_WORDS[metric]}" for level, metric in SHOWN]
    base = "**base**: 64 + 64 features, 4 epochs, dropout 0.2"
    rows = [[base, *(figure(first[level]["one"][metric], 3) for level, metric in SHOWN)]]
    for variant in VARIANTS:
        if variant.name not in found:
            continue
        differences = [found[variant.name][level]["other"]["difference"][metric] for level, metric in SHOWN]
        rows.append([f"{variant.name}: {variant.about}", *(_difference(each) for each in differences)])
    return "\n\n".join(
        [
            "# What each choice is worth",
            f"Written by `{command}`: {about}; scaled, datasets weighted alike for BSS.",
            "Differences from the base on the same spans, with 95 % intervals from resampled programs; "
            "bold where the interval leaves zero out. A positive difference of BSS or AUC, a negative one of ECE, "
            "speaks for the variant.",
            table(["variant", *head], rows),
        ]
    ) + "\n"  # fmt: skip


def _difference(estimate: Mapping[str, Any]) -> str:
    text = figure(estimate, 3)
    low, high = estimate["low"], estimate["high"]
    return f"**{text}**" if low is not None and (low > 0 or high < 0) else text
