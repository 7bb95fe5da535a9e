"""The layers of a supervisor that its bundle keeps, in torch: for what can't be learned from stored states."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from heatline_probes.errors import TrainingError


class SupervisorModel:
    """The first `layers` layers of a checkpoint (None: all), its final norm's weights and its output matrix.

    `weights` is a GGUF file or a checkpoint's folder.  Raises TrainingError where it can't be read.
    """

    def __init__(self, weights: Path, layers: int | None, dtype: torch.dtype = torch.float32) -> None:
        from transformers import AutoModelForCausalLM

        where: dict[str, Any] = {} if weights.is_dir() else {"gguf_file": weights.name}
        try:
            whole = AutoModelForCausalLM.from_pretrained(
                weights if weights.is_dir() else weights.parent, dtype=dtype, **where
            )
        except (OSError, ValueError, KeyError) as error:
            raise TrainingError(f"The weights {weights} can't be read ({error}).") from error
        whole.train(False)
        self.decoder: Any = whole.model
        self.final_gamma: Tensor = whole.model.norm.weight.detach().float()
        self.output: nn.Module = whole.lm_head
        self.decoder.norm = nn.Identity()  # a bundle ends before any final norm
        self.decoder.layers = self.decoder.layers[:layers]
