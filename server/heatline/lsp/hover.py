"""``textDocument/hover``: both confidences of token, line and function, and what raises the risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.wording import bar, code, in_plain_words, percent, shown_risk
from heatline.scoring.result import ScoredLine, ScoredSpan
from heatline.settings import Scaling

if TYPE_CHECKING:
    from heatline.history.workspace_scaling import WorkspaceScaling

MAX_CONTRIBUTIONS = 5


def hover_at(
    document: ScoredDocument,
    offset: int,
    scaling: Scaling,
    encoding: PositionEncoding,
    workspace: WorkspaceScaling | None = None,
) -> types.Hover | None:
    """What is known about the code at ``offset``; None where nothing was scored (blank lines).

    ``workspace`` is the repository's own scaling, when risks are scaled by it.
    """
    line = document.line_at(offset)
    if line is None:
        return None
    risk = shown_risk(line, scaling)
    name = "Risk" if scaling == "scaled" else "Unscaled risk"
    paragraphs = [
        f"**{name} {percent(risk)}** {bar(risk)} {in_plain_words(risk, scaling)}",
        "\n".join(f"- {entry}" for entry in _levels(document, line, offset)),
    ]
    if workspace is not None and scaling == "scaled":
        paragraphs.append(workspace.sentence(risk))
    contributions = _contributions(document, line)
    if contributions:
        paragraphs.append(f"Raises this line's risk most (log-odds): {', '.join(contributions)}")
    return types.Hover(
        types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(paragraphs)),
        document.document.range(*document.visible(line.start, line.end), encoding),
    )


def _levels(document: ScoredDocument, line: ScoredLine, offset: int) -> list[str]:
    """One entry for each level that holds ``offset``, the smallest first."""
    text = document.document.scorable_text
    entries = [
        _both(f"token {code(text[token.start : token.end])}", token)
        for token in document.tokens_of(line)
        if token.start <= offset < token.end and text[token.start : token.end].strip()
    ]
    entries.append(_both(f"line {line.line + 1}", line))
    for scope in document.scored.scopes:
        if scope.first_line <= line.line <= scope.last_line:
            scope_name = f"{scope.kind} {code(scope.name)}" if scope.name else "these statements"
            entries.append(_both(scope_name, scope))
    return entries


def _both(what: str, span: ScoredSpan) -> str:
    return f"{what}: risk {percent(span.risk)}, unscaled {percent(span.unscaled_risk)}"


def _contributions(document: ScoredDocument, line: ScoredLine) -> list[str]:
    """The line's tokens that raise its risk, each with its exact share of the logit."""
    text = document.document.scorable_text
    return [
        f"{code(text[share.start : share.end])} +{share.logit:.2f}"
        for share in document.scored.span(line.start, line.end).contributions
        if share.logit > 0 and text[share.start : share.end].strip()
    ][:MAX_CONTRIBUTIONS]
