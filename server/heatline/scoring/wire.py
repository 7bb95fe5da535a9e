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
from numpy.typing import NDArray

_LENGTHS = struct.Struct(">II")
PREFIX_BYTES = _LENGTHS.size
MAX_FRAME_BYTES = 1 << 30
KEY_BYTES = 32

PATIENCE_SECONDS = 60.0
"""Within so long a worker at work is heard of: on a starved machine a chunk of tokens takes half that."""

LOADING_SECONDS = 180.0
"""The same while the model is read from the disk."""


class WireError(Exception):
    """Raised for bytes that are no frame; the pipe can't be trusted after it."""


@dataclass(frozen=True, slots=True)
class Load:
    """Server → worker, once and first: which supervisor and probe to load; None is the default.

    ``memory`` bounds the keys and values kept for scopes under edit, ``cache_bytes`` the cache on disk, in
    bytes; False is none.
    """

    supervisor: str | None
    probe: str | None
    threads: int | None
    device: str = "auto"
    memory: int | None = None
    cache_bytes: int | bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """Server → worker: score this text, nearest ``priority_offset`` (code points) first.

    ``job`` is unique in the server's life; a newer job of the same URI supersedes an older one.  ``fresh`` says
    that the server holds nothing of this URI; else it has every scope that it was sent and that was named by
    the last job done or by a later one.  A job in the ``background`` waits until no other is left.  A negative
    ``priority_offset`` says that nobody is editing.  ``above`` are import lines that stand outside the text.
    """

    job: int
    uri: str
    version: int
    language: str
    priority_offset: int
    text: str
    fresh: bool = True
    background: bool = False
    above: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Server → worker: nobody waits for this document any more."""

    uri: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Worker → server: the model is ready; ``probe`` is the path of its probe's card."""

    probe: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Worker → server, once: the model was opened, as something was not in the cache.

    ``device`` is what it runs on; ``warning`` a sentence for when that isn't what was asked for, else empty.
    """

    device: str
    warning: str


@dataclass(frozen=True, slots=True)
class Alive:
    """Worker → server: still at this job; it will be heard of again within so many seconds."""

    job: int
    uri: str
    within: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scope stands in a job's text, in code points; equal keys mean equal features."""

    start: int
    end: int
    name: str
    kind: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Outline:
    """Worker → server: the scopes of a job's text, before any features of them."""

    job: int
    uri: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Features:
    """Worker → server: what is kept of the scopes with this key; offsets count from the scope's start.

    Sent once for a key that the server doesn't hold, however often and wherever it stands.
    """

    job: int
    uri: str
    key: bytes
    token_spans: NDArray[np.int32]  # (T, 2)
    features: NDArray[np.float32]  # (T, d)


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


Message = Load | Score | Cancel | Loaded | Opened | Alive | Outline | Features | Done | Failed


def encode(message: Message) -> bytes:
    """The frame of a message."""
    header: dict[str, Any]
    body = b""
    if isinstance(message, Features):
        spans = np.ascontiguousarray(message.token_spans, dtype="<i4")  # (T, 2)
        features = np.ascontiguousarray(message.features, dtype="<f4")  # (T, d)
        header = {"job": message.job, "uri": message.uri, "shape": list(features.shape)}
        body = message.key + spans.tobytes() + features.tobytes()
    elif isinstance(message, Outline):
        places = [[place.start, place.end, place.name, place.kind] for place in message.places]
        header = {"job": message.job, "uri": message.uri, "places": places}
        body = b"".join(place.key for place in message.places)
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
        if kind == "Features":
            return _decode_features(header, body)
        if kind == "Outline":
            return _decode_outline(header, body)
        if kind == "Score":
            header["text"] = body.decode("utf-8")
        return _PLAIN[kind](**header)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WireError(type(error).__name__) from error


def _decode_features(header: dict[str, Any], body: bytes) -> Features:
    tokens, width = header["shape"]
    spans_end = KEY_BYTES + tokens * 2 * 4
    if min(tokens, width) < 0 or len(body) != spans_end + tokens * width * 4:
        raise ValueError("a body that is not of its shape")
    return Features(
        job=header["job"],
        uri=header["uri"],
        key=body[:KEY_BYTES],
        token_spans=np.frombuffer(body[KEY_BYTES:spans_end], dtype="<i4").reshape(tokens, 2),
        features=np.frombuffer(body[spans_end:], dtype="<f4").reshape(tokens, width),
    )


def _decode_outline(header: dict[str, Any], body: bytes) -> Outline:
    rows = header["places"]
    if len(body) != KEY_BYTES * len(rows):
        raise ValueError("a body that is not of its shape")
    keys = (body[i : i + KEY_BYTES] for i in range(0, len(body), KEY_BYTES))
    places = tuple(
        Place(start, end, name, kind, key) for (start, end, name, kind), key in zip(rows, keys, strict=True)
    )
    return Outline(header["job"], header["uri"], places)


_PLAIN: dict[str, Callable[..., Message]] = {
    kind.__name__: kind for kind in (Load, Score, Cancel, Loaded, Opened, Alive, Done, Failed)
}
