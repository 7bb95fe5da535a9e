"""Arguments and params of Heatline's own commands and requests, read from raw JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams


def uri_at(arguments: Sequence[Any], place: int, name: str) -> str:
    """The URI at a place of a command's arguments. Raises JsonRpcInvalidParams."""
    if place < len(arguments) and isinstance(arguments[place], str):
        return str(arguments[place])
    raise JsonRpcInvalidParams(f"{name} needs a document's URI as argument {place + 1}.")


def optional_uri(arguments: Sequence[Any], name: str) -> str | None:
    """The URI that a command may be given. Raises JsonRpcInvalidParams."""
    return None if not arguments or arguments[0] is None else uri_at(arguments, 0, name)


def position_at(arguments: Sequence[Any], place: int, name: str) -> types.Position:
    """The position at a place of a command's arguments. Raises JsonRpcInvalidParams."""
    try:
        return position_of(arguments[place])
    except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise JsonRpcInvalidParams(f"{name} needs a position as argument {place + 1}.") from error


def range_at(arguments: Sequence[Any], place: int, name: str) -> types.Range:
    """The range at a place of a command's arguments. Raises JsonRpcInvalidParams."""
    try:
        return range_of(arguments[place])
    except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise JsonRpcInvalidParams(f"{name} needs a range as argument {place + 1}.") from error


def range_of(raw: Any) -> types.Range:
    """A range from JSON. Raises KeyError, TypeError, ValueError or AttributeError."""
    return types.Range(position_of(_member(raw, "start")), position_of(_member(raw, "end")))


def position_of(raw: Any) -> types.Position:
    """A position from JSON. Raises KeyError, TypeError, ValueError or AttributeError."""
    return types.Position(_whole(_member(raw, "line")), _whole(_member(raw, "character")))


def _member(raw: Any, name: str) -> Any:
    # pygls makes objects of nested JSON in some messages, dictionaries in others
    return raw[name] if isinstance(raw, dict) else getattr(raw, name)


def _whole(raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
        raise ValueError("not a whole number")
    return raw
