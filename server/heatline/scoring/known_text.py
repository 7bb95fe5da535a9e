"""A text that was scored before: its confidences from the logits that were kept, without parsing it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from heatline.probe import SpanProbe
from heatline.scoring.result import ScoredLine, ScoredQuery, ScoredScope, ScoredToken
from heatline.scoring.scope_confidences import Confidences
from heatline.scoring.scored_text import ScoredText
from heatline.scoring.text_logits import TextLogits


class KnownText(ScoredText):
    """As the ``ScoredText`` that they were made of.

    ``again`` scores it; that is only done for questions about spans, which need the features.
    """

    def __init__(
        self,
        text: str,
        language: str,
        logits: TextLogits,
        probe: SpanProbe,
        again: Callable[[], ScoredText],
    ) -> None:
        self.text = text
        self.language = language
        self._logits = logits
        self._probe = probe.in_language(language)
        self._again = again

    @cached_property
    def tokens(self) -> tuple[ScoredToken, ...]:
        return self._tokens(slice(None))

    def tokens_between(self, first: int, last: int) -> tuple[ScoredToken, ...]:
        return self._tokens(slice(first, last))

    @cached_property
    def lines(self) -> tuple[ScoredLine, ...]:
        known = self._logits
        confidences = Confidences.of_logits(self._probe, "line", known.line_logits)
        return tuple(
            map(
                ScoredLine, known.line_spans[:, 0].tolist(), known.line_spans[:, 1].tolist(),
                confidences.scaled.tolist(), confidences.unscaled.tolist(), known.line_numbers.tolist(),
                map(tuple, known.line_tokens.tolist()),
            )
        )  # fmt: skip

    @cached_property
    def scopes(self) -> tuple[ScoredScope, ...]:
        known = self._logits
        confidences = Confidences.of_logits(self._probe, "scope", known.scope_logits)
        return tuple(
            ScoredScope(start, end, scaled, unscaled, name, kind, first, last)
            for (start, end, name, kind, first, last), scaled, unscaled in zip(
                known.scopes, confidences.scaled.tolist(), confidences.unscaled.tolist(), strict=True
            )
        )

    def span(self, start: int, end: int) -> ScoredQuery:
        return self._scored.span(start, end)

    def _tokens(self, chosen: slice) -> tuple[ScoredToken, ...]:
        known, confidences = self._logits, self._token_confidences
        spans = known.token_spans[chosen]
        return tuple(
            map(
                ScoredToken, spans[:, 0].tolist(), spans[:, 1].tolist(), confidences.scaled[chosen].tolist(),
                confidences.unscaled[chosen].tolist(), known.token_lines[chosen].tolist(),
            )
        )  # fmt: skip

    @cached_property
    def _token_confidences(self) -> Confidences:
        return Confidences.of_logits(self._probe, "token", self._logits.token_logits)

    @cached_property
    def _scored(self) -> ScoredText:
        return self._again()
