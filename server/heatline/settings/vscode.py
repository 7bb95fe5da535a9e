"""The part of the VS Code client's manifest that is about settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heatline.settings.kinds import Choice
from heatline.settings.schema import Entry, entries

_SCOPES = {"folder": "resource", "window": "window", "machine": "machine-overridable"}


def with_configuration(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """``manifest`` (a whole ``package.json``) with today's settings, everything else as it was."""
    restricted = [f"heatline.{entry.name}" for entry in entries() if entry.rule.restricted]
    capabilities = dict(manifest.get("capabilities", {}))
    capabilities["untrustedWorkspaces"] = {
        **capabilities.get("untrustedWorkspaces", {}),
        "restrictedConfigurations": restricted,
    }
    contributes = {**manifest.get("contributes", {}), "configuration": configuration()}
    return {**manifest, "capabilities": capabilities, "contributes": contributes}


def configuration() -> dict[str, Any]:
    """``contributes.configuration``."""
    return {
        "title": "Heatline",
        "properties": {
            f"heatline.{entry.name}": _property(entry, order) for order, entry in enumerate(entries())
        },
    }


def _property(entry: Entry, order: int) -> dict[str, Any]:
    rule = entry.rule
    schema = rule.kind.schema()
    if entry.default is None:
        schema = _nullable(schema)
    if isinstance(rule.kind, Choice):
        schema["enumDescriptions"] = [meaning for _, meaning in rule.kind.meanings]
    text = rule.text if entry.default is not None else f"{rule.text} Not set: {rule.null}."
    default = list(entry.default) if isinstance(entry.default, tuple) else entry.default
    # A probe or supervisor of another machine isn't on this one; a trusted folder may choose all the same.
    scope = "machine" if rule.client and rule.restricted else _SCOPES[rule.reach]
    return {**schema, "default": default, "scope": scope, "order": order, "markdownDescription": text}


def _nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}
