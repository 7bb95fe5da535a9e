"""Where a text is cut belongs to the layout that probes are trained for: whoever changes it changes the version."""

from __future__ import annotations

import hashlib
from pathlib import Path

from heatline.scoring.headers import language_of_file
from heatline.scoring.layout import CONTEXT_BUDGET, LAYOUT_VERSION, OVERLAP, SEQUENCE
from heatline.scoring.scopes import find_scopes

SAMPLES = sorted((Path(__file__).parent / "samples").iterdir())
KNOWN = {1: "6cd79d082d89534b"}
"""What each version makes of the samples."""


def test_scopes_and_contexts_are_those_of_the_layouts_version() -> None:
    """When this fails, raise ``LAYOUT_VERSION``, add its digest here, and train the probes anew."""
    digest = hashlib.sha256(f"{CONTEXT_BUDGET} {SEQUENCE} {OVERLAP}".encode())
    for path in SAMPLES:
        text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
        for scope in find_scopes(text, language_of_file(path, text)):
            digest.update(f"{path.name} {scope.start} {scope.end} {scope.context}\n".encode())
    assert KNOWN[LAYOUT_VERSION] == digest.hexdigest()[:16]
