"""Which lines of each open document count as generated (``heatline.scope``), whatever was selected included."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from heatline.errors import HeatlineError
from heatline.lsp.committed_texts import CommittedTexts
from heatline.lsp.documents import Document
from heatline.lsp.inserted_text import InsertedText
from heatline.lsp.moving_ranges import MovingRanges, Span, merged
from heatline.settings import Scope

logger = logging.getLogger(__name__)

LineRanges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Regions:
    """What is known of one version of a document: immutable, so that lines may be computed in a thread."""

    document: Document
    path: Path | None
    scope: Scope
    inserted: tuple[Span, ...]
    selected: tuple[Span, ...]

    def lines(self, committed: CommittedTexts) -> LineRanges | None:
        """Line ranges ``[first, last)`` in order; None: all lines. Runs git when HEAD has moved."""
        if self.scope == "file":
            return None
        if self.scope == "inserted":
            return self._touched((*self.inserted, *self.selected))
        if self.path is None:
            return None
        try:
            changed = committed.changed_lines(self.path, self.document.text)
        except (HeatlineError, OSError) as error:
            logger.warning("what changed in a file is not known, so all of it counts: %s", error)
            return None
        if changed is None:
            return None
        return tuple(merged([*changed, *self._touched(self.selected)]))

    def _touched(self, spans: Iterable[Span]) -> LineRanges:
        index = self.document.lines
        return tuple(merged((index.line_at(start), index.line_at(end - 1) + 1) for start, end in spans))


class GeneratedRegions:
    """The inserted and the selected ranges of every open document."""

    def __init__(self) -> None:
        self._inserted: dict[str, InsertedText] = {}
        self._selected: dict[str, MovingRanges] = {}

    def opened(self, uri: str) -> None:
        self._inserted[uri] = InsertedText()
        self._selected[uri] = MovingRanges()

    def closed(self, uri: str) -> None:
        self._inserted.pop(uri, None)
        self._selected.pop(uri, None)

    def edited(self, uri: str, before: str, start: int, end: int, inserted: str) -> None:
        """Follows one edit of a document's text ``before``."""
        if uri in self._inserted:
            self._inserted[uri].edit(before, start, end, inserted)
            self._selected[uri].edit(start, end, len(inserted))

    def insert(self, uri: str, spans: Iterable[Span]) -> None:
        """Takes a client's word for what was inserted in one go."""
        if uri in self._inserted:
            self._inserted[uri].mark(spans)

    def select(self, uri: str, start: int, end: int) -> None:
        """Counts ``[start, end)`` as generated until the document is closed."""
        if uri in self._selected:
            self._selected[uri].add([(start, end)])

    def of(self, document: Document, path: Path | None, scope: Scope) -> Regions:
        """The regions of a document's newest version."""
        inserted, selected = self._inserted.get(document.uri), self._selected.get(document.uri)
        return Regions(
            document,
            path,
            scope,
            inserted.spans if inserted is not None else (),
            selected.spans if selected is not None else (),
        )
