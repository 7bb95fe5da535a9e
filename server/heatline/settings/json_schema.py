"""The JSON schema of ``heatline.toml`` and ``[tool.heatline]``, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

from heatline.settings.kinds import Choice
from heatline.settings.schema import Entry, entries


def json_schema() -> dict[str, Any]:
    """The schema, draft 7, which is what TOML language servers read."""
    root = _table("Settings of Heatline for one project.")
    for entry in entries():
        if entry.rule.client:
            continue
        *groups, name = entry.name.split(".")
        table = root
        for group in groups:
            table = table["properties"].setdefault(group, _table())
        table["properties"][name] = _property(entry)
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "heatline.toml", **root}


def _table(description: str | None = None) -> dict[str, Any]:
    described = {} if description is None else {"description": description}
    return {**described, "type": "object", "additionalProperties": False, "properties": {}}


def _property(entry: Entry) -> dict[str, Any]:
    described = {"description": entry.rule.text, **entry.rule.kind.schema()}
    if isinstance(entry.rule.kind, Choice):
        words = "; ".join(f"{word}: {meaning}" for word, meaning in entry.rule.kind.meanings)
        described["description"] += f" {words}"
    if entry.default is None:
        described["description"] += f" Default: {entry.rule.null}."
        return described
    default = list(entry.default) if isinstance(entry.default, tuple) else entry.default
    return {**described, "default": default}
