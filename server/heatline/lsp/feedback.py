"""Remembers what became of the lines that were shown, when `heatline.feedback` is on."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from heatline.calibration.logistic import log_odds
from heatline.errors import InputError
from heatline.lsp.document_place import path_of
from heatline.lsp.shown_document import ShownDocument
from heatline.probe import SpanProbe

if TYPE_CHECKING:  # it is off by default
    from heatline.feedback.store import FeedbackStore

LOOKS = 50
"""Drift is looked at once in so many observations."""


class Feedback:
    """Takes what is shown of documents, in threads; ``observe`` may be called from several."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` is where outcomes are kept; None: the state folder."""
        self._folder = folder
        self._store: FeedbackStore | None = None
        self._keys: dict[Path, str | None] = {}
        self._lock = threading.Lock()
        self._observed = 0
        self._alarmed = False

    def observe(self, shown: ShownDocument, probe: SpanProbe) -> str | None:
        """Remember the generated lines of a settled document; a sentence when a person should know something.

        A document outside a repository is passed over, and one of which all lines count: only a line that stops to
        differ from HEAD was kept at a commit.
        """
        path = path_of(shown.uri)
        if path is None or not shown.settled or not shown.scored.complete or shown.scored.shown_lines is None:
            return None
        from heatline.feedback.store import Shown
        from heatline.history.written_lines import line_hash

        with self._lock:
            repository = self._repository(path.parent)
            if repository is None:
                return None
            store = self._opened()
            text = shown.scored.document.scorable_text
            hashes = {
                line.line: line_hash(text[line.start : line.end].encode("utf-8", "surrogatepass"))
                for line in shown.scored.scored.lines
            }
            store.observe(
                repository,
                line_hash(str(path.resolve()).encode("utf-8", "surrogateescape")),
                probe.card.sha256[:16],
                shown.scored.scored.language,
                [
                    Shown(hashes[line.line], float(log_odds(line.unscaled_confidence)), line.confidence)
                    for line in shown.scored.lines_shown()
                ],
                hashes.values(),
                [hashes[number] for number in shown.notes.reviewed if number in hashes],
            )
            return self._news(store, repository)

    def close(self) -> None:
        with self._lock:
            if self._store is not None:
                self._store.prune()
                self._store.close()
                self._store = None

    def _news(self, store: FeedbackStore, repository: str) -> str | None:
        if store.problem:
            problem, store.problem = store.problem, ""
            return problem
        self._observed += 1
        if self._alarmed or self._observed % LOOKS != 0:
            return None
        from heatline.feedback.learning import drift

        found = drift(store.outcomes(repository))
        if found is None or not found.alarm:
            return None
        self._alarmed = True
        return found.sentence()

    def _opened(self) -> FeedbackStore:
        if self._store is None:
            from heatline.feedback.store import FeedbackStore

            self._store = FeedbackStore(self._folder)
        return self._store

    def _repository(self, folder: Path) -> str | None:
        if folder not in self._keys:
            from heatline.history.repository import Repository
            from heatline.history.workspace_scaling import repository_key

            try:
                self._keys[folder] = repository_key(Repository(folder))
            except InputError:
                self._keys[folder] = None
        return self._keys[folder]
