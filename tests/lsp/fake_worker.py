"""A worker without a model: ``fake_worker.py MODE [MARKER]``. What it does wrong is its mode."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from heatline.scoring import wire


def read() -> wire.Message:
    prefix = sys.stdin.buffer.read(wire.PREFIX_BYTES)
    if not prefix:
        sys.exit(0)
    head, body = wire.frame_lengths(prefix)
    return wire.decode(sys.stdin.buffer.read(head), sys.stdin.buffer.read(body))


def send(message: wire.Message) -> None:
    sys.stdout.buffer.write(wire.encode(message))
    sys.stdout.buffer.flush()


def main(mode: str, marker: str = "") -> None:
    read()
    if mode == "refuse":
        send(wire.Failed("No supervisor."))
        return
    send(wire.Loaded("probe.safetensors"))
    bad: wire.Score | None = None
    while True:
        job = read()
        if not isinstance(job, wire.Score):
            continue
        if mode == "die" or (mode == "die-once" and not Path(marker).exists()):
            if marker:
                Path(marker).touch()
            os._exit(9)
        if mode == "garbage":
            sys.stdout.buffer.write(b"\xff" * 64)
            sys.stdout.buffer.flush()
            continue
        if mode == "hang" or (mode == "hang-once" and not Path(marker).exists()):
            if marker:
                Path(marker).touch()
            send(wire.Alive(job.job, job.uri, 0.05))
            continue
        if mode == "die-on-b" and job.uri.endswith("b.py"):
            bad = job  # the newest job is the first: this one's turn comes after another
            continue
        if mode == "fail":
            send(wire.Failed("Can't score this file.", job.job, job.uri))
            continue
        key = bytes(wire.KEY_BYTES)
        place = wire.Place(0, len(job.text), "fresh" if job.fresh else "known", "function", key)
        send(wire.Outline(job.job, job.uri, (place,)))
        spans = np.array([[0, len(job.text)]], dtype=np.int32)
        send(wire.Features(job.job, job.uri, key, spans, np.ones((1, 2), dtype=np.float32)))
        send(wire.Done(job.job, job.uri))
        if bad is not None:
            send(wire.Alive(bad.job, bad.uri, 30.0))
            os._exit(9)


if __name__ == "__main__":
    main(*sys.argv[1:])
