"""What the server and its worker process say to each other, and how it lies on the pipe.

A frame is two big-endian uint32 lengths, a JSON header and a body of raw bytes.  Nothing is pickled, so that
a damaged or hostile frame can only be refused.  Texts and arrays travel in the body; arrays are little-endian
and their shapes stand in the header.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatline.scoring.features import ScopeFeatures

_LENGTHS = struct.Struct(">II")
PREFIX_BYTES = _LENGTHS.size
MAX_FRAME_BYTES = 1 << 30


class WireError(Exception):
    """Raised for bytes that are no frame; the pipe can't be trusted after it."""


@dataclass(frozen=True, slots=True)
class Load:
    """Server → worker, once and first: which supervisor and probe to load; None is the default."""

    supervisor: str | None
    probe: str | None
    threads: int | None


@dataclass(frozen=True, slots=True)
class Score:
    """Server → worker: score this text, nearest ``priority_offset`` (code points) first.

    ``job`` is unique in the server's life; a newer job of the same URI supersedes an older one.
    """

    job: int
    uri: str
    version: int
    language: str
    priority_offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Server → worker: nobody waits for this document any more."""

    uri: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Worker → server: the model is ready; ``probe`` is the path of its probe's card."""

    probe: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Worker → server: one scope of a job's text. A scope may be sent twice, with the same numbers."""

    job: int
    uri: str
    features: ScopeFeatures


@dataclass(frozen=True, slots=True)
class Done:
    """Worker → server: every scope of the job was sent."""

    job: int
    uri: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Worker → server: one sentence for a person.

    With a job, that document can't be scored. Without, nothing can, and the worker leaves.
    """

    message: str
    job: int | None = None
    uri: str | None = None


Message = Load | Score | Cancel | Loaded | Scope | Done | Failed


def encode(message: Message) -> bytes:
    """The frame of a message."""
    header: dict[str, Any]
    body = b""
    if isinstance(message, Scope):
        scope = message.features
        spans = np.ascontiguousarray(scope.token_spans, dtype="<i4")  # (T, 2)
        features = np.ascontiguousarray(scope.features, dtype="<f4")  # (T, d)
        header = {
            "job": message.job,
            "uri": message.uri,
            "start": scope.start,
            "end": scope.end,
            "name": scope.name,
            "scope_kind": scope.kind,
            "shape": list(features.shape),
        }
        body = spans.tobytes() + features.tobytes()
    else:
        header = {name: getattr(message, name) for name in message.__slots__}
        if isinstance(message, Score):
            body = header.pop("text").encode("utf-8")
    head = json.dumps({"kind": type(message).__name__, **header}).encode("utf-8")
    return _LENGTHS.pack(len(head), len(body)) + head + body


def frame_lengths(prefix: bytes) -> tuple[int, int]:
    """Header and body length in bytes from a frame's first ``PREFIX_BYTES``. Raises WireError."""
    head, body = _LENGTHS.unpack(prefix)
    if head + body > MAX_FRAME_BYTES:
        raise WireError(f"a frame of {head + body} bytes")
    return head, body


def decode(head: bytes, body: bytes) -> Message:
    """The message of a frame's header and body. Raises WireError."""
    try:
        header = json.loads(head)
        kind = header.pop("kind")
        if kind == "Scope":
            return _decode_scope(header, body)
        if kind == "Score":
            header["text"] = body.decode("utf-8")
        return _PLAIN[kind](**header)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WireError(type(error).__name__) from error


def _decode_scope(header: dict[str, Any], body: bytes) -> Scope:
    tokens, dimensions = header["shape"]
    spans_bytes = tokens * 2 * 4
    if min(tokens, dimensions) < 0 or len(body) != spans_bytes + tokens * dimensions * 4:
        raise ValueError("a body that is not of its shape")
    features = ScopeFeatures(
        start=header["start"],
        end=header["end"],
        name=header["name"],
        kind=header["scope_kind"],
        token_spans=np.frombuffer(body[:spans_bytes], dtype="<i4").reshape(tokens, 2),
        features=np.frombuffer(body[spans_bytes:], dtype="<f4").reshape(tokens, dimensions),
    )
    return Scope(header["job"], header["uri"], features)


_PLAIN: dict[str, Callable[..., Message]] = {
    kind.__name__: kind for kind in (Load, Score, Cancel, Loaded, Done, Failed)
}
