"""What mining did to a corpus, counted: the tables of the paper's §4.2."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, median
from typing import Any

from heatline_probes.corpus.programs import Program, first_attempts
from heatline_probes.patches.table import MinedPatch


def tally(programs: Iterable[Program], outcomes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts over all models and for each.

    programs: all programs of the dataset. outcomes: what was found for each failing one that was looked at.
    """
    attempts = first_attempts(programs)
    models = sorted({p.model for p in attempts})
    return {
        "all": _counts(attempts, outcomes),
        "models": {
            model: _counts(
                [p for p in attempts if p.model == model], [o for o in outcomes if o["model"] == model]
            )
            for model in models
        },
    }


def sizes(patches: Sequence[MinedPatch] | Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Means and medians of patch sizes, in tokens and in fractions of the failing program."""
    rows = [p if isinstance(p, Mapping) else {n: getattr(p, n) for n in p.__slots__} for p in patches]
    if not rows:
        return {}
    edited = [row["edited_tokens"] for row in rows]
    changed = [row["changed_tokens"] for row in rows]
    tokens = [row["tokens"] for row in rows]
    return {
        "edited_tokens_mean": round(mean(edited), 2),
        "edited_tokens_median": float(median(edited)),
        "edited_fraction_mean": round(mean(e / t for e, t in zip(edited, tokens, strict=True)), 4),
        "edited_fraction_of_all_tokens": round(sum(edited) / sum(tokens), 4),
        "changed_tokens_median": float(median(changed)),
        "changed_fraction_mean": round(mean(c / t for c, t in zip(changed, tokens, strict=True)), 4),
        "hunks_median": float(median(row["hunks"] for row in rows)),
        "rewrites": float(sum(bool(row["rewrite"]) for row in rows)),
    }


def _counts(attempts: Sequence[Program], outcomes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    parsable = [o for o in outcomes if o.get("parses")]
    real = [o for o in parsable if o["attempt"]]
    patched = [o for o in parsable if o["status"] == "patched"]
    return {
        "solved": sum(p.passes for p in attempts),
        "failed": sum(not p.passes for p in attempts),
        "looked_at": len(outcomes),
        "parsable": len(parsable),
        "attempts": len(real),
        "status": _statuses(real),
        "status_no_attempt": _statuses(o for o in parsable if not o["attempt"]),
        "status_unparsable": _statuses(o for o in outcomes if not o.get("parses")),
        "patched_fraction_of_parsable": _patched_fraction(parsable),
        "patched_fraction_of_attempts": _patched_fraction(real),
        "origins": dict(sorted(Counter(o["origin"] for o in patched).items())),
        "sizes": sizes(patched),
        "sizes_of_attempts": sizes([o for o in patched if o["attempt"]]),
    }


def _statuses(outcomes: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return dict(sorted(Counter(o["status"] for o in outcomes).items()))


def _patched_fraction(outcomes: Sequence[Mapping[str, Any]]) -> float | None:
    tried = [o for o in outcomes if o["status"] != "passes here"]
    return round(sum(o["status"] == "patched" for o in tried) / len(tried), 4) if tried else None
