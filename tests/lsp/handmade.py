"""Scored documents whose risks a test chooses itself: a probe of one feature, the logit of the risk."""

from __future__ import annotations

import math
import re

import numpy as np

from heatline.lsp.documents import Document
from heatline.lsp.scored_document import ScoredDocument
from heatline.probe import ProbeCard, SpanProbe
from heatline.probe.card import FORMAT_VERSION
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.layout import LAYOUT_VERSION
from heatline.scoring.scored_text import ScoredText

URI = "file:///nowhere/sample.py"


def handmade_probe() -> SpanProbe:
    """Confidence is ``sigmoid(−feature)``, so that a feature of ``logit(risk)`` gives that risk."""
    identity = {"kind": "identity"}
    card = ProbeCard(
        format_version=FORMAT_VERSION,
        name="handmade",
        supervisor="none",
        bundle_hash="",
        layout_version=LAYOUT_VERSION,
        pooling="max",
        features=1,
        loss="none",
        threshold=0.5,
        calibrators=dict.fromkeys(("token", "line", "scope"), identity),
        sha256="",
    )
    return SpanProbe(
        np.zeros((1, 1), np.float32), np.zeros(1, np.float32), np.array([-1.0], np.float32), 0.0, card
    )


def scope(text: str, start: int, end: int, risks: dict[str, float], otherwise: float = 0.01) -> ScopeFeatures:
    """A scope of which every word is a token with the white space before it, risky as ``risks`` says."""
    words = list(re.finditer(r"\s*\S+", text[start:end]))
    spans = [(start + word.start(), start + word.end()) for word in words]
    chosen = [risks.get(word.group().strip(), otherwise) for word in words]
    features = [[math.log(risk / (1 - risk))] for risk in chosen]
    return ScopeFeatures(
        start,
        end,
        "f",
        "function",
        np.array(spans, np.int32).reshape(-1, 2),
        np.array(features, np.float32).reshape(-1, 1),
    )


def scored_document(text: str, risks: dict[str, float], scored_end: int | None = None) -> ScoredDocument:
    """A document scored as one scope, up to ``scored_end`` (default: all of it)."""
    end = len(text) if scored_end is None else scored_end
    scored = ScoredText(text, "python", [scope(text, 0, end, risks)], handmade_probe())
    return ScoredDocument(Document(URI, "python", 3, text), scored, complete=end == len(text))
