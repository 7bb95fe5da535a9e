"""A scorer that needs no model, and a way to run the command line."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from heatline.cli import main
from heatline.errors import InputError
from heatline.scoring.result import (
    Contribution,
    ScoredLine,
    ScoredQuery,
    ScoredScope,
    ScoredToken,
)


@dataclass
class FakeText:
    """A line's risk is the number in its comment ``# 0.40``, else 0.05; its last word carries it all."""

    text: str
    lines: list[ScoredLine] = field(default_factory=list)
    tokens: list[ScoredToken] = field(default_factory=list)
    scopes: list[ScoredScope] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = 0
        for number, line in enumerate(self.text.split("\n")):
            marked = re.search(r"# (0\.\d+)", line)
            risk = float(marked.group(1)) if marked else 0.05
            first = len(self.tokens)
            for word in re.finditer(r"\S+", line):
                last = not line[word.end() :].strip()
                confidence = 1 - risk if last else 0.99
                self.tokens.append(
                    ScoredToken(start + word.start(), start + word.end(), confidence, confidence, number)
                )
            if line.strip():
                self.lines.append(
                    ScoredLine(
                        start, start + len(line), 1 - risk, 1 - risk / 2, number, (first, len(self.tokens))
                    )
                )
            start += len(line) + 1
        last_line = self.text.count("\n")
        self.scopes.append(ScoredScope(0, len(self.text), 0.5, 0.6, "whole", "function", 0, last_line))

    def tokens_between(self, first: int, last: int) -> list[ScoredToken]:
        return self.tokens[first:last]

    def span(self, start: int, end: int) -> ScoredQuery:
        inside = [token for token in self.tokens if start <= token.start < end]
        shares = [Contribution(token.start, token.end, 0.25) for token in inside]
        shares[-1] = replace(shares[-1], logit=1.25)
        shares.sort(key=lambda share: -share.logit)
        return ScoredQuery(start, end, 0.5, 0.5, "line", tuple(shares), -1.0)


@dataclass
class FakeProbe:
    name: str = "fake-probe"


@dataclass
class FakeScorer:
    threshold: float = 0.3
    supervisor: str = "fake-supervisor"
    bundle_hash: str = "abc123"
    probe: FakeProbe = field(default_factory=FakeProbe)
    calls: list[tuple[str, str | None, Path | None]] = field(default_factory=list)
    closed: bool = False

    def __enter__(self) -> FakeScorer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.closed = True

    def expect(self, text: str, language: str | None = None, *, path: Path | None = None) -> None:
        """Nothing is scored ahead."""

    def score(self, text: str, language: str | None = None, *, path: Path | None = None) -> FakeText:
        self.calls.append((text, language, path))
        if "unscorable" in text:
            raise InputError("This text can't be scored. Leave it out.")
        if "interrupt" in text:
            raise KeyboardInterrupt
        if "mistake" in text:
            raise RuntimeError("a mistake")
        return FakeText(text)


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch) -> FakeScorer:
    """The scorer that `heatline.load` gives in this test."""
    fake = FakeScorer()
    monkeypatch.setattr("heatline.load", lambda *arguments, **options: fake, raising=False)
    return fake


@dataclass(frozen=True)
class Ran:
    code: int | None
    out: str
    err: str


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Ran]:
    """Runs ``heatline`` with some arguments in ``tmp_path``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEATLINE_STATE", str(tmp_path / ".state"))
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["heatline", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ran(ended.value.code, captured.out, captured.err)  # type: ignore[arg-type]

    return run
