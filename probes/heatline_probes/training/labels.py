"""The sample with its labels: minimal patches where they were mined, else what the nearest passing program says."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from heatline_probes.corpus.programs import Corpora, Program
from heatline_probes.patches.labels import Edit, edit_spans
from heatline_probes.patches.nearest import PassingPool
from heatline_probes.patches.table import MinedPatch
from heatline_probes.training.background import background_programs
from heatline_probes.training.sample import sample_programs

Key = tuple[str, str]  # problem key, code sha
MINED_SHARE = 0.02  # of a dataset's failing programs: fewer mined patches are trials that displace no program
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LabelledSample:
    """Programs to learn from and what was edited in the failing ones."""

    programs: Sequence[Program]
    edits: Mapping[Key, Sequence[Edit]]  # of failing programs
    verified: Collection[Key] = frozenset()  # whose patch passed the tests
    note: Mapping[str, Any] = field(default_factory=dict)  # for the card
    weak: frozenset[Key] = frozenset()  # failing ones of which nothing else is known


def labelled_sample(
    corpora: Corpora,
    patches: Mapping[Key, MinedPatch],
    quotas: Mapping[str, int],
    seed: int = 0,
    background: int = 0,
    progress: Progress = lambda done, total: None,
) -> LabelledSample:
    """Sample programs and label the failing ones; `background` files of human code are added, all of it kept.

    A dataset that patches were mined for is labelled by them alone, so that labels of two kinds are not mixed in
    it; one without any, or with a few trials, is labelled by the nearest passing programs. Programs without a body
    are left out: there is nothing in them to be right or wrong.
    """
    mined_for = _mined_datasets(corpora, patches)
    solved = {p.problem_key for p in corpora.programs if p.passes}
    labelled = {key for key, patch in patches.items() if patch.attempt}
    labelled |= {
        (p.problem_key, p.code_sha)
        for p in corpora.programs
        if not p.passes and p.dataset not in mined_for and p.problem_key in solved
    }
    programs = sample_programs(corpora, labelled, quotas, seed)
    failing = {(p.problem_key, p.code_sha) for p in programs if not p.passes}
    edits: dict[Key, Sequence[Edit]] = {key: patches[key].edits for key in failing & set(patches)}
    rest = [p for p in programs if not p.passes and (p.problem_key, p.code_sha) not in edits]
    edits.update(nearest_edits(corpora, rest, progress))
    verified = frozenset(key for key in edits if key in patches and patches[key].verified)
    note = {
        "minimal and verified": len(verified),
        "nearest passing program, renamed": len(failing & set(patches)) - len(verified),
        "nearest passing program": len(edits) - len(failing & set(patches)),
    }
    human = background_programs(background, seed) if background else []
    return LabelledSample([*programs, *human], edits, verified, {**note, "background files": len(human)})


def with_weak(corpora: Corpora, sample: LabelledSample, share: float, seed: int = 0) -> LabelledSample:
    """The sample with failing programs that nothing else is known of, `share` times as many as it has."""
    weak = weak_programs(corpora, sample, round(share * len(sample.programs)), seed)
    keys = frozenset((p.problem_key, p.code_sha) for p in weak)
    note = {**sample.note, "failing, nothing else known": len(weak)}
    return replace(sample, programs=[*sample.programs, *weak], weak=keys, note=note)


def weak_programs(corpora: Corpora, sample: LabelledSample, count: int, seed: int = 0) -> list[Program]:
    """Up to `count` failing first attempts, by dataset in the sample's proportions, that no label was found for."""
    known = {(p.problem_key, p.code_sha) for p in sample.programs}
    left = {
        (p.problem_key, p.code_sha)
        for p in corpora.programs
        if not p.passes and (p.problem_key, p.code_sha) not in known
    }
    datasets = [p.dataset for p in sample.programs]
    total = max(1, len(datasets))
    # A quota counts passing programs too: ask for more, keep the failing ones.
    quotas = {name: 4 * round(count * datasets.count(name) / total) for name in sorted(set(datasets))}
    found = [p for p in sample_programs(corpora, left, quotas, seed) if (p.problem_key, p.code_sha) in left]
    return found[:count]


def _mined_datasets(corpora: Corpora, patches: Mapping[Key, MinedPatch]) -> set[str]:
    """Datasets of which at least `MINED_SHARE` of the failing programs were looked at."""
    failing = Counter(p.dataset for p in corpora.programs if not p.passes)
    mined = Counter(patch.dataset for patch in patches.values())
    return {dataset for dataset, count in mined.items() if count >= MINED_SHARE * failing[dataset]}


def nearest_edits(
    corpora: Corpora, sample: Sequence[Program], progress: Progress = lambda done, total: None
) -> dict[Key, tuple[Edit, ...]]:
    """Edits of every failing program towards its nearest passing one, by problem key and code sha.

    The nearest passing program by tokens, of any generator; failing programs of problems without one are left
    out. Passing programs have no edits and are not in the result.
    """
    failing = [program for program in sample if not program.passes]
    asked = {program.problem_key for program in failing}
    passing: dict[str, list[str]] = defaultdict(list)
    for program in corpora.programs:
        # references of BigCodeBench and others are bodies without their signature: not comparable text
        if program.passes and program.problem_key in asked:
            passing[program.problem_key].append(program.code)
    pools: dict[str, PassingPool] = {}
    edits: dict[Key, tuple[Edit, ...]] = {}
    for done, program in enumerate(failing, start=1):
        key = program.problem_key
        if key not in pools:
            pools[key] = PassingPool(passing[key])
        if found := pools[key].nearest(program.code):
            edits[key, program.code_sha] = edit_spans(program.code, pools[key].programs[found[0][0]])
        progress(done, len(failing))
    return edits
