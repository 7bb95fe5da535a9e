"""Which lines of a file count as generated: those that differ from a commit.

Agents and assistants work in the uncommitted part of a repository, so "what changed since HEAD" is the
closest cheap answer to "what did the model write".  Git is asked for the file's blob and the lines are
compared here, because ``git diff`` would run the repository's own external diff and text-conversion commands.
"""

from __future__ import annotations

import difflib
import io
import os
import subprocess
import tokenize
from dataclasses import dataclass
from pathlib import Path

from heatline.errors import InputError
from heatline.scoring.lines import line_spans

_GIT_SECONDS = 60.0
_MANY_LINES = 2_000

# A hook or an editor may have pointed git at another repository; the file's own folder decides here.
_FOREIGN_GIT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE")


@dataclass(frozen=True, slots=True)
class Committed:
    """A file as it is in a commit: its lines without their ends, or None when the commit doesn't hold it."""

    lines: list[str] | None


def changed_lines(path: Path, text: str, base: str = "HEAD") -> list[tuple[int, int]] | None:
    """Line ranges ``[first, last)``, counted from 0, in which ``text`` differs from ``path`` at ``base``.

    ``text`` is the file's current content, saved or not.  Line ends don't matter, so a checkout that made
    ``\\r\\n`` of ``\\n`` is no change.  A line that was deleted leaves no range.  The whole file is one range
    when it is untracked or absent at ``base``; the answer is None outside a repository or without git.

    Raises InputError when ``base`` names no commit.
    """
    committed = committed_file(path, base)
    return None if committed is None else lines_since(committed, text)


def committed_file(path: Path, base: str = "HEAD") -> Committed | None:
    """``path`` as it is at ``base``; None outside a repository or without git. Raises as ``changed_lines`` does."""
    path = path.resolve()
    if not path.parent.is_dir() or run_git(path.parent, "rev-parse", "--git-dir") is None:
        return None
    commit = _commit(path.parent, base)
    blob = None if commit is None else run_git(path.parent, "cat-file", "blob", f"{commit}:./{path.name}")
    return Committed(None if blob is None else split_lines(_decode(blob)))


def lines_since(committed: Committed, text: str) -> list[tuple[int, int]]:
    """Line ranges ``[first, last)`` in which ``text`` differs from the committed file."""
    lines = split_lines(text)
    if committed.lines is None:
        return [(0, len(lines))] if lines else []
    return differing_ranges(committed.lines, lines)


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` without their ends; an end after the last line starts no further one."""
    lines = [text[start:end] for start, end in line_spans(text).tolist()]
    return lines if lines[-1] else lines[:-1]


def differing_ranges(before: list[str], after: list[str]) -> list[tuple[int, int]]:
    """Ranges ``[first, last)`` of ``after`` that have no counterpart in ``before``, in order."""
    head = 0
    shorter = min(len(before), len(after))
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    # Exact matching is quadratic; past this size the junk heuristic may widen a range, never miss a change.
    junk = max(len(old), len(new)) > _MANY_LINES
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=junk)
    return [
        (head + first, head + last)
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag in ("replace", "insert")
    ]


def _commit(folder: Path, base: str) -> str | None:
    """The commit ``base`` names; None for the HEAD of a repository that has no commit yet."""
    found = run_git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if found is not None:
        return found.decode("ascii").strip()
    if base == "HEAD":
        return None
    raise InputError(
        f"There is no commit “{base}” in the repository of {folder}. "
        "Name a branch, a tag or a commit that `git log` shows."
    )


def git_environment() -> dict[str, str]:
    """The environment in which git takes no lock, fetches nothing and looks only where it is run."""
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN_GIT}
    # GIT_NO_LAZY_FETCH: in a partial clone, asking for a blob would run the remote's transport commands.
    return environment | {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}


# A repository's own configuration may name programs for git to run; these two are run by reading commands.
GIT_COMMAND = ("git", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")


def run_git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints in ``folder``, or None when it is missing, fails or hangs."""
    try:
        done = subprocess.run(
            [*GIT_COMMAND, *arguments],
            cwd=folder,
            env=git_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _decode(blob: bytes) -> str:
    """The text of a blob; an undecodable one still compares line by line, as Latin-1."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(blob).readline)
        return blob.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return blob.decode("latin-1")
