"""The simplest honest labels: what the nearest passing program does not have in common with a failing one."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from heatline_probes.corpus.programs import Corpora, Program
from heatline_probes.patches.labels import Edit, edit_spans
from heatline_probes.patches.nearest import PassingPool


def nearest_edits(
    corpora: Corpora,
    sample: Sequence[Program],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, tuple[Edit, ...]]:
    """Edits of every failing program towards its nearest passing one, by `code_sha`.

    The nearest passing program by tokens, of any generator or the reference; failing programs of problems
    without one are left out. Passing programs have no edits and are not in the result.
    """
    passing: dict[str, list[str]] = defaultdict(list)
    for program in corpora.programs:
        if program.passes:
            passing[program.problem_key].append(program.code)
    pools: dict[str, PassingPool] = {}
    edits: dict[str, tuple[Edit, ...]] = {}
    failing = [program for program in sample if not program.passes]
    for done, program in enumerate(failing, start=1):
        key = program.problem_key
        if key not in pools:
            # references of BigCodeBench and others are bodies without their signature: not comparable text
            pools[key] = PassingPool(passing[key])
        if found := pools[key].nearest(program.code):
            edits[program.code_sha] = edit_spans(program.code, pools[key].programs[found[0][0]])
        progress(done, len(failing))
    return edits
