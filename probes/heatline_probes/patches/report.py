"""The card of a patch table as Markdown: the tables of the paper's §4.2."""

from collections.abc import Mapping, Sequence
from typing import Any

from heatline_probes.errors import PatchError
from heatline_probes.patches.supervisor_sizes import supervisor_sizes_table

FEWEST_PATCHED = 10  # programs of a generator that has a row
BEGIN, END = "<!-- tables of the cards -->\n", "<!-- end of tables -->\n"


def all_tables(cards: Sequence[Mapping[str, Any]]) -> str:
    """Everything docs/corpora.md says in figures."""
    verified = [card for card in cards if "tally" in card]
    parts = [summary_table(verified), drops_table(verified)]
    by_model = {card["dataset"]: models_table(card, least=FEWEST_PATCHED) for card in verified}
    parts += [f"{dataset}\n\n{table}" for dataset, table in by_model.items() if table]
    if any("supervisor_tokens" in card for card in verified):
        parts.append(supervisor_sizes_table(verified))
    parts.append(unverified_table([card for card in cards if "tally" not in card]))
    return "\n\n".join(parts) + "\n"


def with_tables(page: str, tables: str) -> str:
    """A page with `tables` between its marks. Raises PatchError when it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise PatchError(f"The page has no place for tables. Put the lines {BEGIN!r} and {END!r} into it.")
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def summary_table(cards: Sequence[Mapping[str, Any]]) -> str:
    """Two rows for each verified table: all parsable programs, and of these the attempts."""
    rows = [
        "| dataset | failing | looked at | programs | | patched | edited tokens: mean, median | edited: mean of "
        "programs | edited: of all tokens | changed: median | rewrites |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for card in cards:
        counts = card["tally"]["all"]
        for which, count, fraction, sizes in (
            ("all that parse", "parsable", "patched_fraction_of_parsable", "sizes"),
            ("attempts", "attempts", "patched_fraction_of_attempts", "sizes_of_attempts"),
        ):
            rows.append(
                f"| {card['dataset']} | {card['failing_programs']:,} | {card['looked_at']:,} | {which} | "
                f"{counts[count]:,} | {_percent(counts[fraction])} | {_sizes(counts[sizes])} |"
            )
    return "\n".join(rows)


def _sizes(sizes: Mapping[str, float]) -> str:
    if not sizes:
        return "– | – | – | – | –"
    return (
        f"{sizes['edited_tokens_mean']:.1f}, {sizes['edited_tokens_median']:.0f} | "
        f"{_percent(sizes['edited_fraction_mean'])} | {_percent(sizes['edited_fraction_of_all_tokens'])} | "
        f"{sizes['changed_tokens_median']:.0f} | {sizes['rewrites']:.0f}"
    )


def drops_table(cards: Sequence[Mapping[str, Any]]) -> str:
    """What happened to the programs that were looked at, and what patches were made from."""
    labels = {
        "status": "",
        "status_no_attempt": "no attempt: ",
        "status_unparsable": "does not parse: ",
        "origins": "patched from: ",
    }
    rows = ["| dataset | what | programs |", "|---|---|---|"]
    for card in cards:
        counts = card["tally"]["all"]
        for what, label in labels.items():
            rows += [f"| {card['dataset']} | {label}{name} | {n:,} |" for name, n in counts[what].items()]
    return "\n".join(rows)


def models_table(card: Mapping[str, Any], least: int) -> str:
    """One row for each generator with at least `least` patched attempts, which the sizes cover; "" for none."""
    rows = [
        "| generator | solved | failed | looked at | patched | median edited | edited: mean of programs | "
        "of all tokens |",
        "|---|---|---|---|---|---|---|---|",
    ]
    models = card["tally"]["models"].items()
    for model, counts in sorted(models, key=lambda item: (-item[1]["status"].get("patched", 0), item[0])):
        patched = counts["status"].get("patched", 0)
        if patched >= least:
            sizes = counts["sizes_of_attempts"]
            rows.append(
                f"| {model} | {counts['solved']:,} | {counts['failed']:,} | {counts['looked_at']:,} | {patched:,} | "
                f"{sizes['edited_tokens_median']:.0f} | {_percent(sizes['edited_fraction_mean'])} | "
                f"{_percent(sizes['edited_fraction_of_all_tokens'])} |"
            )
    return "\n".join(rows) if len(rows) > 2 else ""


def unverified_table(cards: Sequence[Mapping[str, Any]]) -> str:
    """One row for each table of nearest programs."""
    rows = [
        "| dataset | looked at | with a candidate | passes the samples | no samples | edited: mean of programs | "
        "median edited | quality: mean |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {card['dataset']} | {card['failing_programs']:,} | {card['rows']:,} | {card['samples'].get('pass', 0):,} | "
        f"{card['samples'].get('none', 0):,} | {_percent(card['sizes']['edited_fraction_mean'])} | "
        f"{card['sizes']['edited_tokens_median']:.0f} | {card['quality_mean']:.2f} |"
        for card in cards
    ]
    return "\n".join(rows)


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:.1f} %"
