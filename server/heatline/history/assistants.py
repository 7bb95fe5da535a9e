"""Which assistant wrote a commit: by its trailers, its author and what its message says.

The list is ``assistants.json``, regular expressions that are searched without regard to case: ``people`` in what
a trailer or the author's line names (``Name <address>``), ``messages`` at any line of the message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

from heatline.errors import SettingsError

_TRAILER = re.compile(
    r"^[ \t]*(?:co-authored-by|assisted-by|generated-by|ai-assisted-by|written-by|made-with|assistant|"
    r"co-developed-by|ai-tool|ai-agent)[ \t]*:[ \t]*(\S.*)$",
    re.I | re.M,
)


@dataclass(frozen=True)
class Assistant:
    """How one assistant is known."""

    name: str
    people: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    @cached_property
    def person(self) -> re.Pattern[str] | None:
        return _joined(self.people, 0)

    @cached_property
    def said(self) -> re.Pattern[str] | None:
        return _joined(self.messages, re.M)


@dataclass(frozen=True)
class Assistants:
    """The assistants that are looked for, in the order in which they are asked."""

    known: tuple[Assistant, ...]

    def writer(self, author: str, committer: str, message: str) -> str | None:
        """The first assistant that the author, a trailer, the message or the committer names; None for none.

        ``author`` and ``committer`` are ``Name <address>``.
        """
        named = [author, *(value.strip() for value in _TRAILER.findall(message)), committer]
        for person in named:
            for assistant in self.known:
                if assistant.person is not None and assistant.person.search(person):
                    return assistant.name
        for assistant in self.known:
            if assistant.said is not None and assistant.said.search(message):
                return assistant.name
        return None

    def with_names(self, extra: Iterable[str]) -> Assistants:
        """And those of ``extra``, regular expressions for what a trailer or the author's line names.

        ``Name=expression`` gives the name that tables show.  Raises ``SettingsError`` for a bad expression.
        """
        added = []
        for entry in extra:
            name, mark, expression = entry.partition("=")
            if not mark:
                expression = name
            try:
                re.compile(expression)
            except re.error as error:
                raise SettingsError(
                    f"“{expression}” is no regular expression ({error}). Correct it in heatline.assistants."
                ) from error
            added.append(Assistant(name.strip() or expression, (expression,)))
        return Assistants((*added, *self.known))


def shipped_assistants() -> Assistants:
    """Those of ``assistants.json``."""
    raw: list[Mapping[str, Any]] = json.loads(
        files("heatline.history").joinpath("assistants.json").read_text(encoding="utf-8")
    )
    return Assistants(
        tuple(Assistant(str(one["name"]), tuple(one["people"]), tuple(one["messages"])) for one in raw)
    )


def _joined(expressions: tuple[str, ...], flags: int) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{e})" for e in expressions), re.I | flags) if expressions else None
