"""Decides when what is shown of each open document changes.

Scores come from the session, notes on lines (what is generated, ignored, reviewed) are made in a thread as
soon as a version is known, so that they are ready when its scores are.  While somebody types, the line that
is typed on is not flagged and the others keep their risk; once it is quiet everything is shown as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from heatline.lsp.background import BackgroundTasks
from heatline.lsp.documents import Document
from heatline.lsp.flagging import Policy, Steady, flagged_lines, shown_risks
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.shown_document import Notes, ShownDocument
from heatline.settings import Settings

MOST_TYPED = 40
"""An edit that inserts more characters than this at once, or more than one line, was not typed."""


class SupersededError(Exception):
    """Raised to whoever waits for a version that was edited meanwhile."""


@dataclass(frozen=True)
class Surroundings:
    """What a document is shown by: its settings, the policy made of them, and how its notes are made.

    ``take_notes`` is called in a thread.
    """

    settings: Settings
    policy: Policy
    take_notes: Callable[[], Notes]


@dataclass
class _Entry:
    document: Document
    notes: asyncio.Task[Notes] | None = None
    scored: ScoredDocument | None = None
    shown: ShownDocument | None = None
    typed: int | None = None
    steady: Steady | None = None
    quiet: asyncio.TimerHandle | None = None
    failed: bool = False
    stale: bool = False  # it is about to be shown otherwise, though its text and scores are the same
    waiters: list[asyncio.Future[ShownDocument | None]] = field(default_factory=list)


class Display:
    """What is shown of every open document.

    ``surroundings`` is asked for a document whenever its notes are made anew; it gives None while nothing can be
    shown (no probe is loaded).  ``show`` is called on the event loop with everything that is new.
    """

    def __init__(
        self,
        surroundings: Callable[[Document], Surroundings | None],
        show: Callable[[ShownDocument], None],
    ) -> None:
        self._surroundings = surroundings
        self._show = show
        self._entries: dict[str, _Entry] = {}
        self._tasks = BackgroundTasks()

    def __iter__(self) -> Iterator[ShownDocument]:
        """What is shown of each document that has been scored."""
        return iter([entry.shown for entry in self._entries.values() if entry.shown is not None])

    def opened(self, document: Document) -> None:
        """Starts with a document, or with all of its text anew; who waits for the old one has to ask again."""
        if (before := self._entries.get(document.uri)) is not None:
            _supersede(before)
        self.closed(document.uri)
        self._entries[document.uri] = _Entry(document)

    def edited(self, document: Document, quiet_seconds: float) -> None:
        """Takes a new version. What is shown stays until its scores come."""
        before = self._entries.get(document.uri)
        if before is None:
            self.opened(document)
            return
        if before.quiet is not None:
            before.quiet.cancel()
        if before.notes is not None:
            before.notes.cancel()
        _supersede(before)
        entry = _Entry(document, shown=before.shown, steady=before.steady)
        if quiet_seconds > 0:
            entry.typed = _typed_line(before.document, document)
            if entry.steady is None and before.shown is not None:
                shown = before.shown
                entry.steady = shown_risks(shown.scored, shown.policy, shown.flags)
            entry.quiet = asyncio.get_running_loop().call_later(quiet_seconds, self._settle, document.uri)
        self._entries[document.uri] = entry

    def closed(self, uri: str) -> None:
        """Forgets a document; whoever waits for it is told that there is nothing."""
        entry = self._entries.pop(uri, None)
        if entry is not None:
            if entry.quiet is not None:
                entry.quiet.cancel()
            if entry.notes is not None:
                entry.notes.cancel()
            _tell(entry, None)

    def failed(self, uri: str | None = None) -> None:
        """Takes away what is shown of a document, or of all: it won't be scored."""
        for each, entry in self._entries.items():
            if uri is None or each == uri:
                entry.shown = entry.scored = entry.steady = None
                entry.failed = True
                _tell(entry, None)

    def scored(self, scored: ScoredDocument) -> None:
        """Takes scores, perhaps in part, of a document's newest version; others are left out."""
        entry = self._entries.get(scored.document.uri)
        if entry is not None and entry.document is scored.document:
            entry.scored = scored
            entry.failed = False
            self._present(entry)

    def again(self, uri: str | None = None) -> None:
        """Shows a document, or all, once more: its settings, its marks or its repository have changed."""
        for each, entry in list(self._entries.items()):
            if uri is None or each == uri:
                if entry.notes is not None:
                    entry.notes.cancel()
                    entry.notes = None
                entry.steady = None
                if entry.scored is not None:
                    entry.stale = True
                    self._present(entry)

    def latest(self, uri: str) -> ShownDocument | None:
        """What is shown of a document's newest version; None while that isn't scored."""
        entry = self._entries.get(uri)
        if entry is None or entry.shown is None or entry.shown.scored.document is not entry.document:
            return None
        return entry.shown

    @property
    def unfinished(self) -> int:
        """How many documents wait for scores."""
        return sum(
            not entry.failed and (entry.scored is None or not entry.scored.complete)
            for entry in self._entries.values()
        )

    async def finished(self, uri: str) -> ShownDocument | None:
        """Waits until a document's newest version is scored.

        None when it won't be.  Raises SupersededError when it is edited meanwhile.
        """
        entry = self._entries.get(uri)
        if entry is None or entry.failed:
            return None
        shown = None if entry.stale else self.latest(uri)
        if shown is not None and shown.scored.complete:
            return shown
        waiter: asyncio.Future[ShownDocument | None] = asyncio.get_running_loop().create_future()
        entry.waiters.append(waiter)
        return await waiter

    def prepare(self, document: Document) -> None:
        """Starts on a version's notes, so that they are there when its scores come."""
        entry = self._entries.get(document.uri)
        if entry is not None and entry.document is document and entry.notes is None:
            surroundings = self._surroundings(document)
            if surroundings is not None:
                entry.notes = self._start(surroundings)

    def _start(self, surroundings: Surroundings) -> asyncio.Task[Notes]:
        return asyncio.ensure_future(asyncio.to_thread(surroundings.take_notes))

    def _present(self, entry: _Entry) -> None:
        surroundings = self._surroundings(entry.document)
        if surroundings is None:
            return
        if entry.notes is None:
            entry.notes = self._start(surroundings)
        if entry.notes.done():
            self._present_with(entry, surroundings, entry.notes.result())
        else:
            self._tasks.start(self._present_later(entry, entry.notes))

    async def _present_later(self, entry: _Entry, pending: asyncio.Task[Notes]) -> None:
        notes = await pending
        if self._entries.get(entry.document.uri) is entry and entry.notes is pending:
            surroundings = self._surroundings(entry.document)
            if surroundings is not None:
                self._present_with(entry, surroundings, notes)

    def _present_with(self, entry: _Entry, surroundings: Surroundings, notes: Notes) -> None:
        assert entry.scored is not None, "only what has scores is presented"
        scored = replace(entry.scored, shown_lines=notes.generated)
        settled = entry.quiet is None
        flags = flagged_lines(
            scored,
            surroundings.policy,
            notes.is_quiet,
            None if settled else entry.typed,
            None if settled else entry.steady,
        )
        shown = ShownDocument(scored, flags, notes, surroundings.policy, surroundings.settings, settled)
        entry.shown = shown
        entry.stale = False
        if settled and scored.complete:
            entry.steady = None
        self._show(shown)
        if scored.complete:
            _tell(entry, shown)

    def _settle(self, uri: str) -> None:
        entry = self._entries[uri]
        entry.quiet = entry.typed = None
        if entry.scored is not None:
            self._present(entry)


def _tell(entry: _Entry, shown: ShownDocument | None) -> None:
    """Answers those who wait."""
    waiting, entry.waiters = entry.waiters, []
    for waiter in waiting:
        if not waiter.done():
            waiter.set_result(shown)


def _supersede(entry: _Entry) -> None:
    waiting, entry.waiters = entry.waiters, []
    for waiter in waiting:
        if not waiter.done():
            waiter.set_exception(SupersededError)


def _typed_line(before: Document, after: Document) -> int | None:
    """The line of the caret after an edit that a person typed; None after a paste, or one elsewhere."""
    inserted = len(after.text) - len(before.text)
    if not -MOST_TYPED <= inserted <= MOST_TYPED:
        return None
    first = after.lines.line_at(after.last_edit)
    last = after.lines.line_at(after.last_edit + max(inserted, 0))
    return last if last - first <= 1 else None
