"""The names others may rely on, and what importing them must not cost."""

import inspect
import subprocess
import sys

import heatline


def test_public_names():
    assert heatline.__all__ == [
        "Contribution", "HeatlineError", "Resolved", "ScoredLine", "ScoredQuery", "ScoredScope", "ScoredSpan",
        "ScoredText", "ScoredToken", "Scorer", "load", "resolve",
    ]  # fmt: skip
    assert all(hasattr(heatline, name) for name in heatline.__all__)


def test_load_and_score_keep_their_parameters():
    assert list(inspect.signature(heatline.load).parameters) == [
        "supervisor",
        "probe",
        "threads",
        "device",
        "cache",
        "memory",
        "base_rate",
        "batch",
    ]
    assert list(inspect.signature(heatline.Scorer.score).parameters) == [
        "self",
        "text",
        "language",
        "path",
        "cancelled",
    ]
    assert list(inspect.signature(heatline.Scorer.score_many).parameters) == ["self", "texts", "language"]


def test_scored_spans_have_what_is_documented():
    for name in ("start", "end", "confidence", "unscaled_confidence", "risk", "unscaled_risk"):
        assert hasattr(heatline.ScoredLine, name)


def test_nothing_heavy_is_imported():
    heavy = {"torch", "transformers", "sklearn", "scipy", "pandas"}
    program = f"""
import sys, heatline
import heatline.scorer, heatline.scoring.engine, heatline.scoring.scored_text, heatline.supervisor.session
import heatline.supervisor.gguf_weights, heatline.supervisor.graph, heatline.lsp.server, heatline.cli.app
sys.exit(sorted({heavy!r} & set(sys.modules)) or 0)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
