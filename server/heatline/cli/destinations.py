"""Where reports go: which format to which file or to standard output, and how it gets there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Protocol

from heatline.cli.output import emit
from heatline.errors import InputError, SettingsError


class Format(StrEnum):
    """How a report is written."""

    terminal = "terminal"
    json = "json"
    sarif = "sarif"
    github = "github"
    gitlab = "gitlab"
    html = "html"


_ENDINGS = {
    Format.json: (".json",),
    Format.sarif: (".sarif", ".json"),
    Format.gitlab: (".json",),
    Format.html: (".html", ".htm"),
    Format.terminal: (".txt",),
}
_STREAMED = (Format.terminal, Format.github)


@dataclass(frozen=True, slots=True)
class Order:
    """One report to write; ``path`` is None for standard output."""

    format: Format
    path: Path | None


def orders(formats: Sequence[Format], outputs: Sequence[Path]) -> list[Order]:
    """Which format goes where.

    A file takes the first format given that its ending fits, else the one its ending means (``.json``, ``.sarif``,
    ``.html``, ``.txt``), else the first format given that no file has taken.  The format that is left over goes to
    standard output; with neither formats nor files the terminal's does.  Raises SettingsError when several are left,
    or a file has none.
    """
    left = list(dict.fromkeys(formats))
    chosen: list[Order] = []
    unclear: list[Path] = []
    for path in outputs:
        fitting = [each for each, endings in _ENDINGS.items() if path.suffix.lower() in endings]
        given = next((each for each in left if each in fitting), None)
        if given is not None:
            left.remove(given)
        elif not fitting:
            unclear.append(path)
            continue
        chosen.append(Order(given or fitting[0], path))
    for path in unclear:
        if not left:
            raise SettingsError(
                f"The ending of {path} says nothing about its format. "
                "Use .json, .sarif, .html or .txt, or add --format."
            )
        chosen.append(Order(left.pop(0), path))
    if len(left) > 1:
        raise SettingsError(
            f"Only one format can go to standard output, not {' and '.join(left)}. "
            "Name files for the others with --output."
        )
    if left or not chosen:
        chosen.append(Order(left[0] if left else Format.terminal, None))
    return chosen


class Destination(Protocol):
    """Takes a report's text; ``commit`` when it is whole, ``abandon`` when it isn't going to be."""

    def write(self, text: str) -> object: ...

    def commit(self) -> None: ...

    def abandon(self) -> None: ...


def open_destination(order: Order) -> Destination:
    """The destination of an order; a file is opened at once, so that a mistake costs no scoring."""
    if order.path is not None:
        return FileDestination(order.path)
    return StandardOutput() if order.format in _STREAMED else WholeOutput()


class StandardOutput:
    """Standard output as it comes, for what is read line by line."""

    def write(self, text: str) -> None:
        emit(text)

    def commit(self) -> None:
        """Everything is written."""

    def abandon(self) -> None:
        """What is written stays: its lines are right."""


class WholeOutput:
    """Standard output, for a document of which a part would be worth nothing; it waits in a temporary file."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115

    def write(self, text: str) -> None:
        self._file.write(text)

    def commit(self) -> None:
        self._file.seek(0)
        while part := self._file.read(1 << 20):
            emit(part)
        self._file.close()

    def abandon(self) -> None:
        self._file.close()


class FileDestination:
    """A file that is replaced when its new text is whole; until then it stays as it was."""

    def __init__(self, path: Path) -> None:
        """Raises InputError when there can be no such file."""
        self._shown = path
        special = path.exists() and not path.is_file()
        self._target = path.resolve() if not special else path  # a link stays one
        self._part = self._target.with_name(f".{self._target.name}.{os.getpid()}.part")
        try:
            if path.is_dir():
                raise InputError(f"{path} is a folder. Name a file in it for the report.")
            if special:  # a pipe or a device can't be replaced
                self._part = self._target
            self._file = self._part.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(
                f"{path} can't be written ({error.strerror}). Name a file in a folder that is there and yours."
            ) from error

    def write(self, text: str) -> None:
        self._file.write(text)

    def commit(self) -> None:
        self._file.close()
        if self._part != self._target:
            self._part.replace(self._target)

    def abandon(self) -> None:
        with suppress(OSError):
            self._file.close()
            if self._part != self._target:
                self._part.unlink()


def write_file(path: Path, text: str) -> None:
    """Writes a whole file or leaves it as it was.  Raises InputError when there can be no such file."""
    destination = FileDestination(path)
    destination.write(text)
    destination.commit()


def is_watched() -> bool:
    """Whether a person sees standard error: then a word on what was written helps."""
    return sys.stderr.isatty()
