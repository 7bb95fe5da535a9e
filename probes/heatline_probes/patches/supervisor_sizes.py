"""How large patches are in the tokens of supervisors, which read comments and docstrings too.

The tables count code tokens; a patch is character offsets, so that it labels any tokenizer's tokens.
"""

from collections.abc import Iterable, Mapping
from statistics import mean, median
from typing import Any

from heatline.supervisor.tokenizer import TextTokenizer
from heatline_probes.patches.table import MinedPatch


def supervisor_sizes(
    tokenizer: TextTokenizer, patches: Iterable[MinedPatch], codes: Mapping[tuple[str, str], str]
) -> dict[str, float]:
    """Sizes of `patches` in tokens of one tokenizer; {} without any.

    codes: texts of the failing programs by (problem_key, code_sha); patches of others are left out.
    """
    edited: list[int] = []
    tokens: list[int] = []
    for patch in patches:
        code = codes.get((patch.problem_key, patch.code_sha))
        if code is None:
            continue
        kept = patch.kept(tokenizer.encode(code).offsets)  # (T,)
        if len(kept):
            edited.append(int((~kept).sum()))
            tokens.append(len(kept))
    if not tokens:
        return {}
    return {
        "programs": len(tokens),
        "tokens_median": float(median(tokens)),
        "edited_tokens_mean": round(mean(edited), 2),
        "edited_tokens_median": float(median(edited)),
        "edited_fraction_mean": round(mean(e / t for e, t in zip(edited, tokens, strict=True)), 4),
        "edited_fraction_of_all_tokens": round(sum(edited) / sum(tokens), 4),
    }


def supervisor_sizes_table(cards: Iterable[Mapping[str, Any]]) -> str:
    """One row for each dataset and supervisor of the cards that know them."""
    rows = [
        "| dataset | supervisor | attempts | edited tokens: mean, median | edited: mean of programs | of all tokens |",
        "|---|---|---|---|---|---|",
    ]
    for card in cards:
        for supervisor, sizes in card.get("supervisor_tokens", {}).items():
            rows.append(
                f"| {card['dataset']} | {supervisor} | {sizes['programs']:,} | {sizes['edited_tokens_mean']:.1f}, "
                f"{sizes['edited_tokens_median']:.0f} | {100 * sizes['edited_fraction_mean']:.1f} % | "
                f"{100 * sizes['edited_fraction_of_all_tokens']:.1f} % |"
            )
    return "\n".join(rows)
