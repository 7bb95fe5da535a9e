"""Frames between the server and its worker."""

from __future__ import annotations

import numpy as np
import pytest

from heatline.scoring import wire

KEYS = (b"a" * wire.KEY_BYTES, b"\xff" * wire.KEY_BYTES)
MESSAGES = [
    wire.Load("smollm2-135m", None, 2),
    wire.Score(7, "file:///a.py", 3, "python", 12, "x = '😋'\r\n"),
    wire.Score(8, "file:///a.py#file", 3, "python", -1, "", fresh=False, background=True),
    wire.Alive(7, "file:///a.py", 30.0),
    wire.Outline(7, "file:///a.py", ()),
    wire.Outline(
        7,
        "file:///a.py",
        (wire.Place(0, 3, "f😋", "function", KEYS[0]), wire.Place(4, 9, "", "run", KEYS[1])),
    ),
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
    message = decoded(wire.encode(wire.Features(7, "file:///a.py", KEYS[1], spans, features)))
    assert isinstance(message, wire.Features)
    assert (message.job, message.uri, message.key) == (7, "file:///a.py", KEYS[1])
    np.testing.assert_array_equal(spans, message.token_spans)
    np.testing.assert_array_equal(features, message.features)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"\xff", b""),
        (b"[]", b""),
        (b"{}", b""),
        (b'{"kind": "Unknown"}', b""),
        (b'{"kind": "Done", "job": 1}', b""),
        (b'{"kind": "Features", "job": 1, "uri": "", "shape": [1, 2]}', b"\0" * 47),
        (b'{"kind": "Features", "job": 1, "uri": "", "shape": [-1, -2]}', b""),
        (b'{"kind": "Outline", "job": 1, "uri": "", "places": [[0, 1, "f", "function"]]}', b"\0" * 31),
        (b'{"kind": "Outline", "job": 1, "uri": "", "places": [[0]]}', b"\0" * 32),
    ],
)
def test_what_is_no_message_is_refused(head: bytes, body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(head, body)


def test_an_absurd_length_is_refused_before_memory_is_taken_for_it() -> None:
    with pytest.raises(wire.WireError):
        wire.frame_lengths(b"\xff" * wire.PREFIX_BYTES)
