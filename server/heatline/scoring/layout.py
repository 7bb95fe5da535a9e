"""How a scope is laid out for the supervisor, in training and in serving alike.

``[sink] context-tokens scope-tokens``: the sink token takes the first position's huge activation, the context
is cut to a budget, and no span includes either.  A scope too long for one sequence goes on in the next, which
starts with the same context and the last ``OVERLAP`` tokens of the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from heatline.scoring.scopes import Scope

if TYPE_CHECKING:  # the tokenizer's library is only loaded when something has to be scored
    from heatline.supervisor.tokenizer import TextTokenizer, Tokens

LAYOUT_VERSION = 1  # part of every probe's card: raise it when any number below or the segmentation changes
CONTEXT_BUDGET = 96  # tokens
SEQUENCE = 1024  # tokens of one sequence, sink and context included
OVERLAP = 128  # tokens

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Sequence:
    """Token ids to run from scratch; the last ``scored`` of them are the scope's next tokens."""

    ids: Int32  # (T,)
    scored: int


@dataclass(frozen=True)
class ScopeLayout:
    """A scope's tokens, with offsets relative to the scope's start, and the sequences that cover them."""

    tokens: Tokens
    sequences: tuple[Sequence, ...]


def lay_out(text: str, scope: Scope, tokenizer: TextTokenizer, sink_token_id: int) -> ScopeLayout:
    """Tokenize one scope of ``text`` and its context."""
    context = (
        tokenizer.encode(scope.context + "\n").ids[:CONTEXT_BUDGET]
        if scope.context
        else np.empty(0, np.int32)
    )
    prefix = np.concatenate([np.asarray([sink_token_id], np.int32), context])
    tokens = tokenizer.encode(text[scope.start : scope.end])
    return ScopeLayout(tokens, tuple(_sequences(prefix, tokens.ids)))


def _sequences(prefix: Int32, ids: Int32) -> Iterator[Sequence]:
    position, room = 0, SEQUENCE - len(prefix)
    while position < len(ids):
        overlap = min(OVERLAP, position)
        stop = min(len(ids), position - overlap + room)
        yield Sequence(np.concatenate([prefix, ids[position - overlap : stop]]), stop - position)
        position = stop
