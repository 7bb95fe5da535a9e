"""Which tokens of a failing program a patch keeps (Gros & Devanbu, arXiv 2512.24560, §4.1).

A token is *kept* when it is equal in the patched program and nothing is inserted directly before it;
otherwise it is *edited*. A span is kept when all its tokens are. Two routes lead to the labels:

* `edit_spans` aligns two programs once, at the grain of `lexing.fine_tokens`, and names the edits by
  character offsets of the failing program; `label_tokens` then labels any tokenizer's tokens by them.
* `label_token_sequences` aligns two sequences of one tokenizer's tokens directly, as the paper does.

All offsets are Unicode code points.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from heatline_probes.patches.lexing import fine_tokens


class EditKind(StrEnum):
    """What happens to a stretch of the failing program."""

    REPLACED = "replaced"
    DELETED = "deleted"
    INSERTION = "insertion"  # start == end: new text goes directly before the token that starts here


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """One edit of the failing program at code-point offsets [start, end)."""

    start: int
    end: int
    kind: EditKind


def edit_spans(failing: str, patched: str) -> tuple[Edit, ...]:
    """Edits that turn `failing` into `patched`, in order, not overlapping.

    Blank lines, trailing blanks and whitespace inside a line make no edit; indentation does. An insertion
    at the very end has start == end == len(failing).
    """
    old, new = fine_tokens(failing), fine_tokens(patched)
    edits = []
    for tag, i1, i2, j1, j2 in _opcodes([t.text for t in old], [t.text for t in new]):
        if tag == "insert":
            point = old[i1].start if i1 < len(old) else len(failing)
            edits.append(Edit(point, point, EditKind.INSERTION))
        elif tag != "equal":
            kind = EditKind.REPLACED if j2 > j1 else EditKind.DELETED
            edits.append(Edit(old[i1].start, old[i2 - 1].end, kind))
    return tuple(edits)


def label_tokens(token_offsets: NDArray[np.integer], edits: Sequence[Edit]) -> NDArray[np.bool_]:
    """Whether each token is kept under `edits`.

    token_offsets: int array (T, 2), start and end of each token in the failing program, code points, in
    order. Returns a bool array (T,).

    A token is edited when it overlaps a replaced or deleted stretch, or when it is the first token that
    ends after an insertion point. What is inserted after the last token has no token behind it: the last
    token stands for the end of the text then, so that a program that only lacks its end is not all kept.
    """
    offsets = np.asarray(token_offsets).reshape(-1, 2)
    kept = np.ones(len(offsets), dtype=np.bool_)  # (T,)
    starts, ends = offsets[:, 0], offsets[:, 1]  # (T,)
    for edit in edits:
        if edit.kind is EditKind.INSERTION:
            behind = np.flatnonzero((ends > edit.start) & (ends > starts))
            if len(behind):
                kept[behind[0]] = False
            elif len(kept):
                kept[-1] = False
        else:
            kept &= (ends <= edit.start) | (starts >= edit.end) | (starts == ends)
    return kept


def label_token_sequences(failing: Sequence[Hashable], patched: Sequence[Hashable]) -> NDArray[np.bool_]:
    """Whether each token of `failing` is kept, from two sequences of one tokenizer's tokens (ids or texts).

    Returns a bool array (len(failing),); an insertion at the end marks the last token, as in `label_tokens`.
    """
    kept = np.ones(len(failing), dtype=np.bool_)  # (T,)
    for tag, i1, i2, _, _ in _opcodes(failing, patched):
        if tag == "insert":
            if len(kept):
                kept[min(i1, len(kept) - 1)] = False
        elif tag != "equal":
            kept[i1:i2] = False
    return kept


def label_spans(kept: NDArray[np.bool_], spans: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Whether all tokens of each span [first, last) of token indices are kept; an empty span is kept.

    kept: (T,). Returns (len(spans),).
    """
    edited_before = np.concatenate(([0], np.cumsum(~kept)))  # (T + 1,)
    return np.array([edited_before[last] == edited_before[first] for first, last in spans], dtype=np.bool_)


def _opcodes(old: Sequence[Hashable], new: Sequence[Hashable]) -> Sequence[tuple[str, int, int, int, int]]:
    # autojunk would silently ignore frequent tokens (parentheses, line breaks) in programs over 200 tokens.
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
