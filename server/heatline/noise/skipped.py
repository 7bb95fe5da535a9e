"""Files nobody reviews line by line: vendored, generated, locked or minified ones, each with its reason.

A reason completes a sentence that begins with the file's name: “a_pb2.py *is generated (its name ends in
_pb2.py)*”.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from heatline.scoring.limits import minified_line

HEAD_CHARACTERS = 2_000
"""How much of a file's beginning is searched for a sentence that says a program wrote it."""

_VENDORED_FOLDERS = frozenset(
    {
        *("node_modules", "bower_components", "vendor", "third_party", "thirdparty", "site-packages"),
        *("Pods", "Carthage", "elm-stuff"),
    }
)
_LOCK_FILES = frozenset(
    {
        *(
            "composer.lock",
            "Cargo.lock",
            "Gemfile.lock",
            "poetry.lock",
            "pdm.lock",
            "uv.lock",
            "Pipfile.lock",
        ),
        *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock"),
        *("go.sum", "flake.lock", "mix.lock", "pubspec.lock", "Podfile.lock", "packages.lock.json"),
    }
)
_WRAPPER_SCRIPTS = frozenset({"gradlew", "mvnw"})
_GENERATED_NAME = re.compile(
    r"(_pb2(_grpc)?\.pyi?|\.pb(\.gw)?\.(go|cc|h)|\.g\.(dart|cs)|\.designer\.cs|\.generated\.[a-z]+)$", re.I
)
_MINIFIED_NAME = re.compile(r"\.min\.[cm]?js$", re.I)
_GENERATED_TEXT = re.compile(
    r"^\s*(?:#|//|/?\*|--|;|<!--|%).*"
    r"(@generated\b|\bDO NOT (?:EDIT|MODIFY)\b|\bauto(?:matically |-)generated\b)",
    re.I | re.M,
)


def skipped_by_name(relative: PurePath) -> str | None:
    """Why a file is left alone by its path, relative to the folder that is looked at; None when it is not."""
    for part in relative.parent.parts:
        if part in _VENDORED_FOLDERS:
            return f"is vendored (it is below {part})"
    name = relative.name
    if name in _LOCK_FILES:
        return "is a lock file"
    if name in _WRAPPER_SCRIPTS:
        return "is a build tool's wrapper script"
    if _MINIFIED_NAME.search(name):
        return "is minified (its name says so)"
    found = _GENERATED_NAME.search(name)
    return f"is generated (its name ends in {found.group()})" if found else None


def skipped_by_text(text: str) -> str | None:
    """Why a file is left alone by its text; None when it is not.  The first lines decide on “generated”."""
    found = _GENERATED_TEXT.search(text[:HEAD_CHARACTERS])
    if found:
        return f"is generated (it says “{found.group(1)}”)"
    long = minified_line(text)
    return None if long is None else f"looks minified (line {long[0]} has {long[1]:,} characters)"
