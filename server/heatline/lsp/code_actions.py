"""``textDocument/codeAction``: mark as reviewed, ignore, explain, score a selection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from heatline.lsp.diagnostics import line_diagnostics
from heatline.lsp.flagging import FlaggedLine
from heatline.lsp.position_encoding import PositionEncoding
from heatline.lsp.shown_document import ShownDocument
from heatline.noise.directives import ignore_comment
from heatline.scoring.result import ScoredScope

MARK_REVIEWED = "heatline.markReviewed"
UNMARK_REVIEWED = "heatline.unmarkReviewed"
EXPLAIN = "heatline.explain"
SCORE_SELECTION = "heatline.scoreSelection"

EXPLAIN_KIND = "source.heatline.explain"
SELECTION_KIND = "source.heatline.scoreSelection"
KINDS: tuple[str, ...] = (types.CodeActionKind.QuickFix.value, EXPLAIN_KIND, SELECTION_KIND)


def code_actions(
    shown: ShownDocument,
    asked: types.Range,
    only: Sequence[str] | None,
    encoding: PositionEncoding,
) -> list[types.CodeAction]:
    """What can be done about the lines that a range touches; ``only`` are the kinds the client wants."""
    if not shown.settings.features.code_actions:
        return []
    actions = [*_quick_fixes(shown, asked, encoding), *_questions(shown, asked, encoding)]
    return [action for action in actions if only is None or _is_wanted(action.kind, only)]


def _is_wanted(kind: types.CodeActionKind | str | None, only: Sequence[str]) -> bool:
    name = kind.value if isinstance(kind, types.CodeActionKind) else kind or ""
    return any(each in ("", name) or name.startswith(f"{each}.") for each in only)


def _quick_fixes(
    shown: ShownDocument, asked: types.Range, encoding: PositionEncoding
) -> Iterator[types.CodeAction]:
    flags = shown.flags_within(asked.start.line, asked.end.line)
    if flags:
        described = {d.range.start.line: d for d in line_diagnostics(shown, encoding)}
        fixed = [described[flag.line.line] for flag in flags if flag.line.line in described]
        yield _command("Mark as reviewed", MARK_REVIEWED, shown, asked, fixed)
        yield _edit("Ignore this line", shown, [_at_line_end(shown, flags[0], encoding)], fixed[:1])
        scope = _scope_of(shown, flags[0])
        if scope is not None:
            title = f"Ignore {scope.kind} {scope.name}"
            yield _edit(title, shown, [_above(shown, scope, encoding)], fixed)
        yield _edit("Ignore this file", shown, [_at_top(shown)], fixed)
    elif any(line in shown.notes.reviewed for line in range(asked.start.line, asked.end.line + 1)):
        yield _command("Mark as not reviewed", UNMARK_REVIEWED, shown, asked, [])


def _questions(
    shown: ShownDocument, asked: types.Range, encoding: PositionEncoding
) -> Iterator[types.CodeAction]:
    offset = shown.scored.document.offset(asked.start, encoding)
    if shown.scored.line_at(offset) is not None:
        yield _command("Explain this risk", EXPLAIN, shown, asked, [], EXPLAIN_KIND)
    if asked.start != asked.end:
        yield _command("Score the selection", SCORE_SELECTION, shown, asked, [], SELECTION_KIND)


def _command(
    title: str,
    command: str,
    shown: ShownDocument,
    asked: types.Range,
    fixed: Sequence[types.Diagnostic],
    kind: types.CodeActionKind | str = types.CodeActionKind.QuickFix,
) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=kind,
        diagnostics=list(fixed) or None,
        command=types.Command(title=title, command=command, arguments=[shown.uri, asked]),
    )


def _edit(
    title: str, shown: ShownDocument, edits: Sequence[types.TextEdit], fixed: Sequence[types.Diagnostic]
) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=list(fixed) or None,
        edit=types.WorkspaceEdit(changes={shown.uri: list(edits)}),
    )


def _at_line_end(shown: ShownDocument, flag: FlaggedLine, encoding: PositionEncoding) -> types.TextEdit:
    end = shown.range_of(flag, encoding).end
    return types.TextEdit(types.Range(end, end), f"  {ignore_comment(shown.scored.scored.language)}")


def _above(shown: ShownDocument, scope: ScoredScope, encoding: PositionEncoding) -> types.TextEdit:
    """A line of its own above the scope, indented as its first line is."""
    document = shown.scored.document
    start, _ = shown.scored.visible(scope.start, scope.end)
    line = document.lines.line_at(start)
    indentation = document.text[document.lines.start(line) : start]
    at = types.Position(line, 0)
    comment = ignore_comment(shown.scored.scored.language)
    return types.TextEdit(types.Range(at, at), f"{indentation}{comment}{_line_end(shown)}")


def _at_top(shown: ShownDocument) -> types.TextEdit:
    """A line of its own at the top, below a line that says which program or encoding the file is for."""
    document = shown.scored.document
    line = 0
    for number in range(min(2, len(document.lines) - 1)):
        text = document.text[document.lines.start(number) : document.lines.end(number)].lstrip("\ufeff")
        if text.startswith(("#!", "<?php", "<?xml")) or (text.startswith("#") and "coding" in text):
            line = number + 1
    at = types.Position(line, 0)
    comment = ignore_comment(shown.scored.scored.language, file=True)
    return types.TextEdit(types.Range(at, at), f"{comment}{_line_end(shown)}")


def _scope_of(shown: ShownDocument, flag: FlaggedLine) -> ScoredScope | None:
    """The named scope that holds a flagged line."""
    for scope in shown.scored.scored.scopes:
        if scope.name and scope.first_line <= flag.line.line <= scope.last_line:
            return scope
    return None


def _line_end(shown: ShownDocument) -> str:
    """The line end that the document uses."""
    document = shown.scored.document
    if len(document.lines) < 2:
        return "\n"
    end = document.text[document.lines.end(0) : document.lines.start(1)]
    return end or "\n"
