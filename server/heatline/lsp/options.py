"""What a client may set in ``initializationOptions``, every default written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scope = Literal["changes", "file"]
Scaling = Literal["scaled", "unscaled"]


@dataclass(frozen=True, slots=True)
class Options:
    """The server's options; the names a client uses are the same in camelCase."""

    supervisor: str | None = None
    """A supervisor's name; None: ``HEATLINE_SUPERVISOR``, else the default one."""
    probe: str | None = None
    """A probe's name or path; None: ``HEATLINE_PROBE``, else the supervisor's default."""
    threads: int | None = None
    """Threads for scoring; None: physical cores − 1, at least 1."""
    threshold: float | None = None
    """A line is a diagnostic when its risk is at least this; None: the probe's own threshold."""
    scope: Scope = "changes"
    """``changes``: lines that differ from git HEAD (outside a repository, the file). ``file``: all lines."""
    scaling: Scaling = "scaled"
    """Which risk is shown first; ``heatline.toggleScaling`` switches."""
    debounce_ms: int = 150
    """Milliseconds without an edit before a document is scored again."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """One option: its field in ``Options``, what it may be in words, and the test for it."""

    field: str
    expected: str
    accepts: Callable[[Any], bool]
    normalise: Callable[[Any], Any] = lambda value: value


def _is_int(value: object, low: int, high: int) -> bool:
    # JSON true arrives as bool, which Python counts as an int.
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_probability(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


_RULES: Mapping[str, _Rule] = {
    "supervisor": _Rule("supervisor", "a supervisor's name", _is_name),
    "probe": _Rule("probe", "a probe's name or path", _is_name),
    "threads": _Rule("threads", "a whole number from 1 to 256", lambda v: _is_int(v, 1, 256)),
    "threshold": _Rule("threshold", "a number from 0 to 1", _is_probability, float),
    "scope": _Rule("scope", '"changes" or "file"', lambda v: v in ("changes", "file")),
    "scaling": _Rule("scaling", '"scaled" or "unscaled"', lambda v: v in ("scaled", "unscaled")),
    "debounceMs": _Rule("debounce_ms", "a whole number from 0 to 10000", lambda v: _is_int(v, 0, 10_000)),
}


def parse_options(given: object) -> tuple[Options, tuple[str, ...]]:
    """Options from a client's JSON, and one message for each part of it that was not understood.

    A bad value never stops the server: its default holds.  null means "the default", as an absent name does.
    """
    if given is None:
        return Options(), ()
    if not isinstance(given, Mapping):
        return Options(), ("Heatline's options must be an object; the defaults are used.",)
    values: dict[str, Any] = {}
    messages = []
    for name, value in given.items():
        rule = _RULES.get(name)
        if rule is None:
            messages.append(f"heatline.{name} is not an option of Heatline; it is ignored.")
        elif value is None:
            continue
        elif rule.accepts(value):
            values[rule.field] = rule.normalise(value)
        else:
            messages.append(
                f"heatline.{name} must be {rule.expected}, not {_shown(value)}; the default is used."
            )
    return Options(**values), tuple(messages)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
