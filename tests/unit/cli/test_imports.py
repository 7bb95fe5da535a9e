"""What is slow to import is imported by the command that needs it, when it does."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = (
    "numpy",
    "onnxruntime",
    "rich",
    "tokenizers",
    "tree_sitter",
    "huggingface_hub",
    "gguf",
    "onnx",
    "pygls",
    "typer",
    "pathspec",
)


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import heatline.cli.app", {"typer"}),
        ("import heatline.cli.check_run, heatline.scorer", {"typer", "numpy", "rich", "tree_sitter"}),
        ("import heatline.lsp.start", set()),
        ("import heatline.lsp.server", {"numpy", "tree_sitter", "pygls"}),
        ("import heatline.scoring.worker, heatline.scorer", {"numpy", "tree_sitter"}),
    ],
)
def test_nothing_slow_is_imported_before_it_is_needed(statement: str, allowed: set[str]) -> None:
    told = f"{statement}\nimport sys\nprint(*(name for name in {SLOW!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= allowed
