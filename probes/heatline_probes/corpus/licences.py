"""Which licence a repository's text is under, by the words of the licence file itself."""

import re

from heatline.history.repository import Repository

_FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "LICENCE.md", "COPYING", "LICENSE-MIT", "LICENSE-APACHE",
          "license", "license.md", "LICENSE.rst", "MIT-LICENSE", "LICENSE.MIT")  # fmt: skip
_KNOWN = (
    ("AGPL", r"gnu affero general public license"),
    ("LGPL", r"gnu lesser general public license"),
    ("GPL", r"gnu general public license"),
    ("other", r"sustainable use license|business source license|commons clause|elastic license|"
     r"functional source license|server side public license|non-?commercial|creative commons"),
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
    for name in _FILES:
        if (raw := repository.file_at(head, name)) is not None:
            found += raw.decode("utf-8", "replace").lower() + "\n"
            break
    text = re.sub(r"\s+", " ", found)
    if not text.strip():
        return "none"
    for name, pattern in _KNOWN:
        if re.search(pattern, text):
            return name
    return "other"
