"""Which licence a repository's text is under, by the words of the licence file itself."""

import re

from heatline.history.repository import Repository

_FILE = re.compile(r"^(?:licen[cs]e|copying|unlicense|(?:mit|apache)-licen[cs]e)(?:[.-][\w.-]+)?$", re.I)
_KNOWN = (
    ("AGPL", r"gnu affero general public license"),
    ("LGPL", r"gnu lesser general public license"),
    ("GPL", r"gnu general public license"),
    ("other", r"sustainable use license|business source license|commons clause|elastic license|"
     r"functional source license|server side public license|non-?commercial|creative commons|"
     r"o.?saasy license|\bwith [\w/ ]*\brider\b|restricted parties|no licensee .{0,80}compet"),
    ("MPL-2.0", r"mozilla public license"),
    ("Apache-2.0", r"apache license,?\s+version 2\.0|apache software license 2\.0|apache\.org/licenses/license-2\.0"),
    ("MIT", r"permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("ISC", r"permission to use, copy, modify, and(?:/or)? distribute this software for any purpose"),
    ("BSD", r"redistributions of source code must retain the above copyright notice"),
    ("Unlicense", r"this is free and unencumbered software released into the public domain"),
)  # fmt: skip
PERMISSIVE = frozenset({"Apache-2.0", "MIT", "ISC", "BSD", "Unlicense"})


def licence_of(repository: Repository, head: str) -> str:
    """The licence's short name at ``head``; “other” for one we don't know, “none” without a licence file."""
    found = ""
    for name in sorted(repository.files_at(head), key=len):
        if _FILE.match(name):
            found = _text_of(repository, head, name)
            break
    text = re.sub(r"\s+", " ", found)
    if not text.strip():
        return "none"
    for name, pattern in _KNOWN:
        if re.search(pattern, text):
            return name
    return "other"


def _text_of(repository: Repository, head: str, name: str) -> str:
    text = (repository.file_at(head, name) or b"").decode("utf-8", "replace").strip()
    if "\n" not in text and "/" in text:  # a symbolic link holds the path it leads to
        linked = repository.file_at(head, text.removeprefix("./"))
        return "" if linked is None else linked.decode("utf-8", "replace").lower()
    return text.lower()
