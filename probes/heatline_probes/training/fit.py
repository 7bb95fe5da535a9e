"""Fits span probes on hidden states: that of Gros & Devanbu (arXiv 2512.24560, §5), and one that sees its scope."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heatline.probe.span_probe import ScopeStage, gelu, scope_features
from heatline_probes.errors import TrainingError
from heatline_probes.training.examples import Examples, Int64
from heatline_probes.training.pooling import Pooling, pool_spans

Bool = NDArray[np.bool_]
Float16 = NDArray[np.float16]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

VALIDATION_SHARE = 0.12  # of the training side's problem groups: they only stop the training
LOSSES = ("brier", "bce", "focal")
FOCAL_GAMMA = 2.0


@dataclass(frozen=True)
class FitSettings:
    """The paper's settings (§5.3) are the defaults; `epochs` is an upper bound, `patience` stops early."""

    features: int = 32  # d
    scope_features: int = 0  # width of the scope stage; 0: the paper's probe, without one
    pooling: Pooling = "max"
    loss: str = "brier"
    dropout: float = 0.2
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    epochs: int = 30
    patience: int = 3
    batch_tokens: int = 8192  # whole programs, until there are so many
    level_weights: tuple[tuple[str, float], ...] = (("token", 1.0), ("line", 1.0), ("scope", 1.0))
    annealing: float = 0.0  # the share of the steps over which the token loss goes from lines to tokens
    members: int = 1  # fits of different seeds; their logits are averaged
    seed: int = 0  # of the first member; the next ones have the next

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise TrainingError(f"The loss {self.loss!r} is unknown. Use one of {', '.join(LOSSES)}.")
        if self.members < 1:
            raise TrainingError("A probe needs at least one fit. Ask for one member or more.")
        if self.annealing and self.pooling != "max":
            raise TrainingError("The token loss is annealed from the maximum over a line. Use max pooling.")


@dataclass(frozen=True)
class FittedProbe:
    """Numbers of a probe; standardisation is folded into the projection. Only max pooling can be served."""

    projection: Float32  # (D, d)
    projection_bias: Float32  # (d,)
    scope_stage: ScopeStage | None
    output: Float32  # (f,)
    output_bias: float
    epochs: tuple[int, ...] = ()  # of each member


@dataclass(frozen=True)
class Batch:
    """Whole programs, as ranges of rows of the states, and the spans of each level in them."""

    ranges: Sequence[tuple[int, int]]
    scopes: Tensor  # (s,) lengths
    spans: Mapping[str, tuple[Tensor, Tensor, Tensor]]  # level: lengths (n,), kept (n,), weight (n,)


class ByteDropout(nn.Module):
    """Dropout to the nearest 256th, from a random byte an element: torch draws a float for each, in thrice the time."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.cut = round(rate * 256)

    def forward(self, x: Tensor) -> Tensor:
        """Elements of x, of which a share is 0 and the others are larger for it; x itself in evaluation."""
        if not (self.training and self.cut):
            return x
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.cut
        return x * (kept * (256 / (256 - self.cut)))


class SpanModel(nn.Module):
    """Projection, optional scope stage, pooling and one logistic output."""

    def __init__(self, width: int, settings: FitSettings) -> None:
        super().__init__()
        d, f = settings.features, settings.scope_features
        self.projection = nn.Linear(width, d)
        self.activation = nn.GELU(approximate="tanh")
        self.dropout = ByteDropout(settings.dropout)
        self.own = nn.Linear(d, f) if f else None
        self.shared = nn.Linear(2 * d, f, bias=False) if f else None
        self.output = nn.Linear(f or d, 1)
        self.pooling = settings.pooling
        self.attention = nn.Linear(f or d, 4) if settings.pooling == "attention" else None  # 4 heads

    def token_features(self, states: Tensor, scopes: Tensor) -> Tensor:
        """(T, D) bfloat16 and scope lengths (s,) → (T, f)."""
        weight, bias = self.projection.weight.bfloat16(), self.projection.bias.bfloat16()
        features: Tensor = self.activation(nn.functional.linear(states, weight, bias).float())
        features = self.dropout(features)
        if self.own is None or self.shared is None:
            return features
        largest = torch.segment_reduce(features, "max", lengths=scopes, unsafe=True)
        owner = torch.repeat_interleave(torch.arange(len(scopes)), scopes)
        mean = features.new_zeros(largest.shape).index_add(0, owner, features) / scopes.unsqueeze(1)
        shared = self.shared(torch.cat([largest, mean], 1))
        mixed: Tensor = self.activation(self.own(features) + shared[owner])
        return mixed

    def span_logits(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(n,) logits of P(kept) of consecutive runs of `lengths` tokens."""
        logits: Tensor = self.output(pool_spans(features, lengths, self.pooling, self.attention)).squeeze(1)
        return logits


@dataclass(frozen=True)
class States:
    """Standardised hidden states of all labelled tokens, and what standardised them."""

    values: Tensor  # (T, D) bfloat16, the rows of `Examples.table`
    mean: Float32  # (D,)
    scale: Float32  # (D,)


def standardise(states: Float16, rows: Int64) -> States:
    """Rows of the store as training wants them; moments come from a sample of all tokens, labels are not used."""
    picked = np.sort(np.random.default_rng(0).choice(rows, min(len(rows), 50_000), replace=False))
    sample = states[picked].astype(np.float32)
    mean, scale = sample.mean(axis=0), np.maximum(sample.std(axis=0), 1e-3)
    values = torch.empty((len(rows), states.shape[1]), dtype=torch.bfloat16)
    for first in range(0, len(rows), 20_000):
        chunk = states[rows[first : first + 20_000]].astype(np.float32)
        values[first : first + 20_000] = torch.from_numpy((chunk - mean) / scale).bfloat16()
    return States(values, mean, scale)


def fit_probe(
    states: States,
    examples: Examples,
    training: Bool,
    settings: FitSettings,
    progress: Callable[[int, float], None] = lambda epoch, loss: None,
    epochs: Sequence[int] | None = None,
) -> FittedProbe:
    """Fit on the programs where `training` `(P,)` is true; a seeded part of their problem groups stops it early.

    With `epochs`, one number for each member, all of the programs are learned from, for so many epochs.

    The loss is averaged over the spans of each level, weighted by `Examples.weight`, and then over levels (the
    paper's "token + line + problem").
    """
    fits = []
    for number, member in enumerate(member_settings(settings)):
        planned = epochs[number] if epochs else None
        model, best, _ = fit_model(states, examples, training, member, progress, epochs=planned)
        fits.append(_folded(model, states, best))
    return averaged(fits)


def member_settings(settings: FitSettings) -> list[FitSettings]:
    """The settings of each fit of an average: what a seed draws differs, the programs that stop it too."""
    return [replace(settings, members=1, seed=settings.seed + number) for number in range(settings.members)]


def averaged(fits: Sequence[FittedProbe]) -> FittedProbe:
    """One probe whose logits are the means of those of `fits`: their features side by side, unmixed."""
    stages = [fit.scope_stage for fit in fits if fit.scope_stage is not None]
    stage = None
    if stages:
        largest, mean = zip(*(np.split(stage.shared, 2) for stage in stages), strict=True)
        stage = ScopeStage(
            _blocks([stage.own for stage in stages]),
            np.concatenate([_blocks(largest), _blocks(mean)]),
            np.concatenate([stage.bias for stage in stages]),
        )
    return FittedProbe(
        projection=np.concatenate([fit.projection for fit in fits], axis=1),
        projection_bias=np.concatenate([fit.projection_bias for fit in fits]),
        scope_stage=stage,
        output=np.concatenate([fit.output / np.float32(len(fits)) for fit in fits]),
        output_bias=float(np.mean([fit.output_bias for fit in fits])),
        epochs=tuple(itertools.chain.from_iterable(fit.epochs for fit in fits)),
    )


def _blocks(matrices: Sequence[Float32]) -> Float32:
    """The matrices along the diagonal, zeros elsewhere."""
    tensors = map(torch.from_numpy, matrices)
    return _array(torch.block_diag(*tensors))  # type: ignore[no-untyped-call]


def fit_model(
    states: States,
    examples: Examples,
    training: Bool,
    settings: FitSettings,
    progress: Callable[[int, float], None] = lambda epoch, loss: None,
    start: SpanModel | None = None,
    epochs: int | None = None,
) -> tuple[SpanModel, int, float]:
    """The model of the best epoch, that epoch and its validation loss; `start` is what the fit goes on from.

    With `epochs` nothing stops the fit early: it learns from the validation programs too, so that their loss says
    nothing, and ends after so many of the epochs that the learning rate is planned for.
    """
    torch.manual_seed(settings.seed)
    generator = np.random.default_rng(settings.seed)
    held = validation_programs(examples, training, settings.seed)
    model = SpanModel(states.values.shape[1], settings)
    if start is not None:
        model.load_state_dict(start.state_dict())
    decayed = [p for n, p in model.named_parameters() if n.endswith("weight")]
    rest = [p for n, p in model.named_parameters() if not n.endswith("weight")]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": rest, "weight_decay": 0.0}],
        settings.learning_rate,
    )
    learned = training if epochs else training & ~held
    batches = _batches(examples, learned, settings.batch_tokens, generator)
    checks = _batches(examples, training & held, settings.batch_tokens, generator)
    if not batches or not checks:
        raise TrainingError("There are too few problems to learn from. Give more programs, of more problems.")
    steps, step = settings.epochs * len(batches), 0
    best, best_state, best_epoch = float("inf"), model.state_dict(), 0
    for epoch in range(1, (epochs or settings.epochs) + 1):
        model.train()
        for index in generator.permutation(len(batches)):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * (1 - step / steps)
            step += 1
            optimizer.zero_grad()
            ahead = step / (settings.annealing * steps) if settings.annealing else 1.0
            batch = batches[index]
            loss_here = batch_loss(model, _rows(states, batch), batch, settings, max(0.0, 1.0 - ahead))
            loss_here.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = float(
                np.mean([float(batch_loss(model, _rows(states, batch), batch, settings)) for batch in checks])
            )
        progress(epoch, loss)
        if loss < best - 1e-5 or epochs:
            best, best_epoch = loss, epoch
            best_state = {k: v.clone() for k, v in model.state_dict().items()}
        elif epoch - best_epoch >= settings.patience:
            break
    model.load_state_dict(best_state)
    model.eval()
    return model, best_epoch, best


def validation_programs(examples: Examples, training: Bool, seed: int) -> Bool:
    """The programs `(P,)` that `fit_model` only stops by: a seeded part of the training side's problem groups."""
    names = np.random.default_rng(seed).permutation(np.unique(examples.group[training]))
    chosen = names[: max(1, round(VALIDATION_SHARE * len(names)))]
    return np.asarray(training & np.isin(examples.group, chosen))


def _folded(model: SpanModel, states: States, epochs: int) -> FittedProbe:
    """Fold `(x − mean) / scale` into the projection, so that serving multiplies once; matrices in 16 bits."""
    if model.pooling != "max":
        raise TrainingError(
            f"A probe with {model.pooling} pooling is for study only. Fit one with max pooling."
        )
    weight = _rounded(model.projection.weight.detach().numpy().T / states.scale[:, None])  # (D, d)
    bias = model.projection.bias.detach().numpy() - states.mean @ weight
    stage = None
    if model.own is not None and model.shared is not None:
        stage = ScopeStage(
            _rounded(_array(model.own.weight.T)),
            _rounded(_array(model.shared.weight.T)),
            _array(model.own.bias),
        )
    return FittedProbe(
        projection=np.ascontiguousarray(weight, np.float32),
        projection_bias=np.ascontiguousarray(bias, np.float32),
        scope_stage=stage,
        output=_array(model.output.weight[0]),
        output_bias=float(model.output.bias.detach().numpy()[0]),
        epochs=(epochs,),
    )


def _rounded(matrix: NDArray[np.floating[Any]]) -> Float32:
    """To what 16 bits can say: a probe's file is half as large, and its logits move by less than a thousandth."""
    return np.asarray(matrix.astype(np.float16), np.float32)


def _array(tensor: Tensor) -> Float32:
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32)


def _batches(examples: Examples, chosen: Bool, tokens: int, generator: np.random.Generator) -> list[Batch]:
    """The chosen programs in a drawn order, whole, until there are so many tokens."""
    slices = program_slices(examples, chosen)
    batches, held = [], list[tuple[int, int]]()
    for index in generator.permutation(len(slices)):
        held.append(slices[index])
        if sum(last - first for first, last in held) >= tokens:
            batches.append(span_batch(examples, held))
            held = []
    return [*batches, span_batch(examples, held)] if held else batches


def span_batch(examples: Examples, slices: Sequence[tuple[int, int]]) -> Batch:
    """The programs at these token ranges as one batch."""
    spans = {}
    for name in examples.levels:
        lengths, chosen = _spans(examples, name, slices)
        level = examples.levels[name]
        weight = examples.weight[level.program[chosen]]
        if level.weight is not None:
            weight = weight * level.weight[chosen]
        spans[name] = (
            torch.from_numpy(lengths),
            torch.from_numpy(level.kept[chosen]).float(),
            torch.from_numpy(weight.astype(np.float32)),
        )
    return Batch(slices, spans["scope"][0], spans)


def _rows(states: States, batch: Batch) -> Tensor:
    """The states (t, D) of the batch's programs, one after the other."""
    return torch.cat([states.values[first:last] for first, last in batch.ranges])


def batch_loss(
    model: SpanModel, rows: Tensor, batch: Batch, settings: FitSettings, as_lines: float = 0.0
) -> Tensor:
    """The loss of the levels together, on states `rows` (t, D) of the batch's programs.

    `as_lines` is how much of a token's features and label are its line's (span-max annealing): 1 to 0.
    """
    features = model.token_features(rows, batch.scopes)
    total = torch.zeros(())
    for name, level_weight in settings.level_weights:
        lengths, kept, weight = batch.spans[name]
        own = features
        if name == "token" and as_lines:
            lines, line_kept, _ = batch.spans["line"]
            largest = torch.segment_reduce(features, "max", lengths=lines, unsafe=True)
            own = torch.lerp(features, torch.repeat_interleave(largest, lines, 0), as_lines)
            kept = torch.lerp(kept, torch.repeat_interleave(line_kept, lines, 0), as_lines)
        errors = _errors(model.span_logits(own, lengths), kept, settings.loss)
        total = total + level_weight * torch.sum(errors * weight) / weight.sum().clamp(min=1e-9)
    return total / sum(weight for _, weight in settings.level_weights)


def _errors(logits: Tensor, kept: Tensor, loss: str) -> Tensor:
    if loss == "brier":
        return (torch.sigmoid(logits) - kept) ** 2
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, kept, reduction="none")
    return entropy if loss == "bce" else entropy * (1 - torch.exp(-entropy)) ** FOCAL_GAMMA


def program_slices(examples: Examples, chosen: Bool) -> list[tuple[int, int]]:
    """Token ranges of the chosen programs."""
    programs = examples.table["program"].to_numpy()
    firsts = np.flatnonzero(np.diff(programs, prepend=-1))
    lasts = np.append(firsts[1:], len(programs))
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True) if chosen[programs[a]]]


def _spans(examples: Examples, name: str, slices: Sequence[tuple[int, int]]) -> tuple[Int64, Int64]:
    """Lengths (n,) and numbers (n,) of the level's spans in the given token ranges."""
    level = examples.levels[name]
    lengths, chosen = [], []
    for first, last in slices:
        a, b = np.searchsorted(level.firsts, [first, last])
        lengths.append(np.diff(level.firsts[a:b], append=last))
        chosen.append(np.arange(a, b))
    return np.concatenate(lengths), np.concatenate(chosen)


def level_logits(
    fitted: FittedProbe, states: Float16, examples: Examples, chosen: Bool
) -> dict[str, Float64]:
    """Logits of P(kept) of every span, `(n,)` per level; NaN for programs that are not chosen.

    numpy alone, the formula that serving uses, on the stored (float16) states.
    """
    result = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    scopes = examples.levels["scope"].firsts
    for first, last in program_slices(examples, chosen):
        hidden = states[examples.rows[first:last]].astype(np.float32)
        features = gelu(hidden @ fitted.projection + fitted.projection_bias)  # (t, d)
        if fitted.scope_stage is not None:
            a, b = np.searchsorted(scopes, [first, last])
            edges = [*(scopes[a:b] - first).tolist(), last - first]
            pieces = [features[x:y] for x, y in itertools.pairwise(edges)]
            features = np.concatenate([scope_features(piece, fitted.scope_stage) for piece in pieces])
        for name, level in examples.levels.items():
            a, b = np.searchsorted(level.firsts, [first, last])
            pooled = np.maximum.reduceat(features, level.firsts[a:b] - first)
            result[name][a:b] = pooled.astype(np.float64) @ fitted.output.astype(np.float64)
    return {name: logits + fitted.output_bias for name, logits in result.items()}


def model_logits(model: SpanModel, states: States, examples: Examples, chosen: Bool) -> dict[str, Float64]:
    """As `level_logits`, for a model of any pooling, in its own arithmetic: for study."""
    result = {name: np.full(len(level.firsts), np.nan) for name, level in examples.levels.items()}
    with torch.no_grad():
        for first, last in program_slices(examples, chosen):
            batch = span_batch(examples, [(first, last)])
            features = model.token_features(states.values[first:last], batch.scopes)
            for name, level in examples.levels.items():
                a, b = np.searchsorted(level.firsts, [first, last])
                result[name][a:b] = model.span_logits(features, batch.spans[name][0]).numpy()
    return result
