"""The supervisor's own token probability beside the probe that reads the same supervisor: a page of Markdown."""

from collections.abc import Sequence

from heatline.probe import ProbeCard
from heatline_probes.evaluation.tables import JSON, LEVELS, TITLES, contenders_table, failing_table

_OF_CARD = ("scaled", "scaled_per_dataset")


def token_probability_page(card: ProbeCard, results: Sequence[JSON], command: str) -> str:
    """Baselines of `results` (`EvaluatedRun.to_json`, measured without a probe) under the card's rows of its probe."""
    parts = [
        f"# Token probability: {card.supervisor}",
        f"Made by `{command}`; [evaluation.md](evaluation.md) defines every number. The whole {card.supervisor} "
        "reads every program as it is laid out for the probe and says how probable each token is after those before "
        "it; a line or function has the lowest probability of its tokens, or their geometric mean. It is scaled as "
        "the probe is. The rows of the probe are those of its card, on the same spans; the other baselines were "
        "measured again, without the programs that a probe only learns from, so the folds of their scaling differ a "
        "little from those of the supervisor's page of results.",
    ]
    for result in results:
        known = card.metrics[result["protocol"]]
        parts.append(f"## {TITLES[result['protocol']]}")
        levels = {
            level: {name: known[level][name] for name in _OF_CARD if name in known[level]}
            | dict(result["levels"][level])
            for level in LEVELS
            if level in result["levels"]
        }
        for level, contenders in levels.items():
            parts += [f"**{LEVELS[level]}**", contenders_table(contenders)]
        for level in ("line", "code_line"):
            if level in levels:
                parts += [f"**{LEVELS[level]}, within failing programs**", failing_table(levels[level])]
    return "\n\n".join(parts) + "\n"
