"""Ten thousand random edits: the text is always the reference's, the scores at rest always those of scratch.

The edits go the way of an editor's: through the document store, the scoring session, the frames to the worker
and back.  Only the process and its pipes are left out.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from lsprotocol import types

from heatline.lsp.documents import DocumentStore
from heatline.lsp.position_encoding import ENCODINGS, PositionEncoding
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.scoring_session import ScoringSession
from heatline.probe import SpanProbe
from heatline.scoring import wire
from heatline.scoring.engine import Engine
from heatline.scoring.scored_text import ScoredText
from heatline.scoring.worker import Bench, JobQueue
from heatline.supervisor.session import SupervisorSession
from tests.property.reference_text import reference_joined, reference_offset
from tests.tiny import tiny_probe, tiny_supervisor

EDITS = 840  # for each of the twelve documents: 10,080 in all
BURST = 42  # edits between two moments of rest
DOCUMENTS = {
    "python": "import os\n\n\ndef f(x):\n    return x + 1\n\n\nclass A:\n    def m(self):\n        pass\n",
    "javascript": "import a from 'a';\r\n\r\nfunction f(x) {\r\n  return '😋' + x;\r\n}\r\nconst y = f(1);\r\n",
    "go": 'package p\n\nimport "fmt"\n\nfunc F(a int) int {\n\treturn a * 2\n}\n',
    "plain": "first\n  block é世\n\nsecond\r  block\u2028\n",
}
SCRAPS = [
    *"abx01 ()[]{}:;.,'\"#\\=+\t", "\n", "\r\n", "\r", "    ", "é", "世", "\u0301", "😋", "𝄞", "\ufeff", "\x0c",
    "\u2028", "\ud83d", "\ude0b", "return x\n", "\n\ndef g(y):\n    return y\n", "import b\n",
    "function h() { return 1 }\n",
]  # fmt: skip


class LocalWorker:
    """The worker's bench without its process; every frame is encoded and decoded."""

    def __init__(self, engine: Engine, session_of: list[ScoringSession]) -> None:
        self._queue = JobQueue()
        self._bench = Bench(engine, self._queue, self._deliver, lambda: 0.0)
        self._session_of = session_of
        self._begun: set[str] = set()
        self.frames_left: int | None = None

    def score(self, job: wire.Score) -> None:
        self._queue.put(replace(job, fresh=job.uri not in self._begun))
        self._begun.add(job.uri)

    def work(self, frames: int | None = None) -> None:
        """Does the newest job; after so many frames it is taken back, as when the next key comes."""
        self.frames_left = frames
        job = self._queue.newest() if not self._queue.stays_empty(0) else None
        if job is not None:
            self._bench.work(job)

    def cancel(self, uri: str) -> None:
        self._queue.cancel(uri)

    def forget(self, uri: str) -> None:
        self._queue.cancel(uri)
        self._begun.discard(uri)

    def _deliver(self, message: wire.Message) -> None:
        frame = wire.encode(message)
        head, body = wire.frame_lengths(frame[: wire.PREFIX_BYTES])
        content = frame[wire.PREFIX_BYTES :]
        arrived = wire.decode(content[:head], content[head : head + body])
        (session,) = self._session_of
        if isinstance(arrived, wire.Outline):
            session.outlined(arrived.job, arrived.uri, arrived.places)
        elif isinstance(arrived, wire.Features):
            session.scope_scored(arrived.uri, arrived)
        elif isinstance(arrived, wire.Done):
            session.job_done(arrived.job, arrived.uri)
        else:
            assert isinstance(arrived, wire.Alive | wire.Opened)
        if self.frames_left is not None:
            self.frames_left -= 1
            if self.frames_left <= 0:
                self._queue.cancel("file:///a")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[SupervisorSession, SpanProbe]:
    bundle = tiny_supervisor(tmp_path_factory.mktemp("fuzz"), "qwen2")
    return SupervisorSession(bundle, threads=1), SpanProbe.load(tiny_probe(bundle))


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=lambda encoding: encoding.name)
@pytest.mark.parametrize("language", DOCUMENTS)
async def test_text_and_scores_after_many_edits(
    made: tuple[SupervisorSession, SpanProbe], language: str, encoding: PositionEncoding
) -> None:
    session, probe = made
    chance = random.Random(f"{language} {encoding.name}")
    store, uri = DocumentStore(), "file:///a"
    published: list[ScoredDocument] = []
    holder: list[ScoringSession] = []
    worker = LocalWorker(Engine(lambda: session, probe, memory=1 << 18), holder)
    scoring = ScoringSession(
        worker, published.append, lambda document, reason: None, 0.0, lambda document: None
    )
    holder.append(scoring)
    scoring.probe_loaded(probe)
    expected = DOCUMENTS[language]
    document = store.open(types.TextDocumentItem(uri, language, 0, expected))
    scoring.opened(document)
    caret, quiet = 0, 0
    for version in range(1, EDITS + 1):
        if chance.random() < 0.1 or caret > len(expected):
            caret = chance.randrange(len(expected) + 1)
        taken = chance.choice((0, 0, 0, 1, 1, 2, 30 if len(expected) > 600 else 3))
        inserted = chance.choice(SCRAPS) if chance.random() < 0.8 or not taken else ""
        first, last = (place(expected, at, encoding) for at in (caret, min(caret + taken, len(expected))))
        a, b = (reference_offset(expected, *position, encoding) for position in (first, last))
        expected = reference_joined(expected[:a] + inserted + expected[b:])
        caret = a + len(inserted)
        change = types.TextDocumentContentChangePartial(
            range=types.Range(types.Position(*first), types.Position(*last)), text=inserted
        )
        identifier = types.VersionedTextDocumentIdentifier(uri=uri, version=version)
        document = store.change(identifier, [change], encoding)
        assert document is not None
        assert expected == document.text
        scoring.edited(document)
        if version % BURST == 0:
            worker.work()
            quiet += 1
            latest = scoring.latest(uri)
            scratch = scored_from_scratch(made, document.scorable_text, language)
            assert latest is not None
            assert latest.complete
            assert (version, scratch.lines) == (latest.document.version, latest.scored.lines)
            assert scratch.tokens == latest.scored.tokens
            assert scratch.scopes == latest.scored.scopes
        elif chance.random() < 0.1:
            worker.work(frames=chance.randrange(1, 5))
    assert quiet == EDITS // BURST


def place(text: str, offset: int, encoding: PositionEncoding) -> tuple[int, int]:
    """The position of an offset as a client counts it."""
    head = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    if text[:offset].endswith("\r") and text[offset : offset + 1] == "\n":
        head = head[:-1]  # between the two is the line's end
    line = head.rsplit("\n", 1)[-1]
    return head.count("\n"), encoding.units(line)


def scored_from_scratch(made: tuple[SupervisorSession, SpanProbe], text: str, language: str) -> ScoredText:
    session, probe = made
    scopes = list(Engine(lambda: session, probe).scope_features(text, language))
    return ScoredText(text, language, scopes, probe)
