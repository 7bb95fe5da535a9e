"""What keeps an untrusted program from harming the machine: namespaces, an unprivileged user, limits.

Linux only, standard library only: this runs inside the fork server, before anything untrusted does.
"""

import contextlib
import ctypes
import os
import resource
import signal
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

# Nobody's: far above what distributions hand out, so that RLIMIT_NPROC counts this sandbox alone.
FIRST_UNPRIVILEGED_UID = 2_000_000
_WORLD_WRITABLE = ("/tmp", "/var/tmp", "/dev/shm")

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use. Sizes in bytes, times in seconds."""

    memory: int = 2 << 30
    cpu_seconds: int = 30
    file_size: int = 8 << 20
    processes: int = 16
    open_files: int = 64
    scratch_size: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Isolation:
    """Which protections the kernel granted."""

    network: bool  # own network namespace without any interface; else sockets are disabled in Python only
    processes: bool  # own process namespace: whatever a program starts dies with it
    user: bool  # programs run as an unprivileged user
    filesystem: bool  # scratch folder and world-writable folders are a small memory file system

    def sentence(self) -> str:
        """What is missing, for a person; "" when everything is there."""
        lacking = []
        if not self.network:
            lacking.append("no own network namespace (sockets are disabled inside Python only)")
        if not self.processes:
            lacking.append("no own process namespace")
        if not self.user:
            lacking.append("no unprivileged user")
        if not self.filesystem:
            lacking.append("no size limit on all files together")
        return "; ".join(lacking)


def unprivileged_uid() -> int:
    """A user id no other process has; derived from the fork server's process id."""
    return FIRST_UNPRIVILEGED_UID + os.getpid()


def enter_namespaces(scratch: str, limits: Limits) -> tuple[bool, bool]:
    """Give this process its own network and file systems; returns (network, filesystem) granted.

    Without root a user namespace is tried first, in which the calling user is root over the new namespaces.
    """
    if not _become_root_of_user_namespace():
        return False, False
    network = _unshare(_CLONE_NEWNET)
    filesystem = _unshare(_CLONE_NEWNS) and _mount_scratch(scratch, limits.scratch_size)
    if filesystem:
        _reveal_interpreter()
    return network, filesystem


def leave_network() -> bool:
    """Give this process its own network without any interface; False when not granted."""
    return _become_root_of_user_namespace() and _unshare(_CLONE_NEWNET)


def fork_process_namespace() -> bool:
    """Make the next fork the first process of an own process namespace; False when not granted."""
    return _unshare(_CLONE_NEWPID)


def drop_privileges(uid: int) -> None:
    """Become `uid` for good; raises OSError when that is not possible."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the parent process ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def apply_limits(limits: Limits, *, own_user: bool) -> None:
    """Set hard resource limits on this process and what it starts.

    The number of processes is limited only for a user of our own: elsewhere the limit would count
    everything else that the calling user runs.
    """
    pairs = [
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ]
    if own_user:
        pairs.append((resource.RLIMIT_NPROC, limits.processes))
    for which, value in pairs:
        _, hard = resource.getrlimit(which)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))


def kill_leftovers() -> None:
    """Kill every process a program left behind. Call only after its own process group was killed."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            # As first process of a process namespace, -1 means everything in it but us, in one step that a
            # fork bomb can't outrun. Anywhere else it would mean the whole machine.
            if os.getpid() != 1:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)


def _become_root_of_user_namespace() -> bool:
    """Nothing for root; anyone else needs a user namespace to have other namespaces. False when not granted."""
    if os.geteuid() == 0:
        return True
    uid, gid = os.getuid(), os.getgid()
    if not _unshare(_CLONE_NEWUSER):
        return False
    with contextlib.suppress(OSError):
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {uid} 1")
        _write("/proc/self/gid_map", f"0 {gid} 1")
    return True


def _unshare(flags: int) -> bool:
    return bool(_libc.unshare(flags) == 0)


def _mount_scratch(scratch: str, size: int) -> bool:
    none = b"none"
    if _libc.mount(none, b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        return False
    options = f"size={size},mode=1777".encode()
    if _libc.mount(b"tmpfs", scratch.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, options) != 0:
        return False
    for folder in _WORLD_WRITABLE:
        if os.path.isdir(folder) and not scratch.startswith(folder + "/"):  # noqa: PTH112 — no pathlib here
            _libc.mount(scratch.encode(), folder.encode(), None, _MS_BIND, None)
    return True


def _reveal_interpreter() -> None:
    """Let an unprivileged user reach this Python where it lies in somebody's private home folder.

    The private folder is covered by an empty one that holds nothing but the interpreter's.
    """
    covered: dict[str, list[str]] = {}
    for prefix in sorted({os.path.realpath(sys.base_prefix), os.path.realpath(sys.prefix)}):
        parts = prefix.split("/")
        above = [Path("/".join(parts[:n])) for n in range(2, len(parts) + 1)]
        private = next((str(p) for p in above if not p.stat().st_mode & stat.S_IXOTH), None)
        if private is not None:
            covered.setdefault(private, []).append(prefix)
    for private, prefixes in covered.items():
        opened = [(prefix, os.open(prefix, os.O_PATH | os.O_DIRECTORY)) for prefix in prefixes]
        _libc.mount(b"tmpfs", private.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, b"size=1m,mode=755")
        for prefix, folder in opened:
            os.makedirs(prefix, exist_ok=True)  # noqa: PTH103
            source = f"/proc/self/fd/{folder}".encode()
            _libc.mount(source, prefix.encode(), None, _MS_BIND | _MS_REC, None)
            os.close(folder)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123 — keeps the fork server's imports few
        file.write(text)
