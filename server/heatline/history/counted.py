"""Which files and which lines count: code that somebody wrote to do something."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from heatline.noise.skipped import skipped_by_name
from heatline.scoring.languages import PLAIN, known_suffixes, language_of

_TEST_FOLDERS = frozenset(
    {
        *("test", "tests", "testing", "__tests__", "__mocks__", "spec", "specs", "e2e", "fixtures", "__fixtures__"),
        *("testdata", "test_data", "test-data", "snapshots", "__snapshots__", "mocks", "testutil", "testutils"),
        *("integration_tests", "integration-tests", "unit_tests", "benches"),
    }
)  # fmt: skip
_TEST_NAME = re.compile(
    r"^(?:test_.*|conftest)\.pyw?$|_test\.(?:py|go|rs|rb|c|cc|cpp|dart)$|_spec\.rb$|_tests?\.rs$|^tests?\.rs$"
    r"|[.-](?:test|spec|e2e|bench|stories)s?\.[cm]?[jt]sx?$|Tests?\.(?:java|cs|php|kt)$|IT\.java$|\.bats$"
)
_TEST_PROJECT = re.compile(r"(?:^|[._-])tests?$", re.I)  # Company.Product.Tests/, my-tests/
_OTHERS = frozenset(
    {"dist", "build", "out", "target", "generated", "__generated__", "gen", "migrations", "_vendor"}
)
_LETTER = re.compile(rb"[0-9A-Za-z_\x80-\xff]")


def counted_path(path: str) -> bool:
    """Whether lines of this file of a repository count.

    It is in a language with a grammar, and is no test, vendored, generated, built or lock file.
    """
    pure = PurePosixPath(path)
    if language_of(Path(pure.name)) == PLAIN or skipped_by_name(pure) is not None:
        return False
    if _TEST_NAME.search(pure.name):
        return False
    return not any(
        part.lower() in _TEST_FOLDERS or part.lower() in _OTHERS or _TEST_PROJECT.search(part)
        for part in pure.parent.parts
    )


def counted_line(line: bytes) -> bool:
    """Whether a line has a letter or a digit: blank lines and lone brackets are nobody's decision."""
    return _LETTER.search(line) is not None


def pathspecs() -> list[str]:
    """What git is told to look at: files with the endings of the languages we know."""
    return [f":(top,icase)*{suffix}" for suffix in sorted(known_suffixes())]
