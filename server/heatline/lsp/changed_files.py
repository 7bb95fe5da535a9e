"""The files of a repository that differ from HEAD, found without running what the repository configures."""

from __future__ import annotations

import os
from pathlib import Path

from heatline.scoring.generated import run_git

MOST_FILES = 500


def changed_files(folder: Path) -> list[Path]:
    """Files below ``folder`` that are changed, staged or new, and not ignored: in order, at most ``MOST_FILES``.

    These are plumbing commands that compare file attributes and object names: unlike ``git status`` they run no
    filter, external diff or hook.  A file may be named whose content turns out to be the same.
    """
    names: set[bytes] = set()
    for arguments in (
        ("diff-files", "--name-only", "-z", "--ignore-submodules", "--relative"),
        ("diff-index", "--cached", "--name-only", "-z", "--ignore-submodules", "--relative", "HEAD"),
        ("ls-files", "-z", "--others", "--exclude-standard"),
    ):
        listed = run_git(folder, *arguments)
        names.update(name for name in (listed or b"").split(b"\0") if name)
    paths = (folder / os.fsdecode(name) for name in sorted(names))
    return [path for path in paths if path.is_file() and not path.is_symlink()][:MOST_FILES]
