"""A repository through git's plumbing: commits, diffs and blobs, in a few long-running processes.

Nothing is locked or written, nothing that the repository configures is run, and everything is asked of one commit
that is resolved at the start: commits that arrive meanwhile, or a history that is rewritten, don't matter.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from heatline.errors import InputError
from heatline.history.counted import pathspecs
from heatline.scoring.cancellation import Cancelled, never
from heatline.scoring.generated import GIT_COMMAND, git_environment

_DIFF = (
    *("diff-tree", "--stdin", "--always", "-r", "--root", "--full-index", "--no-color", "--no-ext-diff"),
    *("--no-textconv", "--find-renames=50%", "-l2000", "--ignore-submodules=all"),
)
_BLOB_HEADER = re.compile(rb"[0-9a-f]{40,64} (\w+) (\d+)\n")
_SEPARATOR = "%x1f"
_FORMAT = _SEPARATOR.join(("%H", "%P", "%ct", "%an <%ae>", "%cn <%ce>", "%B"))


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``time`` is when it was committed, in seconds since 1970."""

    oid: str
    parents: tuple[str, ...]
    time: int
    author: str
    committer: str
    message: str

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1


class Repository:
    """The repository that ``folder`` is in: a work tree, a linked one, a submodule or a bare repository.

    Raises ``InputError`` outside a repository, or when git is missing or refuses.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.common = Path(self._ask("rev-parse", "--path-format=absolute", "--git-common-dir"))

    def head(self, revision: str = "HEAD") -> str:
        """The commit that ``revision`` names; raises ``InputError`` when there is none."""
        try:
            return self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except InputError:
            if revision != "HEAD":
                raise InputError(
                    f"There is no commit “{revision}” in {self.folder}. Name one that `git log` shows."
                ) from None
            raise InputError(
                f"The repository {self.folder} has no commit yet. Commit something, and ask again later."
            ) from None

    def cut_off(self) -> frozenset[str]:
        """The commits at which a shallow clone's history is cut off; empty in a whole one."""
        path = self.common / "shallow"
        try:
            return frozenset(path.read_text("ascii").split())
        except (OSError, UnicodeDecodeError):
            return frozenset()

    def commits(self, head: str) -> list[Commit]:
        """``head`` and its ancestors, parents before children, branches one after the other."""
        printed = self._run(
            *("log", "-z", "--no-show-signature", "--topo-order", "--reverse", "--no-color", "--no-notes"),
            *("--encoding=UTF-8", f"--format=format:{_FORMAT}", head, "--"),
        )
        found = []
        for record in printed.decode("utf-8", "replace").split("\0"):
            fields = record.split("\x1f", 5)
            if len(fields) == 6:
                oid, parents, time, author, committer, message = fields
                found.append(
                    Commit(oid.strip(), tuple(parents.split()), int(time or 0), author, committer, message)
                )
        return found

    def notes(self, reference: str) -> dict[str, bytes]:
        """Notes by the commit they belong to; empty when there is no such reference."""
        listed = self._maybe("notes", f"--ref={reference}", "list")
        pairs = [line.split() for line in (listed or b"").decode("ascii", "replace").splitlines()]
        with self.blobs() as blobs:
            return {pair[1]: blobs.read(pair[0]) or b"" for pair in pairs if len(pair) == 2}

    def file_at(self, commit: str, path: str) -> bytes | None:
        """A file of a commit; None when it doesn't hold it."""
        return self._maybe("cat-file", "blob", f"{commit}:{path}")

    def files_at(self, commit: str) -> list[str]:
        """The names of what the root folder of a commit holds."""
        listed = self._maybe("ls-tree", "--name-only", "--full-tree", "-z", commit) or b""
        return [name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name]

    def patches(
        self, pairs: Iterable[tuple[str, str | None]], cancelled: Callable[[], bool] = never
    ) -> Iterator[bytes]:
        """The lines of git's diffs of (commit, parent) pairs, without context; white space is ignored."""
        yield from self._diff(("--raw", "-p", "-U0", "-w", "--histogram"), pairs, cancelled)

    def changed(
        self, pairs: Iterable[tuple[str, str | None]], cancelled: Callable[[], bool] = never
    ) -> Iterator[bytes]:
        """The lines of git's raw diffs of (commit, parent) pairs: which blobs changed."""
        yield from self._diff(("--raw",), pairs, cancelled)

    def blobs(self) -> BlobReader:
        """Something to read blobs with; close it."""
        return BlobReader(self._start("cat-file", "--batch"))

    def _diff(
        self, form: tuple[str, ...], pairs: Iterable[tuple[str, str | None]], cancelled: Callable[[], bool]
    ) -> Iterator[bytes]:
        process = self._start(*_DIFF, *form, "--", *pathspecs(), errors=subprocess.PIPE)
        asked = [f"{commit} {parent}\n" if parent else f"{commit}\n" for commit, parent in pairs]
        feeder = threading.Thread(target=_feed, args=(process.stdin, "".join(asked).encode()), daemon=True)
        feeder.start()
        complaint: list[bytes] = []
        listener = threading.Thread(target=_listen, args=(process.stderr, complaint), daemon=True)
        listener.start()
        try:
            assert process.stdout is not None
            for number, line in enumerate(process.stdout):
                if number % 4096 == 0 and cancelled():
                    raise Cancelled
                yield line
            if process.wait() != 0:
                listener.join()
                raise _refusal(self.folder, b"".join(complaint))
        finally:
            process.kill()
            process.wait()
            feeder.join()
            listener.join()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def _start(self, *arguments: str, errors: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*GIT_COMMAND, *arguments],
            cwd=self.folder,
            env=git_environment() | {"GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=1 << 20,
        )

    def _run(self, *arguments: str) -> bytes:
        try:
            process = self._start(*arguments, errors=subprocess.PIPE)
        except FileNotFoundError:
            if not self.folder.is_dir():
                raise InputError(f"There is no folder {self.folder}. Name a git repository.") from None
            raise InputError("The program git was not found. Install git to read histories.") from None
        except OSError as error:
            raise InputError(
                f"{self.folder} can't be read ({error.strerror}). Name a git repository."
            ) from error
        printed, complaint = process.communicate()
        if process.returncode != 0:
            raise _refusal(self.folder, complaint)
        return printed

    def _ask(self, *arguments: str) -> str:
        return self._run(*arguments).decode("utf-8", "surrogateescape").strip()

    def _maybe(self, *arguments: str) -> bytes | None:
        try:
            return self._run(*arguments)
        except InputError:
            return None


class BlobReader:
    """Reads blobs from one ``git cat-file --batch``; use it from one thread."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, name: str) -> bytes | None:
        """A blob's bytes, by its oid or as ``COMMIT:PATH``; None when there is none."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None or "\n" in name:
            return None
        try:
            stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
            stdin.flush()
            header = stdout.readline()
        except OSError:
            return None
        if (found := _BLOB_HEADER.match(header)) is None:
            return None  # “missing” or “ambiguous”
        size = int(found.group(2))
        content = stdout.read(size + 1)[:size]
        return content if found.group(1) == b"blob" else None

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def __enter__(self) -> BlobReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _feed(stream: IO[bytes] | None, asked: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # the reader has had enough
        assert stream is not None
        stream.write(asked)
        stream.close()


def _listen(stream: IO[bytes] | None, into: list[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        assert stream is not None
        into.extend(iter(stream.readline, b""))


def _refusal(folder: Path, complaint: bytes) -> InputError:
    said = complaint.decode("utf-8", "replace").strip().splitlines()
    reason = said[-1].removeprefix("fatal: ") if said else "it gave no reason"
    if "not a git repository" in reason:
        return InputError(f"{folder} is in no git repository. Name a folder of one.")
    if any("dubious ownership" in line for line in said):
        return InputError(
            f"git doesn't trust {folder}, which belongs to somebody else. Run "
            f"`git config --global --add safe.directory {folder}` if you do."
        )
    return InputError(f"git can't read the history of {folder} ({reason}). Check it with `git fsck`.")
