"""What a probe could see of a token beside one layer's state: a second layer, or how surprising the token was."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heatline.scoring.layout import ScopeLayout, lay_out
from heatline.scoring.scopes import find_scopes
from heatline.supervisor.tokenizer import TextTokenizer
from heatline_probes.errors import TrainingError
from heatline_probes.training.examples import Examples
from heatline_probes.training.fit import States, standardise
from heatline_probes.training.supervisor_model import SupervisorModel

Float16 = NDArray[np.float16]
ROWS = 512  # of the logits over the whole vocabulary, at a time


def side_by_side(layers: Sequence[Float16], examples: Examples) -> States:
    """Standardised states of several layers, `(T, ΣD)`, of stores that hold the same tokens.

    Raises TrainingError where they don't.
    """
    if len({len(hidden) for hidden in layers}) != 1:
        raise TrainingError("The layers' states are of other tokens. Embed the same sample at each depth.")
    return standardise(np.concatenate(layers, axis=1), examples.rows)


def with_surprisal(
    states: States,
    hidden: Float16,
    examples: Examples,
    model: SupervisorModel,
    tokenizer: TextTokenizer,
    sink_token_id: int,
) -> States:
    """The states and two columns more, `(T, D + 2)`: what the logit lens thought of the token, standardised.

    The lens reads the kept layer's state of the token before with the model's final norm and output matrix: the
    surprisal, −log p(token), and the entropy of p, both in nats.  A scope's first token has no state before it in the
    store, and gets the mean of the others.
    """
    ids = token_ids(examples, tokenizer, sink_token_id)  # (T,)
    found = np.full((len(ids), 2), np.nan, np.float32)
    inside = np.flatnonzero(_follows(examples))
    for first in range(0, len(inside), ROWS):
        here = inside[first : first + ROWS]
        before = torch.from_numpy(hidden[examples.rows[here - 1]].astype(np.float32))
        found[here] = lens(model, before, torch.from_numpy(ids[here])).numpy()
    found = np.where(np.isnan(found), np.nanmean(found, axis=0), found)
    mean, scale = found.mean(axis=0), np.maximum(found.std(axis=0), 1e-3)
    columns = torch.from_numpy((found - mean) / scale).bfloat16()
    return States(
        torch.cat([states.values, columns], dim=1),
        np.concatenate([states.mean, mean]),
        np.concatenate([states.scale, scale]),
    )


def lens(model: SupervisorModel, before: Tensor, ids: Tensor) -> Tensor:
    """Surprisal of `ids` `(n,)` and entropy, `(n, 2)`, after RMS-normalised states `(n, D)` of the tokens before."""
    with torch.inference_mode():
        scores = torch.log_softmax(model.output(before * model.final_gamma).float(), dim=1)  # (n, V)
        surprisal = -scores.gather(1, ids.long()[:, None])[:, 0]
        entropy = -(scores.exp() * scores).sum(dim=1)
    return torch.stack([surprisal, entropy], dim=1)


def token_ids(examples: Examples, tokenizer: TextTokenizer, sink_token_id: int) -> NDArray[np.int64]:
    """The vocabulary numbers `(T,)` of the labelled tokens, which the store doesn't keep: laid out once more."""
    parts = [each.tokens.ids for layouts in laid_out(examples, tokenizer, sink_token_id) for each in layouts]
    return np.concatenate(parts).astype(np.int64)


def laid_out(examples: Examples, tokenizer: TextTokenizer, sink_token_id: int) -> list[list[ScopeLayout]]:
    """The layouts of the scopes of every labelled program, in the order of the table, as they were embedded.

    Raises TrainingError where the table holds another number of tokens.
    """
    programs = examples.table["program"].to_numpy()
    found = []
    for number in programs[np.flatnonzero(np.diff(programs, prepend=-1))]:
        program = examples.programs[number]
        scopes = find_scopes(program.code, program.language)
        found.append([lay_out(program.code, scope, tokenizer, sink_token_id) for scope in scopes])
    if sum(len(each.tokens.ids) for layouts in found for each in layouts) != len(programs):
        raise TrainingError("The stored states are of another segmentation. Embed the sample anew.")
    return found


def _follows(examples: Examples) -> NDArray[np.bool_]:
    """Of every token `(T,)`: the one before it is of the same scope."""
    table = examples.table[["program", "scope"]].to_numpy(np.int64)
    return np.concatenate([[False], (table[1:] == table[:-1]).all(axis=1)])
