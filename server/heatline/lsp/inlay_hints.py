"""``textDocument/inlayHint``: the risk at the end of each flagged line. Off unless the setting turns it on."""

from __future__ import annotations

from lsprotocol import types

from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.shown_document import ShownDocument
from heatline.lsp.wording import in_plain_words, percent


def inlay_hints(
    shown: ShownDocument, within: types.Range, encoding: PositionEncoding
) -> list[types.InlayHint]:
    """The hints of the flagged lines in a range."""
    if not shown.settings.features.inlay_hints:
        return []
    return [
        types.InlayHint(
            position=shown.range_of(flag, encoding).end,
            label=percent(flag.risk),
            tooltip=f"Heatline: {in_plain_words(flag.risk, shown.policy.scaling)}",
            padding_left=True,
        )
        for flag in shown.flags_within(within.start.line, within.end.line)
    ]
