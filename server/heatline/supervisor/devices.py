"""What a supervisor runs on, and which of its builds: the choice, before anything is loaded.

The int8 build is made for processors.  Graphics cards run the fp16 build of the same weights, which lies beside it when
somebody made it (``heatline supervisor build NAME --precision fp16``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from heatline.errors import BundleError, SupervisorError
from heatline.supervisor.card import CARD_NAME, BundleCard

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
DEVICES = ("auto", *PROVIDERS)
CARDS = ("cuda", "directml", "coreml")
"""Devices that run the fp16 build, in the order in which ``auto`` takes them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A bundle, the device to run it on, and why these.

    ``warning`` is a sentence for when the device that was asked for can't be had; else empty.
    """

    bundle: Path
    device: str
    why: str
    warning: str = ""


def available_devices() -> list[str]:
    """The devices that the installed onnxruntime was built for; whether they work shows when a graph is opened."""
    import onnxruntime

    providers = onnxruntime.get_available_providers()
    return [name for name, provider in PROVIDERS.items() if provider in providers]


def half_precision_folder(bundle: Path) -> Path:
    """Where the fp16 build of a bundle lies: beside it, under a name that no supervisor can have."""
    return bundle.with_name(f"{bundle.name}@fp16")


def choose(
    bundle: Path, device: str = "auto", available: Callable[[], Collection[str]] = available_devices
) -> Choice:
    """The build and the device for ``device``, a setting; nothing is loaded, and onnxruntime only when it matters.

    Raises ``SupervisorError`` for an unknown device, ``BundleError`` for an unreadable card.
    """
    if device not in DEVICES:
        raise SupervisorError(f"Unknown device {device!r}. Use one of {', '.join(DEVICES)}.")
    if device == "cpu":
        return Choice(bundle, "cpu", "it was asked for")
    half = half_precision_folder(bundle)
    missing = _why_not(bundle, half)
    if device == "auto":
        if missing:
            return Choice(bundle, "cpu", missing)
        card = next((name for name in CARDS if name in available()), None)
        if card is None:
            return Choice(bundle, "cpu", f"this onnxruntime has none of {', '.join(CARDS)}")
        return Choice(half, card, "this onnxruntime has it, and the fp16 build is here")
    if device not in available():
        return _instead(bundle, f"this onnxruntime has no {PROVIDERS[device]}", "Install one that has it.")
    if device not in CARDS:
        return Choice(bundle, device, "it was asked for")
    if missing:
        mend = f"Run `heatline supervisor build {bundle.name} --precision fp16`."
        return _instead(bundle, missing, mend)
    return Choice(half, device, "it was asked for")


def _why_not(bundle: Path, half: Path) -> str:
    """Why the fp16 build can't be used in the place of ``bundle``; empty when it can."""
    if not (half / CARD_NAME).is_file():
        return f"there is no fp16 build of {bundle.name}"
    try:
        stands_for = BundleCard.read(half).stands_for
    except BundleError:
        return f"the fp16 build of {bundle.name} can't be read"
    if stands_for != BundleCard.read(bundle).bundle_hash:
        return f"the fp16 build of {bundle.name} is of other weights"
    return ""


def _instead(bundle: Path, reason: str, mend: str) -> Choice:
    sentence = f"{reason[0].upper()}{reason[1:]}; the processor is used instead. {mend}"
    return Choice(bundle, "cpu", reason, sentence)
