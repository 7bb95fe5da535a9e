"""Which messages speak of a fix or a formatter."""

from __future__ import annotations

import pytest

from heatline.history.commit_kinds import is_fix, is_formatting


@pytest.mark.parametrize(
    "message",
    [
        "fix: wrong total",
        "Fix crash when the list is empty",
        "fix(parser)!: accept tabs",
        "bugfix: off-by-one",
        "hotfix(api): retry",
        'Revert "feat: caching"',
        "Handle empty input\n\nFixes #12",
        "resolve race condition in worker",
        "🐛 fix: emoji first",
        "Correctly close files; was broken since 1.2",
        "[FIX] totals",
    ],
)
def test_these_are_fixes(message: str) -> None:
    assert is_fix(message)


@pytest.mark.parametrize(
    "message",
    [
        "feat: fix-it button",
        "feat: support dates\n\nFixes #12",
        "docs: fix typo",
        "Fix typo in README",
        "fix: lint",
        "Fix TypeScript ESLint errors (Phase 1)",
        "Fix typing",
        "fix: resolve mypy issues",
        "fix(ci): cache",
        "fix(tests): wait for server",
        "Fix failing tests",
        "chore: bump deps to fix build",
        "Add prefix option",
        "refactor: simplify",
        "",
        "Fix formatting and imports order",
    ],
)
def test_these_are_not(message: str) -> None:
    assert not is_fix(message)


@pytest.mark.parametrize(
    "message", ["style: black", "Run prettier", "cargo fmt", "Reformat all", "chore: gofmt"]
)
def test_these_speak_of_a_formatter(message: str) -> None:
    assert is_formatting(message)


def test_information_is_no_formatter() -> None:
    assert not is_formatting("feat: more information")
