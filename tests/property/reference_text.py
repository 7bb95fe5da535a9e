"""What an editor's edits do to a text, as simply as it can be written: what the server is compared with."""

from __future__ import annotations

from heatline.lsp.position_encoding import PositionEncoding


def reference_lines(text: str) -> list[tuple[int, int]]:
    """(start, end of content) of every line, one character at a time."""
    lines, start, i = [], 0, 0
    while i < len(text):
        if text[i] in "\r\n":
            lines.append((start, i))
            i += 2 if text[i : i + 2] == "\r\n" else 1
            start = i
        else:
            i += 1
    return [*lines, (start, len(text))]


def reference_units(char: str, encoding: PositionEncoding) -> int:
    code = ord(char)
    if encoding.name == "utf-16":
        return 1 + (code > 0xFFFF)
    if encoding.name == "utf-8":
        return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
    return 1


def reference_offset(text: str, line: int, character: int, encoding: PositionEncoding) -> int:
    lines = reference_lines(text)
    if line < 0:
        return 0
    if line >= len(lines):
        return len(text)
    offset, end = lines[line]
    while offset < end and reference_units(text[offset], encoding) <= character:
        character -= reference_units(text[offset], encoding)
        offset += 1
    return offset


def reference_joined(text: str) -> str:
    """Joins surrogate pairs one at a time."""
    joined = ""
    for char in text:
        if "\udc00" <= char <= "\udfff" and "\ud800" <= joined[-1:] <= "\udbff":
            char = chr(0x10000 + ((ord(joined[-1]) - 0xD800) << 10) + (ord(char) - 0xDC00))
            joined = joined[:-1]
        joined += char
    return joined
