"""What the repository's HEAD holds of each file, kept until HEAD moves, so that typing runs no git."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from heatline.scoring.generated import Committed, committed_file, lines_since

_KEPT = 128

Stamp = tuple[tuple[int, int, int] | None, ...]


class CommittedTexts:
    """Committed files by path. May be used from several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[Path, tuple[Stamp, Committed | None]] = OrderedDict()
        self._lock = threading.Lock()

    def changed_lines(self, path: Path, text: str) -> list[tuple[int, int]] | None:
        """As ``heatline.scoring.generated.changed_lines``, with git run only when HEAD has moved."""
        stamp = head_stamp(path.parent)
        if stamp is None:
            return None
        with self._lock:
            known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, committed_file(path))
            with self._lock:
                self._known.pop(path, None)
                self._known[path] = known
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return None if known[1] is None else lines_since(known[1], text)


def head_stamp(folder: Path) -> Stamp | None:
    """Changes whenever the commit that HEAD names changes; None outside a repository.

    Reads the files git itself writes: a commit, a checkout or a reset rewrites one of them.
    """
    git = _git_folder(folder)
    if git is None:
        return None
    common = git
    with suppress(OSError, UnicodeDecodeError):  # only a linked worktree has the file
        common = git / (git / "commondir").read_text("utf-8").strip()
    files = [git / "HEAD", git / "logs" / "HEAD", common / "packed-refs", common / "reftable" / "tables.list"]
    try:
        head = (git / "HEAD").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        head = ""
    if head.startswith("ref: "):
        files.append(common / head[5:].strip())
    return tuple(_stat(file) for file in files)


def _git_folder(folder: Path) -> Path | None:
    for parent in (folder, *folder.parents):
        entry = parent / ".git"
        try:
            if entry.is_dir():
                return entry
            if entry.is_file():  # a worktree or a submodule says where its folder is
                named = entry.read_text("utf-8").partition("gitdir:")[2].strip()
                return Path(os.path.join(parent, named)) if named else None  # noqa: PTH118 - may be absolute
        except (OSError, UnicodeDecodeError):
            return None
    return None


def _stat(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
