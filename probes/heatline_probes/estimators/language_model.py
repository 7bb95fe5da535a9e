"""A whole language model that reads programs: log-probabilities of tokens, and attention through all layers."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from heatline_probes.errors import EvaluationError
from heatline_probes.estimators.probabilities import Reading
from heatline_probes.estimators.token_scores import attention_rollout

LONGEST = 2048  # tokens of problem and program together


class LanguageModel:
    """Weights run by torch; loaded when they are first needed.

    `weights` is a GGUF file or a folder with a checkpoint. Raises EvaluationError where it is neither.
    """

    def __init__(self, weights: Path, threads: int | None = None) -> None:
        if not (weights.is_dir() or (weights.is_file() and weights.suffix == ".gguf")):
            raise EvaluationError(
                f"There are no weights at {weights}. Give a GGUF file or a checkpoint's folder."
            )
        self._weights = weights
        self._threads = threads

    @property
    def identity(self) -> str:
        """Name and size of the weights, hashed."""
        file = self._weights if self._weights.is_file() else max(self._weights.iterdir(), key=_size)
        return hashlib.sha256(f"{file.name} {_size(file)}".encode()).hexdigest()[:16]

    def read(self, before: str, text: str, attention: bool = False) -> Reading:
        """Tokens of `text` with their log-probabilities after `before`; with weights by rollout if asked for.

        Of a text that is too long, the tokens that don't fit are not in the reading.
        """
        import torch

        tokenizer, model = self._loaded
        joined = f"{before.rstrip()}\n\n" if before.strip() else ""
        encoded = tokenizer(joined + text, return_offsets_mapping=True, add_special_tokens=False)
        offsets = np.asarray(encoded["offset_mapping"], np.int64).reshape(-1, 2)[:LONGEST]
        ids = torch.tensor([[_start(tokenizer, model), *encoded["input_ids"][:LONGEST]]])
        with torch.inference_mode():
            output = model(input_ids=ids, output_attentions=attention)
            logits = output.logits[0, :-1].float()
            chosen = torch.log_softmax(logits, -1).gather(1, ids[0, 1:, None])[:, 0].numpy()
        weight = None
        if attention:
            layers = np.stack([layer[0].float().mean(0).numpy() for layer in output.attentions])  # (l, T, T)
            weight = attention_rollout(layers)[1:]
        inside = offsets[:, 1] > len(joined)
        spans = np.maximum(offsets[inside] - len(joined), 0)
        return Reading(
            spans, chosen[inside].astype(np.float64), weight[inside] if weight is not None else None
        )

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        if self._threads:
            torch.set_num_threads(self._threads)
        where: dict[str, Any] = {}
        folder = self._weights
        if folder.is_file():
            where, folder = {"gguf_file": folder.name}, folder.parent
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, **where)
            model = AutoModelForCausalLM.from_pretrained(
                folder, dtype=torch.float32, attn_implementation="eager", **where
            )
        except (OSError, ValueError, KeyError) as error:
            raise EvaluationError(f"The weights {self._weights} can't be read ({error}).") from error
        model.train(False)
        return tokenizer, model


def _size(path: Path) -> int:
    return path.stat().st_size


def _start(tokenizer: Any, model: Any) -> int:
    """What stands before the first token: a text's first probability needs something to follow."""
    known = (
        getattr(owner, f"{name}_token_id", None)
        for name in ("bos", "eos")
        for owner in (tokenizer, model.config)
    )
    return next((int(token) for token in known if isinstance(token, int)), len(tokenizer) - 1)
