"""A linear-GELU projection per token, max pooling over a span, one logistic output (Gros & Devanbu, §5).

``local_t = gelu(rms_norm(hidden_t) · W + c)``; ``logit(span) = b + Σ_f w_f · max_t feature_tf``;
``sigmoid(logit)`` is the unscaled P(kept).  In the paper's probe ``feature = local``.  A causal supervisor has
not seen what follows a token, so a probe may have a scope stage, in which every token sees a summary of its
whole scope: ``feature_t = gelu(local_t · A + [max_s local_s, mean_s local_s] · B + e)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from heatline.calibration import Calibrator, calibrator_from_json, calibrators_at
from heatline.errors import ProbeError
from heatline.probe.card import LEVELS, ProbeCard

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

ROWS = 64  # rows per product: one fixed shape, so that a token's bits don't depend on its neighbours
RMS_EPSILON = 1e-6


def rms_normalize(hidden: Float32) -> Float32:
    """Scale every hidden state ``(T, D)`` to a root mean square of one."""
    mean_square = np.mean(np.square(hidden), axis=1, keepdims=True)
    return np.asarray(hidden / np.sqrt(mean_square + np.float32(RMS_EPSILON)), dtype=np.float32)


def gelu(x: Float32) -> Float32:
    """GELU in its tanh form, as ``torch.nn.GELU(approximate="tanh")``."""
    inner = np.float32(0.044715) * x  # in place from here on: fresh pages cost more than the arithmetic
    inner *= x
    inner *= x
    inner += x
    inner *= np.float32(0.7978845608)
    np.tanh(inner, out=inner)
    inner += 1
    result: Float32 = np.float32(0.5) * x
    result *= inner
    return result


@dataclass(frozen=True)
class ScopeStage:
    """How a token's own features and the summary of its scope become its final features."""

    own: Float32  # (d, f): A
    shared: Float32  # (2d, f): B
    bias: Float32  # (f,): e


def scope_features(local: Float32, stage: ScopeStage) -> Float32:
    """Final features ``(T, f)`` of the tokens of one whole scope, from their own ``(T, d)``."""
    if not len(local):
        return np.empty((0, len(stage.bias)), np.float32)
    summary = np.concatenate([local.max(axis=0), local.mean(axis=0, dtype=np.float32)])  # (2d,)
    return gelu(local @ stage.own + (summary @ stage.shared + stage.bias))


@dataclass(frozen=True)
class SpanProbe:
    """The numbers of a probe and its card."""

    projection: Float32  # (D, d)
    projection_bias: Float32  # (d,)
    output: Float32  # (f,); f = d without a scope stage
    output_bias: float
    card: ProbeCard
    scope_stage: ScopeStage | None = None
    line_calibrators: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict
    )  # by language; never saved
    _calibrators: dict[str, Calibrator] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )  # those that were asked for; a changed copy of the probe has its own

    @property
    def name(self) -> str:
        """The probe's name."""
        return self.card.name

    @property
    def bundle_hash(self) -> str:
        """The bundle whose hidden states it was fitted on."""
        return self.card.bundle_hash

    @property
    def threshold(self) -> float:
        """Scaled line risk at or above which a line is flagged by default."""
        return self.card.threshold

    def at_base_rate(self, edited_lines: float) -> SpanProbe:
        """The probe for code where this share of the lines has to be edited (``calibration.calibrators_at``).

        Raises ``ProbeError`` for a share outside (0, 1) or a probe that isn't calibrated.
        """
        moved = calibrators_at(self.card.calibrators, edited_lines)
        return replace(self, card=replace(self.card, calibrators=moved))

    def in_language(self, language: str) -> SpanProbe:
        """The probe with the calibrator of lines that a workspace's scaling has for the language, if it has one."""
        own = self.line_calibrators.get(language)
        if own is None:
            return self
        return replace(
            self, card=replace(self.card, calibrators={**self.card.calibrators, "line": dict(own)})
        )

    def calibrator(self, level: str) -> Calibrator:
        """The calibrator of ``token``, ``line`` or ``scope``."""
        known = self._calibrators.get(level)
        if known is None:
            known = self._calibrators[level] = calibrator_from_json(self.card.calibrators[level])
        return known

    @property
    def width(self) -> int:
        """d, the number of features that are kept of a token."""
        return len(self.projection_bias)

    def features(self, hidden: Float32) -> Float32:
        """A token's own features ``(T, d)`` of hidden states ``(T, D)``; the same bits however they are batched.

        They are what a cache keeps: they depend on what precedes a token, not on what follows.
        """
        count = len(hidden)
        padded = np.zeros((-(-count // ROWS) * ROWS, hidden.shape[1]), np.float32)
        padded[:count] = hidden
        blocks = [
            gelu(rms_normalize(padded[i : i + ROWS]) @ self.projection + self.projection_bias)
            for i in range(0, len(padded), ROWS)
        ]
        return np.concatenate(blocks)[:count] if blocks else np.empty((0, self.width), np.float32)

    def in_scope(self, local: Float32) -> Float32:
        """Final features ``(T, f)`` from the own features ``(T, d)`` of all tokens of one scope."""
        return local if self.scope_stage is None else scope_features(local, self.scope_stage)

    def logits(self, pooled: Float32) -> Float64:
        """Unscaled logits ``(n,)`` of P(kept) for pooled features ``(n, f)``."""
        products = pooled.astype(np.float64) * self.output.astype(np.float64)
        return np.asarray(products.sum(axis=1) + self.output_bias, dtype=np.float64)

    def contributions(self, features: Float32) -> Float64:
        """Each token's exact share ``(T,)`` of the logit of the span with final ``features`` ``(T, f)``.

        Every pooled feature comes from one token, the first with the largest value; the shares and
        ``output_bias`` add up to the logit.
        """
        winners = features.argmax(axis=0)  # (f,)
        largest = features[winners, np.arange(features.shape[1])].astype(np.float64)
        shares = np.zeros(len(features), np.float64)
        np.add.at(shares, winners, largest * self.output.astype(np.float64))
        return shares

    def save(self, folder: Path) -> Path:
        """Write ``NAME.safetensors`` and ``NAME.json`` atomically; returns the card's path."""
        import dataclasses
        import hashlib

        from heatline.supervisor.card import atomic_path

        tensors = {
            "projection": np.ascontiguousarray(self.projection, np.float32),
            "projection_bias": np.ascontiguousarray(self.projection_bias, np.float32),
            "output": np.ascontiguousarray(self.output, np.float32),
            "output_bias": np.asarray([self.output_bias], np.float32),
        }
        if self.scope_stage is not None:
            tensors |= {
                f"scope_{name}": getattr(self.scope_stage, name) for name in ("own", "shared", "bias")
            }
        data = save_tensors({name: _narrowed(tensor) for name, tensor in tensors.items()})
        card = dataclasses.replace(self.card, sha256=hashlib.sha256(data).hexdigest())
        with atomic_path(folder / f"{self.name}.safetensors") as temporary:
            temporary.write_bytes(data)
        with atomic_path(folder / f"{self.name}.json") as temporary:
            temporary.write_text(card.to_json(), encoding="utf-8")
        return folder / f"{self.name}.json"

    @classmethod
    def load(cls, card_path: Path) -> SpanProbe:
        """Read a probe by its card's path; raises ``ProbeError`` when a file is missing or was altered."""
        import hashlib

        card = ProbeCard.read(card_path)
        path = card_path.with_suffix(".safetensors")
        try:
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != card.sha256:
                raise ProbeError(f"The probe file {path} was altered. Use another probe, or train it again.")
            tensors: dict[str, Any] = {
                name: tensor.astype(np.float32) for name, tensor in load_tensors(data).items()
            }
            stage = _scope_stage(tensors) if card.scope_features else None
            probe = cls(
                tensors["projection"],
                tensors["projection_bias"],
                tensors["output"],
                float(tensors["output_bias"][0]),
                card,
                stage,
            )
            if not probe._fits_together():
                raise ProbeError(
                    f"The probe {card.name} has an unknown form. Use a probe made for this version."
                )
            for level in LEVELS:
                probe.calibrator(level)
            return probe
        except (OSError, SafetensorError, KeyError, IndexError) as error:
            raise ProbeError(f"The probe file {path} can't be read ({error}). Use another probe.") from error

    def _fits_together(self) -> bool:
        d, stage = self.width, self.scope_stage
        final = (d,) if stage is None else stage.bias.shape
        stage_fits = stage is None or (stage.own.shape, stage.shared.shape) == ((d, *final), (2 * d, *final))
        return (
            self.card.pooling == "max"
            and self.projection.shape[1:] == (d,)
            and self.output.shape == final
            and stage_fits
        )

    def check_bundle(self, bundle_hash: str, layout_version: int) -> None:
        """Refuse to be used with states it was not fitted on."""
        if bundle_hash != self.bundle_hash:
            raise ProbeError(
                f"The probe {self.name} was fitted on another build of {self.card.supervisor} (bundle "
                f"{self.bundle_hash[:12]}…, not {bundle_hash[:12]}…). Choose a probe for this supervisor with "
                "--probe, or build the supervisor from the catalog's weights."
            )
        if layout_version != self.card.layout_version:
            raise ProbeError(
                f"The probe {self.name} was trained for layout {self.card.layout_version}, this Heatline lays "
                f"text out as {layout_version}. Use a probe made for this version."
            )


def _narrowed(tensor: Float32) -> NDArray[np.float16] | Float32:
    """The numbers in 16 bits where that loses nothing: `train` rounds matrices so, and files are half as large."""
    with np.errstate(over="ignore"):
        narrow = tensor.astype(np.float16)
    return narrow if np.array_equal(narrow, tensor) else tensor


def _scope_stage(tensors: dict[str, Any]) -> ScopeStage:
    return ScopeStage(tensors["scope_own"], tensors["scope_shared"], tensors["scope_bias"])
