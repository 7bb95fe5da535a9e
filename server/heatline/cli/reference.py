"""Writes `docs/cli.md` from the commands themselves: ``python -m heatline.cli.reference``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer.main

from heatline.cli.app import app

_INTRODUCTION = """\
# The command line

<!-- Made by `make docs` from the commands themselves: change their help texts, not this page. -->

Environment variables: `HEATLINE_SUPERVISOR` and `HEATLINE_PROBE` name what to score with where no option
does; `HEATLINE_SUPERVISORS` is the folder of supervisors and `HEATLINE_CACHE` that of the feature cache.
`NO_COLOR` and `FORCE_COLOR` are honoured.

Every command exits with 2 after an error, which is one line on standard error, and with 130 when it is
interrupted.
"""


def page() -> str:
    """The Markdown text of the page."""
    command = typer.main.get_command(app)
    sections = [_INTRODUCTION]
    for path, each in _commands("heatline", command):
        sections.append(_section(path, each))
    return "\n".join(sections)


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and those below it, depth first, in the order of the help."""
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        if not each.hidden:
            yield from _commands(f"{path} {name}", each)


def _section(path: str, command: Any) -> str:
    usage = " ".join([path, "[OPTIONS]", *_operands(command)])
    text = (command.help or "").strip()
    lines = [f"## `{path}`", "", text, "", "```", usage, "```", ""]
    rows = [row for parameter in command.params if (row := _row(parameter))]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _operands(command: Any) -> Iterator[str]:
    """What follows the options, written by hand: Typer's own notation changes with its version."""
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = (parameter.metavar or parameter.name.upper()) + ("..." if parameter.nargs == -1 else "")
            yield name if parameter.required else f"[{name}]"
    if getattr(command, "commands", None):
        yield "COMMAND"


def _row(parameter: Any) -> str | None:
    """One parameter as a row of a table; None for one that is hidden or explains itself."""
    if getattr(parameter, "hidden", False) or not getattr(parameter, "help", None) or _of_typer(parameter):
        return None
    names = ", ".join(
        f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("-")
    )
    choices = getattr(getattr(parameter, "type_descriptor", None) or parameter.type, "choices", None)
    if names and choices:
        names += " " + " or ".join(f"`{choice}`" for choice in choices)
    elif names and not getattr(parameter, "is_flag", False):
        names += f" `{parameter.metavar or parameter.name.upper()}`"
    default = parameter.show_default if isinstance(parameter.show_default, str) else ""
    text = re.sub(r"\s+", " ", parameter.help).replace("|", "\\|")
    suffix = f" Default: {default}." if default else ""
    return f"| {names or f'`{parameter.metavar or parameter.name.upper()}`'} | {text}{suffix} |"


def _of_typer(parameter: Any) -> bool:
    """Typer's own options: their help changes with its version, and says nothing about Heatline."""
    return parameter.name in ("install_completion", "show_completion")


if __name__ == "__main__":
    print(page(), end="")
