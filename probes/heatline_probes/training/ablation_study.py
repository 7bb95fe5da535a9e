"""The programs of the ablations: those that a probe is trained on, and failing ones that nothing else is known of."""

from collections.abc import Callable
from pathlib import Path

from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.corpus.programs import Corpora
from heatline_probes.training.ablations import Study
from heatline_probes.training.examples import label_examples
from heatline_probes.training.fit import standardise
from heatline_probes.training.labels import LabelledSample
from heatline_probes.training.store import EmbeddingStore, Source

Progress = Callable[[str, int, int], None]


def weighed_study(
    bundle: Path,
    corpora: Corpora,
    sample: LabelledSample,
    embeddings: Path,
    threads: int | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Study:
    """States and labels of the sample, weak programs among it; states are kept in `embeddings` and used again."""
    session = SupervisorSession(bundle, threads)
    store = EmbeddingStore(embeddings, session.card.bundle_hash)
    sources = [Source(p.code, p.language) for p in sample.programs]
    store.fill(sources, SequenceRunner(session), lambda done, total: progress("embedding", done, total))
    hidden, tokens = store.read(sources)
    examples = label_examples(corpora, sample.programs, tokens, sample.edits, sample.weak)
    return Study(standardise(hidden, examples.rows), examples, sample, sample.weak)
