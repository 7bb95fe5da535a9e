"""Runs the supervisor over a document's scopes and keeps the probe's features."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from heatline.probe import SpanProbe
from heatline.scoring.cache import FeatureCache, content_key
from heatline.scoring.cancellation import Cancelled, never
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.free_memory import give_back
from heatline.scoring.languages import grammar_version
from heatline.scoring.layout import LAYOUT_VERSION, lay_out
from heatline.scoring.parsing import DocumentParser
from heatline.scoring.scopes import Scope, find_scopes
from heatline.scoring.text_logits import FORMAT as TEXT_FORMAT
from heatline.scoring.text_logits import TextLogits

if TYPE_CHECKING:  # onnxruntime is only loaded when something has to be scored
    from heatline.scoring.live_sequences import LiveSequences
    from heatline.scoring.scored_text import ScoredText
    from heatline.supervisor.session import SupervisorSession

__all__ = ["Cancelled", "Engine", "KeyedScope"]

RECENT_BYTES = 8 << 20
"""Features of scopes under edit that are kept in memory: undo and redo run no model."""


@dataclass(frozen=True, slots=True)
class KeyedScope:
    """A scope and the hash of everything its features depend on."""

    scope: Scope
    key: bytes


class Engine:
    """Text in, features of its scopes out.

    The session is opened by ``open_session`` when the first scope is not in the cache: a cached file needs no
    model.  ``memory`` bounds the keys and values kept for scopes under edit, in bytes; ``bundle_hash`` names the
    bundle that will be opened when it is another than the probe's (one that stands for it).  Not safe for use
    from two threads at once.
    """

    def __init__(
        self,
        open_session: Callable[[], SupervisorSession],
        probe: SpanProbe,
        cache: FeatureCache | None = None,
        memory: int | None = None,
        bundle_hash: str | None = None,
    ) -> None:
        self.probe = probe
        self.cache = cache
        self._open_session = open_session
        self._memory = memory
        self._session: SupervisorSession | None = None
        self._sequences: LiveSequences | None = None
        self._parser = DocumentParser()
        self._recent: OrderedDict[bytes, ScopeFeatures] = OrderedDict()  # not on disk yet
        self._recent_bytes = 0
        self._chosen = self._producer = self._produced_by(bundle_hash or probe.bundle_hash)

    @property
    def is_open(self) -> bool:
        """Whether the supervisor is loaded."""
        return self._session is not None

    @property
    def opened_on(self) -> tuple[str, str] | None:
        """The device that the supervisor runs on, and a warning when it isn't the one asked for; None until then."""
        return None if self._session is None else (self._session.device, self._session.warning)

    @property
    def session(self) -> SupervisorSession:
        """The supervisor, loaded on first use and checked against the probe."""
        if self._session is None:
            session = self._open_session()
            self.probe.check_bundle(session.card.probed_hash, LAYOUT_VERSION)
            self._producer = self._produced_by(session.card.bundle_hash)
            self._session = session
        return self._session

    @property
    def sequences(self) -> LiveSequences:
        """The key/value prefixes that are kept."""
        if self._sequences is None:
            from heatline.scoring.live_sequences import DEFAULT_MEMORY, LiveSequences

            memory = DEFAULT_MEMORY if self._memory is None else self._memory
            self._sequences = LiveSequences(self.session, self.probe, memory)
        return self._sequences

    def scope_features(
        self,
        text: str,
        language: str,
        *,
        priority_offset: int | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[ScopeFeatures]:
        """Yield every scope's features as it is scored, those nearest ``priority_offset`` first.

        Raises ``Cancelled`` between chunks when ``cancelled()`` turns true.
        """
        scopes = self.outline(text, language)
        for keyed in nearest_first(scopes, priority_offset):
            yield self.features(text, keyed, cancelled=cancelled or never)

    def expect(self, text: str, language: str) -> None:
        """A text that will be asked for soon: nothing to do for an engine that does one thing after the other."""

    def outline(
        self, text: str, language: str, document: str | None = None, above: str = ""
    ) -> list[KeyedScope]:
        """The scopes of ``text`` in order; a newer text of the same ``document`` is not parsed from scratch.

        ``above`` is as in ``find_scopes``.
        """
        if document is None:
            scopes = find_scopes(text, language, above=above)
        else:
            scopes = find_scopes(text, language, partial(self._parser.parse, document), above)
        return [self._keyed(text, scope) for scope in scopes]

    def features(
        self,
        text: str,
        keyed: KeyedScope,
        *,
        edited_in: str | None = None,
        others: Collection[bytes] = (),
        cancelled: Callable[[], bool] = never,
    ) -> ScopeFeatures:
        """Features of one scope of ``text``.

        A scope that is being edited names its document in ``edited_in``: its key/value prefix is kept, and its
        features go to disk when ``save`` finds them still wanted rather than at every keystroke.  ``others``
        are the keys of all the document's scopes.  Raises ``Cancelled`` between chunks.
        """
        known = self._recall(keyed)
        if known is not None:
            return known
        scope, session = keyed.scope, self.session
        if self._producer != self._chosen:  # the device that was chosen failed, and another build was opened
            keyed = self._keyed(text, scope)
        layout = lay_out(text, scope, session.tokenizer, session.card.sink_token_id)
        parts = []
        for sequence in layout.sequences:
            if edited_in is None:
                parts.append(self.sequences.passing(sequence, cancelled))
            else:
                owner = (edited_in, keyed.key)
                parts.append(self.sequences.edited(sequence, owner, others, cancelled))
        features = np.concatenate(parts) if parts else np.empty((0, self.probe.width), np.float32)
        spans = layout.tokens.offsets + np.int32(scope.start)
        scored = ScopeFeatures(scope.start, scope.end, scope.name, scope.kind, spans, features)
        if edited_in is not None:
            self._remember(keyed.key, scored)
        elif self.cache is not None:
            self.cache.put(keyed.key, scored)
        return scored

    def known_logits(self, text: str, language: str) -> TextLogits | None:
        """The logits of a whole text, as ``keep_logits`` wrote them to the cache; None when they aren't there."""
        raw = None if self.cache is None else self.cache.get_text(self._text_key(text, language))
        if raw is None:
            return None
        try:
            return TextLogits.from_bytes(raw)
        except ValueError:  # it can be made again
            return None

    def keep_logits(self, scored: ScoredText) -> None:
        """Write to the cache what reports need of a text whose scopes are all scored."""
        if self.cache is not None:
            key = self._text_key(scored.text, scored.language)
            self.cache.put_text(key, TextLogits.of(scored).to_bytes())

    def save(self, wanted: Collection[bytes]) -> None:
        """Write to disk what was scored under edit, as far as some document still holds it; give back memory.

        For moments in which there is nothing else to do.
        """
        if self._session is not None:
            self._session.release_scratch()
            give_back()
        if self.cache is None:
            return
        for key in [key for key in self._recent if key in wanted]:
            scored = self._recent.pop(key)
            self._recent_bytes -= scored.features.nbytes
            self.cache.put(key, scored)

    def forget(self, document: str) -> None:
        """Give up what is only kept for a document that is open."""
        self._parser.forget(document)
        if self._sequences is not None:
            self._sequences.forget(document)

    def close(self) -> None:
        """Release the cache's file."""
        if self.cache is not None:
            self.cache.close()

    def _keyed(self, text: str, scope: Scope) -> KeyedScope:
        key = content_key(self._producer, text[scope.start : scope.end], scope.context)
        return KeyedScope(scope, key)

    def _text_key(self, text: str, language: str) -> bytes:
        """Hash of everything the logits of a text depend on."""
        producer = f"{self._producer} {self.probe.card.sha256} {TEXT_FORMAT}"
        return content_key(producer, text, grammar_version(language))

    def _produced_by(self, bundle_hash: str) -> str:
        """Names what makes features, in their keys."""
        probe = self.probe
        projection = hashlib.sha256(probe.projection.tobytes() + probe.projection_bias.tobytes()).hexdigest()
        return f"{bundle_hash} {projection} {LAYOUT_VERSION}"

    def _recall(self, keyed: KeyedScope) -> ScopeFeatures | None:
        recent = self._recent.get(keyed.key)
        if recent is not None:
            self._recent.move_to_end(keyed.key)
            return recent.moved_to(keyed.scope)
        return None if self.cache is None else self.cache.get(keyed.key, keyed.scope)

    def _remember(self, key: bytes, scored: ScopeFeatures) -> None:
        self._recent[key] = scored
        self._recent_bytes += scored.features.nbytes
        while self._recent_bytes > RECENT_BYTES and len(self._recent) > 1:
            _, dropped = self._recent.popitem(last=False)
            self._recent_bytes -= dropped.features.nbytes


def nearest_first(scopes: list[KeyedScope], offset: int | None) -> list[KeyedScope]:
    """Scopes by their distance from ``offset``, in document order where it is the same or None."""
    if offset is None:
        return scopes
    return sorted(scopes, key=lambda keyed: distance(keyed.scope, offset))


def distance(scope: Scope, offset: int) -> int:
    """Characters between a scope and an offset; 0 within it and at its end."""
    return max(scope.start - offset, offset - scope.end, 0)
