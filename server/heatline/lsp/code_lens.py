"""``textDocument/codeLens``: the risk of each function that has lines which count as generated."""

from __future__ import annotations

from lsprotocol import types

from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.shown_document import ShownDocument
from heatline.lsp.wording import percent, shown_risk

OPEN_RISKIEST = "heatline.openRiskiest"


def code_lenses(shown: ShownDocument, encoding: PositionEncoding) -> list[types.CodeLens]:
    """One lens per named scope with a shown line, above its first line of code."""
    if not shown.settings.features.code_lens:
        return []
    lines = [line.line for line in shown.scored.lines_shown()]
    lenses = []
    for scope in shown.scored.scored.scopes:
        if not scope.name or not any(scope.first_line <= line <= scope.last_line for line in lines):
            continue
        start, end = shown.scored.visible(scope.start, scope.end)
        whole = shown.scored.document.range(start, end, encoding)
        head = types.Range(whole.start, types.Position(whole.start.line, whole.start.character))
        risky = len(shown.flags_within(scope.first_line, scope.last_line))
        name = "risk" if shown.policy.scaling == "scaled" else "unscaled risk"
        title = f"{name} {percent(shown_risk(scope, shown.policy.scaling))}, {_lines(risky)}"
        command = types.Command(title=title, command=OPEN_RISKIEST, arguments=[shown.uri, whole])
        lenses.append(types.CodeLens(range=head, command=command))
    return lenses


def _lines(count: int) -> str:
    if count == 0:
        return "no risky line"
    return "1 risky line" if count == 1 else f"{count} risky lines"
