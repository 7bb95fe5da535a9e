"""Puts settings together from what was given in several places; a bad value never stops anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from heatline.settings.schema import Entry, Settings, entries

EDITOR = "your editor's settings"


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings of one place.  ``source`` says to a person where that is.

    ``values`` are plain JSON or TOML values; groups may be nested or dotted.  ``trusted``: whether the place
    is the person's own, so that it may name programs and files.
    """

    source: str
    values: object
    trusted: bool = True


def read_settings(layers: Sequence[Layer]) -> tuple[Settings, tuple[str, ...]]:
    """The settings of ``layers``, of which a later one wins, and a sentence for each thing that was wrong.

    A bad value is left out, so that the one of an earlier layer or the default holds; null is the same as
    an absent name.
    """
    known = {entry.name: entry for entry in entries()}
    chosen: dict[str, Any] = {}
    origins: dict[str, str] = {}
    messages: list[str] = []
    for layer in layers:
        if layer.values is None:
            continue
        if not isinstance(layer.values, Mapping):
            messages.append(f"Heatline's settings in {layer.source} must be an object; they are ignored.")
            continue
        for name, value in _flattened(layer.values, known):
            if value is None:
                continue
            entry = known.get(name)
            message = _objection(layer, name, value, entry, origins)
            if message is not None:
                messages.append(message)
            elif entry is not None and not entry.rule.client:
                chosen[name] = entry.rule.kind.normalise(value)
                origins[name] = layer.source
    settings = Settings()
    for name, value in chosen.items():
        settings = _with(settings, known[name].fields, value)
    return settings, tuple(messages)


def _objection(
    layer: Layer, name: str, value: object, entry: Entry | None, origins: Mapping[str, str]
) -> str | None:
    """What is wrong with a setting, in one sentence; None when nothing is."""
    shown = f"heatline.{name}" if layer.source == EDITOR else f"{name} in {layer.source}"
    if entry is None:
        return f"{shown} is not a setting of Heatline; it is ignored."
    if entry.rule.client:
        return None if layer.source == EDITOR else f"{shown} belongs in VS Code's settings; it is ignored."
    if entry.rule.restricted and not layer.trusted:
        return f"{shown} is ignored, because the folder is not trusted; set it in your editor or on the command line."
    if not entry.rule.kind.accepts(value):
        instead = f"the one in {origins[name]}" if name in origins else "the default"
        return f"{shown} must be {entry.rule.kind.expected}, not {_shown(value)}; {instead} is used."
    return None


def _flattened(
    values: Mapping[Any, Any], known: Mapping[str, Entry], group: str = ""
) -> Iterator[tuple[str, Any]]:
    """Dotted names and values; only what is a group in the schema is entered."""
    for key, value in values.items():
        name = f"{group}{key}"
        inside = f"{name}."
        if isinstance(value, Mapping) and any(other.startswith(inside) for other in known):
            yield from _flattened(value, known, inside)
        else:
            yield name, value


def _with(owner: Any, path: tuple[str, ...], value: Any) -> Any:
    first, *rest = path
    return replace(owner, **{first: _with(getattr(owner, first), tuple(rest), value) if rest else value})


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
