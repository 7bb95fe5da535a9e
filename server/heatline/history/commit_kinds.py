"""What a commit's message says it is: a fix, a run of a formatter, or neither. Rules, not a model."""

from __future__ import annotations

import re

_TYPE = re.compile(r"^\W*(?P<type>[a-z]+)\s*(?:\((?P<scope>[^)]*)\)|\[(?P<also>[^\]]*)\])?!?:\s", re.I)
_FIX_TYPES = frozenset({"fix", "fixes", "bugfix", "hotfix", "bug", "revert", "security", "regression"})
_OTHER_TYPES = frozenset(
    {
        *("feat", "feature", "docs", "doc", "style", "refactor", "refact", "test", "tests", "chore", "build", "ci"),
        *("perf", "release", "wip", "deps", "lint", "format", "fmt", "rename", "cleanup", "add", "new", "bump"),
        *("enhance", "enhancement", "improvement", "i18n", "ui", "breaking", "merge", "types", "version"),
    }
)  # fmt: skip
_FIX_WORDS = re.compile(
    r"\b(?:(?:hot|bug)?fix(?:e[sd]|ing|up)?|bugs?|regressions?|revert(?:s|ed|ing)?|defects?|repair(?:s|ed|ing)?|"
    r"broken|crash(?:es|ed|ing)?|incorrect(?:ly)?|wrong(?:ly)?|off[- ]by[- ]one|deadlocks?|race conditions?|"
    r"memory leaks?|vulnerabilit(?:y|ies)|CVE-\d+-\d+|correct(?:s|ed)|prevent(?:s|ed)? (?:a |an |the )?"
    r"(?:crash|error|panic|overflow|exception|deadlock|leak))\b",
    re.I,
)
_NOT_CODE = (
    r"(?:typos?|spelling|lint(?:er|ing|s)?|clippy|flake8|ruff|mypy|pyright|eslint|golangci|warnings?|format(?:ting|ter)?|"
    r"fmt|style|styling|white ?space|indent(?:ation)?|tests?|test suite|unit tests?|e2e|flaky|ci|cd|"
    r"pipelines?|workflows?|actions?|docs?|documentation|docstrings?|readme|changelog|comments?|links?|badges?|license|version|"
    r"merge conflicts?|conflicts?|imports? order|import sorting|build badge|pre-?commit|type (?:hints?|annotations?))"
)
_FIX_OF_NO_CODE = re.compile(
    rf"\bfix(?:e[sd]|ing)?:?\s+(?:(?:up|all|some|the|a|an|more|minor|failing|broken|remaining|few|various|and)\s+)*"
    rf"{_NOT_CODE}\b",
    re.I,
)
_FIX_OF_LINT = re.compile(
    r"\bfix(?:e[sd]|ing)?:?\s+(?:[\w-]+\s+){0,2}(?:lint(?:er|ing)?|eslint|clippy|flake8|ruff|mypy|pyright|typing|"
    r"type[- ]?(?:check(?:s|ing|er)?|errors?|issues?)|format(?:ting)?)\b",
    re.I,
)
_SCOPE_OF_NO_CODE = re.compile(rf"^{_NOT_CODE}$", re.I)
_CLOSES = re.compile(r"\b(?:fix(?:e[sd])?|resolve[sd]?)\s*:?\s+(?:[\w.-]+/[\w.-]+)?#\d+", re.I)
_FORMATTER = re.compile(
    r"\b(?:black|isort|yapf|autopep8|prettier|gofmt|gofumpt|goimports|rustfmt|cargo fmt|clang-format|"
    r"(?:ruff|dotnet|biome|deno|swift)[ -]format|auto-?format(?:ted|ting|s)?|re-?format(?:ted|ting|s)?|"
    r"format(?:ting)?|fmt|white ?space|indent(?:ation)?|line endings?|sort imports?|pre-?commit|lint(?:ing|er|s)?)\b"
    r"|^\W*style\b",
    re.I,
)


def is_fix(message: str) -> bool:
    """Whether a commit's message speaks of a fix.

    A conventional type decides when there is one: ``fix``, ``bugfix``, ``hotfix``, ``revert``, ``security`` are
    fixes, ``feat``, ``docs``, ``refactor`` … are not.  Without one, the subject must hold a word such as fix, bug,
    regression, revert, crash, broken, wrong, or any line must close an issue with “fixes #12” or “resolves #12”.
    What is fixed must be code: typos, lint, type hints, formatting, tests, workflows and documentation don't count.
    """
    subject = _subject(message)
    typed = _TYPE.match(subject)
    kind = typed["type"].lower() if typed else ""
    if typed and kind in _OTHER_TYPES:
        return False
    if typed and kind in _FIX_TYPES:
        scope = (typed["scope"] or typed["also"] or "").strip()
        rest = subject[typed.end() :]
        about = re.match(rf"(?:the |a |some |failing |all )*{_NOT_CODE}\b", rest, re.I)
        return not (_SCOPE_OF_NO_CODE.match(scope) or about or _FIX_OF_LINT.search(f"fix {rest}"))
    if _FIX_OF_NO_CODE.search(subject) or _FIX_OF_LINT.search(subject):
        return False
    return bool(_FIX_WORDS.search(subject) or _CLOSES.search(message))


def is_formatting(message: str) -> bool:
    """Whether the subject names a formatter or speaks of formatting."""
    return bool(_FORMATTER.search(_subject(message)))


def _subject(message: str) -> str:
    return message.lstrip().partition("\n")[0].strip()
