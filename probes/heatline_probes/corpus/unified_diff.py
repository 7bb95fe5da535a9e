"""Apply a unified diff to texts, exactly: a hunk that does not match is an error, never a guess."""

import re
from collections.abc import Mapping

from heatline_probes.errors import CorpusError

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def apply_unified_diff(diff: str, base: Mapping[str, str]) -> dict[str, str]:
    """The texts a diff changes, after it; deleted files are left out.

    base: texts by path, without the a/ and b/ of the diff. Raises CorpusError when a file is missing or a
    hunk does not match it.
    """
    changed: dict[str, str] = {}
    old_name = ""
    lines = diff.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith("--- "):
            old_name = _name(line)
        elif line.startswith("+++ "):
            new_name = _name(line)
            if old_name and old_name not in base:
                raise CorpusError(f"The patch changes {old_name}, which is not in 'base'. Add its text.")
            old = base[old_name].split("\n") if old_name else []
            new, index = _apply_hunks(lines, index + 1, old, old_name or new_name)
            if new_name:
                changed[new_name] = "\n".join(new)
            continue
        index += 1
    return changed


def _apply_hunks(lines: list[str], index: int, old: list[str], name: str) -> tuple[list[str], int]:
    new: list[str] = []
    position = 0
    while index < len(lines) and (match := _HUNK.match(lines[index])):
        length, added = (int(match[group]) if match[group] is not None else 1 for group in (2, 4))
        start = int(match[1]) - (1 if length else 0)
        new += old[position:start]
        position = start
        index += 1
        while (length > 0 or added > 0) and index < len(lines):
            mark, text = lines[index][:1] or " ", lines[index][1:]
            if mark in " -":
                if position >= len(old) or old[position] != text:
                    raise CorpusError(
                        f"The patch does not match {name} at line {position + 1}. "
                        "Give the text it was made for."
                    )
                position += 1
                length -= 1
            if mark in " +":
                new.append(text)
                added -= 1
            index += 1
        while index < len(lines) and lines[index].startswith("\\"):
            index += 1
    return new + old[position:], index


def _name(line: str) -> str:
    path = line[4:].split("\t")[0].strip()
    if path == "/dev/null":
        return ""
    return path[2:] if path[:2] in ("a/", "b/") else path
