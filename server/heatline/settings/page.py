"""Makes ``docs/settings.md`` from the schema."""

from __future__ import annotations

import json
from itertools import groupby

from heatline.settings.kinds import Choice, Flag, Kind
from heatline.settings.schema import Entry, entries

_HEAD = """\
# Settings

<!-- Made by `make docs` from the schema (server/heatline/settings/schema.py): change that, not this page. -->

Every setting has one name, wherever it is set. A later place wins:

1. the defaults below,
2. the project's `heatline.toml`, or the table `[tool.heatline]` of its `pyproject.toml`: the nearest one in the
   folder or above it. [heatline.schema.json](heatline.schema.json) describes it to editors,
3. the editor's settings (`heatline.…` in VS Code; `initializationOptions`, `workspace/configuration` or
   `workspace/didChangeConfiguration` elsewhere), of which only those that a person set,
4. options of the command line.

```toml
# heatline.toml
threshold = 0.3
exclude = ["migrations/**"]

[severity]
high = "warning"
```

A bad value is never fatal: it is left out, and one message says so. Changes are taken over while the server runs.
"""

_TITLES = {
    "": "General",
    "severity": "Severities",
    "features": "Features",
    "secondOpinion": "Second opinion",
    "heat": "Heat in VS Code",
    "trace": "Protocol in VS Code",
}


def page() -> str:
    """The Markdown text of the page."""
    parts = [_HEAD]
    ordered = sorted(entries(), key=lambda entry: list(_TITLES).index(_group(entry)))
    for group, members in groupby(ordered, key=_group):
        parts += [f"\n## {_TITLES[group]}\n"]
        parts += [_section(entry) for entry in members]
    return "\n".join(parts)


def _group(entry: Entry) -> str:
    return entry.name.rpartition(".")[0]


def _section(entry: Entry) -> str:
    rule = entry.rule
    default = f"`{json.dumps(entry.default)}`" if entry.default is not None else f"not set: {rule.null}"
    allowed = f"{_values(rule.kind)}. " if not isinstance(rule.kind, Choice) else ""
    notes = [f"{allowed}Default: {default}."]
    if rule.restricted:
        notes.append("An untrusted folder can't set it.")
    if rule.client:
        notes.append("VS Code only.")
    if rule.restarts:
        notes.append("A change starts the scoring process anew.")
    lines = [f"### `{entry.name}`\n", f"{rule.text}\n", " ".join(notes)]
    if isinstance(rule.kind, Choice):
        lines += ["", *(f"- `{word}`: {meaning}" for word, meaning in rule.kind.meanings)]
    return "\n".join(lines) + "\n"


def _values(kind: Kind) -> str:
    words = "`true` or `false`" if isinstance(kind, Flag) else kind.expected
    return words[0].upper() + words[1:]
