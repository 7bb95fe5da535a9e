"""Semantic tokens whose modifiers are heat, for editors that can't draw ``heatline/heat``. Off by default."""

from __future__ import annotations

from lsprotocol import types

from heatline.lsp.heat import token_rows
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.shown_document import ShownDocument
from heatline.report.heat import BUCKETS

LEGEND = types.SemanticTokensLegend(
    token_types=["heatline"],
    token_modifiers=[f"heat{bucket}" for bucket in range(1, len(BUCKETS) + 1)],
)


def semantic_tokens(
    shown: ShownDocument, encoding: PositionEncoding, within: types.Range | None = None
) -> types.SemanticTokens:
    """The tokens with heat, each relative to the one before, as the protocol has them."""
    data: list[int] = []
    if shown.settings.features.semantic_tokens:
        line_before, start_before = 0, 0
        for line, start, length, bucket in token_rows(shown.scored, shown.policy.scaling, encoding):
            if within is not None and not within.start.line <= line <= within.end.line:
                continue
            start_delta = start - start_before if line == line_before else start
            data += [line - line_before, start_delta, length, 0, 1 << (bucket - 1)]
            line_before, start_before = line, start
    return types.SemanticTokens(data=data)
