"""The programs of the ablations: those that a probe is trained on, and failing ones that nothing else is known of."""

from collections.abc import Callable, Sequence
from pathlib import Path

from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.corpus.programs import Corpora, Program
from heatline_probes.training.ablations import Study
from heatline_probes.training.examples import label_examples
from heatline_probes.training.fit import standardise
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.sample import sample_programs
from heatline_probes.training.store import EmbeddingStore, Source

Progress = Callable[[str, int, int], None]


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


def weighed_study(
    bundle: Path,
    corpora: Corpora,
    sample: LabelledSample,
    weak: Sequence[Program],
    embeddings: Path,
    threads: int | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Study:
    """States and labels of both; states are kept in `embeddings` and used again."""
    session = SupervisorSession(bundle, threads)
    store = EmbeddingStore(embeddings, session.card.bundle_hash)
    programs = [*sample.programs, *weak]
    sources = [Source(p.code, p.language) for p in programs]
    store.fill(sources, SequenceRunner(session), lambda done, total: progress("embedding", done, total))
    hidden, tokens = store.read(sources)
    keys = frozenset((p.problem_key, p.code_sha) for p in weak)
    examples = label_examples(corpora, programs, tokens, sample.edits, keys)
    return Study(standardise(hidden, examples.rows), examples, sample, keys)
