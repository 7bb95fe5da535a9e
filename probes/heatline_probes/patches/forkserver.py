"""The process that runs untrusted programs: started once, it imports what programs need, then only forks.

    caller ── frames over stdin/stdout ── server ── fork ── problem process ── fork ── one program

The server never runs anything untrusted. For each problem it forks a process that prepares the tests (in a
process namespace of its own, where the kernel allows) and forks one confined child per program; the fork
hands the prepared tests over for nothing. A frame is a 4-byte big-endian length and a JSON object.
"""

import gc
import importlib
import json
import os
import secrets
import select
import signal
import socket
import struct
import sys
import time
import warnings
from functools import partial
from typing import Any

from heatline_probes.patches import confinement, harness, screening

_MOST_ANSWER = 4096
# A program that is past its time on the wall clock goes on for as long as it works: on a busy machine it gets less of
# the processor. One that sleeps, or takes very long, is ended.
_WINDOW = 1.0  # seconds
_WORKS = (
    0.0005  # seconds of processor time in a window: less than one turn on a busy machine, more than sleep
)
_LONGEST = 60  # times the processor time it may use


def serve() -> None:
    """Answer frames on stdin until it closes. The first frame is the configuration."""
    channel_in, channel_out = os.dup(0), os.dup(1)
    _point_standard_streams_nowhere()
    setup = _read(channel_in)
    if setup is None:
        return
    limits = confinement.Limits(**setup["limits"])
    warnings.simplefilter("ignore")
    missing = []
    for name in setup["imports"]:
        try:
            importlib.import_module(name)
        except Exception:
            missing.append(name)
    uid = confinement.unprivileged_uid()
    network, filesystem = confinement.enter_namespaces(setup["scratch"], limits)
    may_drop = os.getuid() == 0 and _can_become(uid)
    if not network:
        _disable_sockets()
    os.chdir(setup["scratch"])
    _write(channel_out, {"network": network, "filesystem": filesystem, "user": may_drop, "missing": missing})
    while (frame := _read(channel_in)) is not None:
        keeper = os.fork()
        if keeper == 0:
            confinement.die_with_parent()
            confinement.fork_process_namespace()
            problem = os.fork()
            if problem == 0:
                confinement.die_with_parent()
                _serve_problem(channel_in, channel_out, frame, limits, uid if may_drop else None)
                os._exit(0)
            os.waitpid(problem, 0)
            os._exit(0)
        os.waitpid(keeper, 0)


def _serve_problem(
    channel_in: int, channel_out: int, problem: dict[str, Any], limits: confinement.Limits, uid: int | None
) -> None:
    own_processes = os.getpid() == 1
    try:
        plan = harness.Plan(problem)
    except Exception as error:
        _write(channel_out, {"ready": False, "detail": f"{type(error).__name__}: {error}"})
        return
    gc.collect()
    gc.freeze()
    gc.disable()
    _write(channel_out, {"ready": True, "processes": own_processes})
    while (frame := _read(channel_in)) is not None and "code" in frame:
        _write(channel_out, _run(plan, frame, limits, uid))
    # Whoever closed the problem expects an answer to that, so that both sides stay in step.
    _write(channel_out, {"closed": True})


def _run(
    plan: harness.Plan, frame: dict[str, Any], limits: confinement.Limits, uid: int | None
) -> dict[str, Any]:
    secret = secrets.token_bytes(16)
    timeout = frame["timeout"]
    answer_in, answer_out = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            confinement.die_with_parent()
            _close_all_but(answer_out)
            if uid is not None:
                confinement.drop_privileges(uid)
            confinement.apply_limits(limits, own_user=uid is not None)
            code, codes, order = frame["code"], frame.get("codes"), frame["order"]
            spectrum, each = bool(frame.get("spectrum")), frame.get("each", 0.0)
            frame_scores = bool(frame.get("scores"))
            frame.clear()
            send = partial(_send, answer_out)
            if codes is not None:
                look = screening.score if frame_scores else screening.screen
                look(plan, codes, order, each, send)
            else:
                # Processor time, so that a verdict does not depend on what else the machine does.
                signal.setitimer(signal.ITIMER_PROF, timeout)
                harness.execute(plan, code, order, secret, send, spectrum=spectrum)
        finally:
            os._exit(0)
    os.close(answer_out)
    answer, timed_out = _collect(answer_in, child, timeout)
    os.close(answer_in)
    _kill_group(child)
    _, status, used = os.wait4(child, 0)
    confinement.kill_leftovers()
    _empty_scratch()
    seconds = used.ru_utime + used.ru_stime
    if answer == secret + b"pass":
        return {"outcome": "pass", "seconds": seconds}
    if timed_out:
        return {"outcome": "timeout", "detail": f"over {timeout:.2f} s", "seconds": seconds}
    fields = answer.decode("utf-8", "replace").split("\t", 3)
    if (
        len(fields) == 4
        and fields[0] in ("fail", "error", "spectrum", "screened", "scored")
        and fields[1].lstrip("-").isdigit()
    ):
        outcome, index, kind, message = fields
        at = int(index)
        detail = f"{kind}: {message}".rstrip(": ") if kind else message
        return {"outcome": outcome, "at": at if at >= 0 else None, "detail": detail, "seconds": seconds}
    how = (
        f"killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "ended before the tests did"
    )
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGXCPU):
        return {"outcome": "timeout", "detail": f"over {timeout:.2f} s", "seconds": seconds}
    return {"outcome": "error", "detail": f"Exit: {how}", "seconds": seconds}


def _collect(pipe: int, child: int, timeout: float) -> tuple[bytes, bool]:
    """What the child answered, and whether time was up first. Ends when the child ends or answers."""
    process = os.pidfd_open(child)
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    poll.register(process, select.POLLIN)
    begin = time.monotonic()
    deadline, used = begin + timeout, 0.0
    try:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                before, used = used, _processor_seconds(child)
                if used - before < _WORKS or deadline - begin > _LONGEST * timeout:
                    return b"", True
                deadline += _WINDOW
                continue
            ready = {fd for fd, _ in poll.poll(left * 1000)}
            if pipe in ready:
                # One write of at most PIPE_BUF bytes arrives whole; a second one is nobody's business.
                return os.read(pipe, _MOST_ANSWER), False
            if process in ready:
                return b"", False
    finally:
        os.close(process)


def _processor_seconds(process: int) -> float:
    """What a child has used so far (its clock: clock_getcpuclockid(3))."""
    return time.clock_gettime((~process << 3) | 2)


def _kill_group(child: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _empty_scratch() -> None:
    for entry in list(os.scandir(".")):
        if entry.is_dir(follow_symlinks=False):
            importlib.import_module("shutil").rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)  # noqa: PTH108


def _can_become(uid: int) -> bool:
    """Whether programs can be run as `uid`, which must be able to read this Python."""
    child = os.fork()
    if child == 0:
        try:
            confinement.drop_privileges(uid)
            os.close(os.open(os.__file__, os.O_RDONLY))
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _disable_sockets() -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("programs under test have no network")

    socket.socket = refuse  # type: ignore[assignment,misc]
    socket.create_connection = refuse  # type: ignore[assignment]


def _point_standard_streams_nowhere() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _close_all_but(kept: int) -> None:
    os.closerange(3, kept)
    os.closerange(kept + 1, 64)


def _send(pipe: int, data: bytes) -> None:
    os.write(pipe, data[:_MOST_ANSWER])


def _read(channel: int) -> dict[str, Any] | None:
    head = _exactly(channel, 4)
    if head is None:
        return None
    body = _exactly(channel, struct.unpack(">I", head)[0])
    return None if body is None else json.loads(body)


def _exactly(channel: int, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = os.read(channel, count - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)


def _write(channel: int, frame: dict[str, Any]) -> None:
    body = json.dumps(frame).encode()
    data = memoryview(struct.pack(">I", len(body)) + body)
    while data:
        data = data[os.write(channel, data) :]


if __name__ == "__main__":
    sys.exit("This module is started by heatline_probes.patches.sandbox.")
