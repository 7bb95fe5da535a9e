"""Frames between the server and its worker."""

from __future__ import annotations

import numpy as np
import pytest

from heatline.scoring import wire
from heatline.scoring.features import ScopeFeatures

MESSAGES = [
    wire.Load("smollm2-135m", None, 2),
    wire.Score(7, "file:///a.py", 3, "python", 12, "x = '😋'\r\n"),
    wire.Cancel("file:///a.py"),
    wire.Loaded("/probe.safetensors"),
    wire.Done(7, "file:///a.py"),
    wire.Failed("No supervisor."),
    wire.Failed("Too long.", 7, "file:///a.py"),
]


def decoded(frame: bytes) -> wire.Message:
    head, body = wire.frame_lengths(frame[: wire.PREFIX_BYTES])
    content = frame[wire.PREFIX_BYTES :]
    assert len(content) == head + body
    return wire.decode(content[:head], content[head:])


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was_sent(message: wire.Message) -> None:
    assert message == decoded(wire.encode(message))


def test_a_scopes_arrays_arrive_bit_for_bit() -> None:
    spans = np.array([[3, 5], [5, 9]], dtype=np.int32)
    features = np.random.default_rng(0).normal(size=(2, 32)).astype(np.float32)
    message = decoded(
        wire.encode(wire.Scope(7, "file:///a.py", ScopeFeatures(3, 9, "f", "function", spans, features)))
    )
    assert isinstance(message, wire.Scope)
    scope = message.features
    assert (scope.start, scope.end, scope.name, scope.kind) == (3, 9, "f", "function")
    np.testing.assert_array_equal(spans, scope.token_spans)
    np.testing.assert_array_equal(features, scope.features)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"\xff", b""),
        (b"[]", b""),
        (b"{}", b""),
        (b'{"kind": "Unknown"}', b""),
        (b'{"kind": "Done", "job": 1}', b""),
        (b'{"kind": "Scope", "job": 1, "uri": "", "shape": [1, 2]}', b"\0" * 15),
        (b'{"kind": "Scope", "job": 1, "uri": "", "shape": [-1, -2]}', b""),
    ],
)
def test_what_is_no_message_is_refused(head: bytes, body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(head, body)


def test_an_absurd_length_is_refused_before_memory_is_taken_for_it() -> None:
    with pytest.raises(wire.WireError):
        wire.frame_lengths(b"\xff" * wire.PREFIX_BYTES)
