"""`heatline second-opinion`: a model's confidences beside the probe's, after saying what is sent where."""

from __future__ import annotations

import json
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from heatline.errors import InputError, SecondOpinionError

_RANGE = re.compile(r"^(?P<path>.+?)(?::(?P<first>\d+)(?:-(?P<last>\d+))?)$")


class Format(StrEnum):
    """How both opinions are written."""

    TEXT = "text"
    JSON = "json"


def second_opinion(
    target: Annotated[
        str, typer.Argument(metavar="FILE[:RANGE]", help="A file, or lines of it: FILE:12 or FILE:12-40.")
    ],
    base_url: Annotated[
        str | None, typer.Option(help="OpenAI-compatible endpoint, such as http://localhost:8080/v1.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model's name there.")] = None,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Let the project's own settings name endpoint and model.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking first.")] = False,
    supervisor: Annotated[str | None, typer.Option(help="The supervisor of the first opinion.")] = None,
    probe: Annotated[str | None, typer.Option(help="Its probe.")] = None,
    output: Annotated[Format, typer.Option("--format", help="How to write both opinions.")] = Format.TEXT,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that an answer may take.")] = 120.0,
) -> None:
    """Ask a language model how sure it is of each line, and show that beside the probe's risk.

    This is the one command that sends code anywhere: the lines you name, to the endpoint you name, after saying
    so. The API key is read from OPENAI_API_KEY. A project's own settings are not followed, for a repository
    somebody sent must not decide where code goes; --trusted says that this one may.
    """
    from rich.console import Console
    from rich.table import Table

    import heatline
    from heatline.cli.reading import read_source
    from heatline.scoring.languages import language_of
    from heatline.second_opinion.endpoint import ModelEndpoint
    from heatline.second_opinion.opinion import compare_opinions, excerpt

    path, first, last = _target(target)
    url, name = _chosen(path, base_url, model, trusted)
    endpoint = ModelEndpoint(url, name, os.environ.get("OPENAI_API_KEY", ""), timeout)
    text = read_source(path)
    part = excerpt(text, path.name, first, last)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    console.print(part.what_is_sent(endpoint))
    if not yes:
        if not sys.stdin.isatty():
            raise SecondOpinionError("Nobody can be asked whether to send this. Add --yes to say so.")
        if not typer.confirm("Send?", err=True):
            raise SecondOpinionError("Nothing was sent, as you gave it up.")
    with heatline.load(supervisor, probe) as scorer:
        scored = scorer.score(text, path=path)
    opinions = compare_opinions(part, endpoint, scored, language_of(path))
    if output is Format.JSON:
        lines = [
            {"line": each.line + 1, "risk": each.probe_risk, "model_risk": each.model_risk}
            for each in opinions
        ]
        typer.echo(json.dumps({"file": str(path), "model": name, "lines": lines}, indent=1))
        return
    from heatline.report.heat import percent, printable

    table = Table("line", "probe", "model", "code", box=None, pad_edge=False)
    for column in table.columns[:3]:
        column.justify = "right"
    table.columns[3].no_wrap = True
    for each in opinions:
        own = "–" if each.probe_risk is None else percent(each.probe_risk)
        table.add_row(str(each.line + 1), own, percent(each.model_risk), printable(each.text))
    Console(highlight=False, markup=False).print(table)


def _target(target: str) -> tuple[Path, int | None, int | None]:
    """Path and lines from 0; a file whose own name looks like a range is that file."""
    found = _RANGE.match(target)
    if Path(target).exists() or found is None:
        return Path(target), None, None
    first = int(found["first"])
    last = int(found["last"] or first)
    if not 1 <= first <= last:
        raise InputError(f"{first}–{last} is no range of lines. Lines count from 1, as FILE:12-40.")
    return Path(found["path"]), first - 1, last - 1


def _chosen(path: Path, base_url: str | None, model: str | None, trusted: bool) -> tuple[str, str]:
    """Endpoint and model: those that were named, else the project's where it is trusted."""
    if base_url and model:
        return base_url, model
    if not trusted:
        raise SecondOpinionError(
            "Nothing says which model to ask. Give --base-url and --model, or --trusted to follow the project's "
            "settings."
        )
    from heatline.settings import Layer, find_project_file, read_settings

    found = find_project_file(path.resolve().parent)
    layers = [] if found is None else [Layer(found.path.name, found.values, trusted=True)]
    settings = read_settings(layers)[0].second_opinion
    url, name = base_url or settings.base_url, model or settings.model
    if not url or not name:
        raise SecondOpinionError(
            "The project's settings name no model to ask. Set baseUrl and model of secondOpinion in heatline.toml, "
            "or give --base-url and --model."
        )
    return url, name
