"""Fits the span probe of Gros & Devanbu (arXiv 2512.24560, §5) on stored hidden states."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heatline_probes.training.examples import Examples, Int64

log = logging.getLogger(__name__)

Float16 = NDArray[np.float16]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class FitSettings:
    """The paper's settings (§5.3) are the defaults; `epochs` is an upper bound, `patience` stops early."""

    features: int = 32  # d
    dropout: float = 0.2
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    epochs: int = 30
    patience: int = 3
    batch_programs: int = 48
    level_weights: tuple[tuple[str, float], ...] = (("token", 1.0), ("line", 1.0), ("scope", 1.0))
    seed: int = 0


@dataclass(frozen=True)
class FittedProbe:
    """Numbers of a probe; standardisation is folded into the projection."""

    projection: Float32  # (D, d)
    projection_bias: Float32  # (d,)
    output: Float32  # (d,)
    output_bias: float
    epochs: int
    validation_loss: float


class _SpanModel(nn.Module):
    def __init__(self, width: int, settings: FitSettings, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.mean, self.scale = mean, scale
        self.projection = nn.Linear(width, settings.features)
        self.activation = nn.GELU(approximate="tanh")
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(settings.features, 1)

    def token_features(self, states: Tensor) -> Tensor:
        """(T, D) → (T, d); standardisation goes into the small matrix, not through the large one."""
        weight = self.projection.weight / self.scale  # (d, D)
        bias = self.projection.bias - weight @ self.mean
        features: Tensor = self.dropout(self.activation(nn.functional.linear(states, weight, bias)))
        return features

    def span_logits(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Max-pool consecutive runs of `lengths` tokens; (n,) logits of P(kept)."""
        pooled = torch.segment_reduce(features, "max", lengths=lengths, unsafe=True)
        logits: Tensor = self.output(pooled).squeeze(1)
        return logits


def fit_probe(
    states: Float16,
    examples: Examples,
    training: NDArray[np.bool_],
    validation: NDArray[np.bool_],
    settings: FitSettings,
    progress: Callable[[int, float], None] = lambda epoch, loss: None,
) -> FittedProbe:
    """Fit on the programs where `training` `(P,)` is true; stop early on those of `validation`.

    The loss is the Brier score, averaged over the spans of each level and then over levels (the paper's
    "token + line + problem").
    """
    torch.manual_seed(settings.seed)
    generator = np.random.default_rng(settings.seed)
    batches = _program_slices(examples, training)
    held_out = _program_slices(examples, validation)
    mean, scale = _moments(states, examples, training)
    model = _SpanModel(states.shape[1], settings, torch.from_numpy(mean), torch.from_numpy(scale))
    optimizer = torch.optim.Adam(
        model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    best, best_state, best_epoch = float("inf"), model.state_dict(), 0
    for epoch in range(1, settings.epochs + 1):
        model.train()
        order = generator.permutation(len(batches))
        for i in range(0, len(order), settings.batch_programs):
            chosen = [batches[j] for j in order[i : i + settings.batch_programs]]
            optimizer.zero_grad()
            loss = _loss(model, states, examples, chosen, settings)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        model.eval()
        with torch.no_grad():
            sizes = range(0, len(held_out), 256)
            parts = [float(_loss(model, states, examples, held_out[i : i + 256], settings)) for i in sizes]
        validation_loss = float(np.mean(parts))
        progress(epoch, validation_loss)
        if validation_loss < best - 1e-5:
            best, best_epoch = validation_loss, epoch
            best_state = {k: v.clone() for k, v in model.state_dict().items()}
        elif epoch - best_epoch >= settings.patience:
            break
    model.load_state_dict(best_state)
    return _folded(model, mean, scale, best_epoch, best)


def _folded(model: _SpanModel, mean: Float32, scale: Float32, epochs: int, loss: float) -> FittedProbe:
    """Fold `(x − mean) / scale` into the projection, so that serving multiplies once."""
    weight = model.projection.weight.detach().numpy().T / scale[:, None]  # (D, d)
    bias = model.projection.bias.detach().numpy() - mean @ weight
    return FittedProbe(
        projection=np.ascontiguousarray(weight, np.float32),
        projection_bias=np.ascontiguousarray(bias, np.float32),
        output=np.ascontiguousarray(model.output.weight.detach().numpy()[0], np.float32),
        output_bias=float(model.output.bias.detach().numpy()[0]),
        epochs=epochs,
        validation_loss=loss,
    )


def _program_slices(examples: Examples, chosen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Token ranges of the chosen programs."""
    programs = examples.table["program"].to_numpy()
    firsts = np.flatnonzero(np.diff(programs, prepend=-1))
    lasts = np.append(firsts[1:], len(programs))
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True) if chosen[programs[a]]]


def _moments(states: Float16, examples: Examples, training: NDArray[np.bool_]) -> tuple[Float32, Float32]:
    """Mean and standard deviation (D,) over a sample of the training tokens."""
    rows = examples.rows[training[examples.table["program"].to_numpy()]]
    picked = np.sort(np.random.default_rng(0).choice(rows, min(len(rows), 100_000), replace=False))
    sample = states[picked].astype(np.float32)
    return sample.mean(axis=0), np.maximum(sample.std(axis=0), 1e-3)


def _loss(
    model: _SpanModel,
    states: Float16,
    examples: Examples,
    slices: list[tuple[int, int]],
    settings: FitSettings,
) -> Tensor:
    rows = np.concatenate([examples.rows[a:b] for a, b in slices])
    features = model.token_features(torch.from_numpy(states[rows].astype(np.float32)))
    total = torch.zeros(())
    for name, weight in settings.level_weights:
        lengths, kept = _spans(examples, name, slices)
        confidence = torch.sigmoid(model.span_logits(features, torch.from_numpy(lengths)))
        total = total + weight * torch.mean((confidence - torch.from_numpy(kept).float()) ** 2)
    return total / sum(weight for _, weight in settings.level_weights)


def _spans(examples: Examples, name: str, slices: list[tuple[int, int]]) -> tuple[Int64, NDArray[np.bool_]]:
    """Lengths and labels of the level's spans in the given token ranges."""
    level = examples.levels[name]
    lengths, kept = [], []
    for first, last in slices:
        a, b = np.searchsorted(level.firsts, [first, last])
        lengths.append(np.diff(level.firsts[a:b], append=last))
        kept.append(level.kept[a:b])
    return np.concatenate(lengths), np.concatenate(kept)


def level_logits(
    fitted: FittedProbe, states: Float16, examples: Examples, chosen: NDArray[np.bool_]
) -> dict[str, Float64]:
    """Logits of P(kept) of every span, `(n,)` per level; NaN for programs that are not chosen.

    numpy alone, the formula that serving uses, on the stored (float16) states.
    """
    from heatline.probe.span_probe import gelu

    result = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    for first, last in _program_slices(examples, chosen):
        hidden = states[examples.rows[first:last]].astype(np.float32)
        features = gelu(hidden @ fitted.projection + fitted.projection_bias)  # (t, d)
        for name, level in examples.levels.items():
            a, b = np.searchsorted(level.firsts, [first, last])
            pooled = np.maximum.reduceat(features, level.firsts[a:b] - first)
            result[name][a:b] = pooled.astype(np.float64) @ fitted.output.astype(np.float64)
    return {name: logits + fitted.output_bias for name, logits in result.items()}
