"""What a server must publish: risks of the Python API, ranges by arithmetic on the text."""

from __future__ import annotations

from lsprotocol import types

import heatline
from heatline.lsp.wording import in_plain_words, percent
from tests.property.reference_text import reference_lines

URI = "file:///nowhere/sample.py"
TEXT = "def f(x):\n    return x + '😋' * x\n\n\nTOTAL = f(3)\n"

CODEC = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def units(text: str, encoding: str) -> int:
    codec, size = CODEC[encoding]
    return len(text.encode(codec)) // size


def visible_ranges(text: str, encoding: str) -> list[types.Range]:
    """The range of every non-blank line without its indentation."""
    split = [text[start:end] for start, end in reference_lines(text)]
    return [
        types.Range(
            types.Position(number, units(line[: len(line) - len(line.lstrip())], encoding)),
            types.Position(number, units(line.rstrip(), encoding)),
        )
        for number, line in enumerate(split)
        if line.strip()
    ]


def expected_diagnostics(
    scorer: heatline.Scorer, text: str, encoding: str, language: str = "python"
) -> list[types.Diagnostic]:
    """What the server must publish for a whole text when every line is shown."""
    scored = scorer.score(text, language)
    diagnostics = []
    for line, place in zip(scored.lines, visible_ranges(text, encoding), strict=True):
        ranked = sorted(scored.tokens[slice(*line.tokens)], key=lambda token: -token.risk)
        words = list(
            dict.fromkeys(text[t.start : t.end].strip() for t in ranked if text[t.start : t.end].strip())
        )
        diagnostics.append(
            types.Diagnostic(
                range=place,
                message=f"risk {percent(line.risk)}: {in_plain_words(line.risk, 'scaled')}; riskiest here: "
                + ", ".join(f"`{word}`" for word in words[:3]),
                severity=types.DiagnosticSeverity.Information,
                code="risky-line",
                source="heatline",
                data={"risk": round(line.risk, 6), "unscaledRisk": round(line.unscaled_risk, 6)},
            )
        )
    return diagnostics
