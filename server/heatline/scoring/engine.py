"""Runs the supervisor over a document's scopes and keeps the probe's features."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from heatline.probe import SpanProbe
from heatline.scoring.cache import FeatureCache, content_key
from heatline.scoring.cancellation import Cancelled, never
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.layout import LAYOUT_VERSION, lay_out
from heatline.scoring.scopes import Scope, find_scopes

if TYPE_CHECKING:  # onnxruntime is only loaded when something has to be scored
    from heatline.scoring.sequences import SequenceRunner
    from heatline.supervisor.session import SupervisorSession

__all__ = ["Cancelled", "Engine"]


class Engine:
    """Text in, features of its scopes out.

    The session is opened by ``open_session`` when the first scope is not in the cache: a cached file needs no
    model.  Not safe for use from two threads at once.
    """

    def __init__(
        self,
        open_session: Callable[[], SupervisorSession],
        probe: SpanProbe,
        cache: FeatureCache | None = None,
    ) -> None:
        self.probe = probe
        self.cache = cache
        self._open_session = open_session
        self._runner: SequenceRunner | None = None
        projection = hashlib.sha256(probe.projection.tobytes() + probe.projection_bias.tobytes()).hexdigest()
        self._producer = f"{probe.bundle_hash} {projection} {LAYOUT_VERSION}"

    @property
    def runner(self) -> SequenceRunner:
        """The supervisor, loaded on first use and checked against the probe."""
        if self._runner is None:
            from heatline.scoring.sequences import SequenceRunner

            session = self._open_session()
            self.probe.check_bundle(session.card.bundle_hash, LAYOUT_VERSION)
            self._runner = SequenceRunner(session)
        return self._runner

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
        scopes = find_scopes(text, language)
        if priority_offset is not None:
            scopes.sort(key=lambda s: max(s.start - priority_offset, priority_offset - s.end, 0))
        for scope in scopes:
            yield self._score_scope(text, scope, cancelled or never)

    def close(self) -> None:
        """Release the cache's file."""
        if self.cache is not None:
            self.cache.close()

    def _score_scope(self, text: str, scope: Scope, cancelled: Callable[[], bool]) -> ScopeFeatures:
        key = content_key(self._producer, text[scope.start : scope.end], scope.context)
        if self.cache is not None and (found := self.cache.get(key, scope)) is not None:
            return found
        runner = self.runner
        session = runner.session
        layout = lay_out(text, scope, session.tokenizer, session.card.sink_token_id)
        parts = [
            self.probe.features(runner.hidden_states(sequence, cancelled)[-sequence.scored :])
            for sequence in layout.sequences
        ]
        features = np.concatenate(parts) if parts else np.empty((0, len(self.probe.output)), np.float32)
        spans = layout.tokens.offsets + np.int32(scope.start)
        scored = ScopeFeatures(scope.start, scope.end, scope.name, scope.kind, spans, features)
        if self.cache is not None:
            self.cache.put(key, scored)
        return scored
