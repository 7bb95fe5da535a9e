"""Low-rank adapters (LoRA; Hu et al. 2021) on the last kept layers of a supervisor, learned together with the probe.

A study of what the supervisor could learn beside the probe: nothing that is served has adapters.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from heatline.probe.span_probe import RMS_EPSILON
from heatline.scoring.layout import Sequence as LaidOut
from heatline_probes.training.examples import Examples
from heatline_probes.training.fit import (
    Bool,
    FitSettings,
    Float64,
    SpanModel,
    States,
    batch_loss,
    program_slices,
    span_batch,
)
from heatline_probes.training.inputs import laid_out
from heatline_probes.training.supervisor_model import SupervisorModel

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
SORTED = 96  # programs that are put into batches by length together, so that little is padding
ROOM = 4000  # tokens of a batch that nothing is learned from, padding included
WARM_UP = 0.06  # of the steps


@dataclass(frozen=True)
class AdapterSettings:
    """How adapters are learned; `layers` counts the adapted ones from the last that the bundle keeps."""

    layers: int = 4
    rank: int = 8
    scale: float = 2.0  # alpha / rank
    epochs: int = 1
    learning_rate: float = 6e-4
    probe_learning_rate: float = 3e-4
    batch_tokens: int = 3000  # padding included
    seed: int = 0


class LiveStates:
    """Hidden states of whole programs that change with the adapters; those below the adapted layers are kept.

    Laid out as in serving, in bfloat16, and standardised as `States` are.
    """

    def __init__(
        self,
        model: SupervisorModel,
        states: States,
        examples: Examples,
        sequences: Sequence[Sequence[LaidOut]],
        layers: int,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """`sequences` are those of every program of `examples.table`, in its order."""
        self.upper = model.decoder.layers[-layers:]
        self._decoder = model.decoder
        self._mean, self._scale = torch.from_numpy(states.mean), torch.from_numpy(states.scale)
        slices = program_slices(examples, np.ones(len(examples.programs), bool))
        numbers = examples.table["program"].to_numpy()
        self.slices = {int(numbers[a]): (a, b) for a, b in slices}
        self.sequences = dict(zip(self.slices, sequences, strict=True))
        self._lower: dict[int, list[Tensor]] = {}
        self._decoder.layers = model.decoder.layers[:-layers]
        with torch.inference_mode():
            for programs in self.batches(list(self.slices), ROOM, np.random.default_rng(0)):
                progress(len(self._lower), len(self.slices))
                self._keep_lower(programs)

    def _keep_lower(self, programs: Sequence[int]) -> None:
        ids = [torch.from_numpy(s.ids.astype(np.int64)) for n in programs for s in self.sequences[n]]
        padded = nn.utils.rnn.pad_sequence(ids, batch_first=True)
        states = iter(zip(self._decoder(padded, use_cache=False).last_hidden_state, ids, strict=True))
        for number in programs:
            kept = [next(states) for _ in self.sequences[number]]
            self._lower[number] = [state[: len(own)].clone() for state, own in kept]

    def adapted(self, settings: AdapterSettings) -> Any:
        """Fresh adapters on a copy of the upper layers, which end with the last kept one."""
        from peft import LoraConfig, get_peft_model

        decoder = copy.copy(self._decoder)
        decoder._modules = {**self._decoder._modules, "layers": copy.deepcopy(self.upper)}
        config = LoraConfig(
            r=settings.rank,
            lora_alpha=round(settings.scale * settings.rank),
            target_modules=list(PROJECTIONS),
        )
        return get_peft_model(decoder, config, autocast_adapter_dtype=True)

    def of(self, decoder: Any, programs: Sequence[int]) -> Tensor:
        """Standardised states `(t, D)` of the programs' labelled tokens, one program after the other."""
        lower = [state for number in programs for state in self._lower[number]]
        scored = [s.scored for number in programs for s in self.sequences[number]]
        padded = nn.utils.rnn.pad_sequence(lower, batch_first=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = decoder(
                inputs_embeds=padded, use_cache=False
            ).last_hidden_state  # causal: padding does nothing
        rows = torch.cat(
            [h[len(x) - n : len(x)] for h, x, n in zip(found, lower, scored, strict=True)]
        ).float()
        normed = rows / torch.sqrt((rows**2).mean(dim=1, keepdim=True) + RMS_EPSILON)
        return ((normed - self._mean) / self._scale).bfloat16()

    def batches(
        self, programs: Sequence[int], room: int, generator: np.random.Generator
    ) -> Iterator[list[int]]:
        """Programs in a drawn order, a few of like length at a time, in at most `room` tokens with padding."""
        longest = {n: max(len(s.ids) for s in self.sequences[n]) for n in programs}
        order = generator.permutation(np.asarray(programs, np.int64)).tolist()
        found = []
        for first in range(0, len(order), SORTED):
            held, rows = list[int](), 0
            for number in sorted(order[first : first + SORTED], key=longest.__getitem__):
                if held and (rows + len(self.sequences[number])) * longest[number] > room:
                    found.append(held)
                    held, rows = [], 0
                held.append(number)
                rows += len(self.sequences[number])
            found.append(held)
        for index in generator.permutation(len(found)):
            yield found[index]


def program_sequences(examples: Examples, tokenizer: Any, sink_token_id: int) -> list[list[LaidOut]]:
    """The sequences of every labelled program, in the order of the table."""
    return [
        [sequence for layout in layouts for sequence in layout.sequences]
        for layouts in laid_out(examples, tokenizer, sink_token_id)
    ]


def adapted_logits(
    live: LiveStates,
    examples: Examples,
    learned: Bool,
    tested: Bool,
    start: SpanModel,
    fit: FitSettings,
    settings: AdapterSettings = AdapterSettings(),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Float64]:
    """Logits `(n,)` per level of the `tested` programs, by adapters and a probe that learned from the `learned` ones.

    The probe goes on from `start`, which was fitted on the states as they were.  NaN for other programs.
    """
    torch.manual_seed(settings.seed)
    generator = np.random.default_rng(settings.seed)
    decoder, probe = live.adapted(settings), copy.deepcopy(start)
    adapters = [p for p in decoder.parameters() if p.requires_grad]
    rates = (settings.learning_rate, settings.probe_learning_rate)
    optimizer = torch.optim.AdamW(
        [
            {"params": adapters, "weight_decay": 0.0},
            {"params": list(probe.parameters()), "weight_decay": fit.weight_decay},
        ]
    )
    chosen = [number for number in live.slices if learned[number]]
    steps = [
        batch
        for _ in range(settings.epochs)
        for batch in live.batches(chosen, settings.batch_tokens, generator)
    ]
    decoder.train()
    probe.train()
    for step, programs in enumerate(steps):
        progress(step, len(steps))
        factor = min(1.0, (step + 1) / (WARM_UP * len(steps))) * (1 - step / len(steps))
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        batch = span_batch(examples, [live.slices[number] for number in programs])
        optimizer.zero_grad()
        batch_loss(probe, live.of(decoder, programs), batch, fit).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(adapters, 1.0)
        optimizer.step()
    decoder.train(False)
    probe.train(False)
    result = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    with torch.inference_mode():
        for number in (n for n in live.slices if tested[n]):
            first, last = live.slices[number]
            batch = span_batch(examples, [(first, last)])
            features = probe.token_features(live.of(decoder, [number]), batch.scopes)
            for name, level in examples.levels.items():
                a, b = np.searchsorted(level.firsts, [first, last])
                result[name][a:b] = probe.span_logits(features, batch.spans[name][0]).numpy()
    return result
