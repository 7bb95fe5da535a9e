"""Patches where no tests can be run: the nearest passing program, renamed, and how far to trust it.

Such a patch is never called minimal: whatever else the other author did differently is in it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from heatline_probes.corpus.programs import Program
from heatline_probes.patches.attempts import is_attempt
from heatline_probes.patches.labels import label_tokens
from heatline_probes.patches.minimise import settle, total_size
from heatline_probes.patches.nearest import PassingPool
from heatline_probes.patches.oracle import parse
from heatline_probes.patches.renaming import rename_onto
from heatline_probes.patches.samples import Samples, SampleVerdict
from heatline_probes.patches.table import MinedPatch, write_table
from heatline_probes.patches.tally import sizes
from heatline_probes.patches.units import Hunk, Source, apply, cut, difference, edits_of

COMPARED = 3  # nearest programs whose labels are compared
ALIGNED = 10  # programs that are aligned to find them
WITHOUT_SAMPLES = 0.8  # the quality of a patch whose program nothing could be run on is multiplied by this


def nearest_patch(
    program: Program, pool: PassingPool, names: Collection[str] = (), samples: Samples | None = None
) -> MinedPatch | None:
    """The difference to the nearest passing program as an unverified patch; None when nothing passes.

    names: entry points of the problem. samples: necessary conditions; a candidate that fails them is not used.
    quality: (1 - edited fraction) times the agreement of the three nearest programs on the labels, where
    agreement is 1 when all label every token alike and 0 when votes are even; times `WITHOUT_SAMPLES` where
    the patched program could not be run on samples.
    """
    failing = cut(program.code)
    if not failing.units:
        return None
    offsets = np.array([(u.start, u.end) for u in failing.units], dtype=np.int64)  # (T, 2)
    found: list[tuple[tuple[int, int], list[Hunk], str, SampleVerdict]] = []
    for index, _ in pool.nearest(program.code, COMPARED, ALIGNED):
        for hunks, origin in _by_size(failing, pool.programs[index]):
            verdict = samples.verdict(apply(failing, hunks)) if samples else SampleVerdict.NONE
            if verdict is not SampleVerdict.FAIL:
                found.append(((total_size(hunks), len(hunks)), hunks, origin, verdict))
                break
    if not found:
        return None
    labels = np.array([label_tokens(offsets, edits_of(failing, hunks)) for _, hunks, _, _ in found])  # (n, T)
    agreement = float(np.abs(2 * labels.mean(axis=0) - 1).mean())
    (size, count), hunks, origin, verdict = min(found, key=lambda item: item[0])
    edits = edits_of(failing, settle(hunks, failing))
    kept = label_tokens(offsets, edits)
    believed = 1.0 if verdict is SampleVerdict.PASS else WITHOUT_SAMPLES
    return MinedPatch(
        code_sha=program.code_sha,
        dataset=program.dataset,
        problem_key=program.problem_key,
        model=program.model,
        source=program.source,
        licence=program.licence,
        verified=False,
        origin=origin,
        parses=parse(program.code) is not None,
        attempt=is_attempt(program.code, names),
        samples=str(verdict),
        tokens=len(failing.units),
        edited_tokens=int((~kept).sum()),
        changed_tokens=size,
        hunks=count,
        rewrite=size > 0.5 * len(failing.units),
        quality=float(kept.mean()) * agreement * believed,
        edits=edits,
    )


def nearest_patches(
    failing: Sequence[Program],
    passing: Sequence[Program],
    names: Collection[str] = (),
    samples: Samples | None = None,
) -> list[MinedPatch]:
    """Unverified patches of the failing programs of one problem."""
    pool = PassingPool(p.code for p in passing if parse(p.code) is not None)
    patches = (nearest_patch(program, pool, names, samples) for program in failing)
    return [patch for patch in patches if patch is not None]


def _by_size(failing: Source, passing: str) -> list[tuple[list[Hunk], str]]:
    """The difference to a passing program and to the same renamed, the smaller first."""
    variants = [(difference(failing, cut(passing)), "nearest")]
    renamed = rename_onto(failing.code, passing)
    if renamed is not None:
        variants.append((difference(failing, cut(renamed)), "nearest renamed"))
    return sorted(variants, key=lambda item: total_size(item[0]))


def write_unverified(
    patches: Sequence[MinedPatch],
    path: Path,
    dataset: str,
    command: str,
    failing: Mapping[str, Sequence[Program]],
) -> None:
    """Write the table and card of unverified patches."""
    card = {
        "what": "differences to the nearest passing program, renamed: not verified and not minimal",
        "dataset": dataset,
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "failing_programs": sum(map(len, failing.values())),
        "without_a_passing_program": sum(map(len, failing.values())) - len(patches),
        "parsable": sum(patch.parses for patch in patches),
        "samples": dict(sorted(Counter(patch.samples for patch in patches).items())),
        "quality_mean": round(float(np.mean([patch.quality for patch in patches])), 4) if patches else None,
        "sizes": sizes([patch for patch in patches if patch.parses]),
    }
    write_table(patches, path, card)
