"""The span probe: features of tokens, pooling over spans, exact contributions."""

from heatline.probe.card import ProbeCard
from heatline.probe.span_probe import ScopeStage, SpanProbe

__all__ = ["ProbeCard", "ScopeStage", "SpanProbe"]
