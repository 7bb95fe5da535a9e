"""The spans of one level that are measured, with all that is known of them."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heatline_probes.evaluation.line_kinds import LineKind, line_kinds
from heatline_probes.evaluation.predictions import PredictedSpans, Predictions

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
Str = NDArray[np.str_]


@dataclass(frozen=True)
class SpanView:
    """Spans that have a held-out logit, `(n,)` each."""

    row: Int64  # index into the level
    logit: Float64
    kept: Bool
    program: Int64
    fold: Int64
    group: Int64  # a number for each problem group
    dataset: Str
    kind: Str  # the LineKind of the span's first line
    scope: Int64  # the scope it lies in; the program where scopes are not given

    def __len__(self) -> int:
        return len(self.logit)

    def only(self, chosen: Bool) -> "SpanView":
        """The chosen spans."""
        return SpanView(*(getattr(self, f.name)[chosen] for f in fields(self)))

    @property
    def outcome(self) -> Float64:
        """1 for kept, 0 for edited."""
        return self.kept.astype(np.float64)


@dataclass(frozen=True)
class Run:
    """Predictions and what is read off their programs' text once."""

    predictions: Predictions

    @cached_property
    def kinds(self) -> tuple[Str, ...]:
        """The kind of every line of every program."""
        programs = self.predictions.programs
        return tuple(
            line_kinds(code, str(language))
            for code, language in zip(programs.code, programs.language, strict=True)
        )

    def span_kinds(self, spans: PredictedSpans) -> Str:
        """The kind of the line each span begins in `(n,)`."""
        sizes = np.asarray([len(kinds) for kinds in self.kinds], np.int64)
        flat = np.concatenate(self.kinds)
        first = np.cumsum(sizes) - sizes
        line = np.minimum(spans.line, sizes[spans.program] - 1)
        return np.asarray(flat[first[spans.program] + line])

    def view(self, level: str) -> SpanView:
        """The spans of a level that have a logit; of lines, those that show something."""
        predictions = self.predictions
        spans, programs = predictions.levels[level], predictions.programs
        kind = self.span_kinds(spans)
        scopes = predictions.levels.get("scope")
        scope = (
            np.searchsorted(scopes.first, spans.first, side="right") - 1
            if scopes is not None and level != "scope"
            else spans.program
        )
        view = SpanView(
            np.arange(len(spans)),
            spans.logit,
            spans.kept,
            spans.program,
            programs.fold[spans.program],
            np.unique(programs.group, return_inverse=True)[1][spans.program],
            programs.dataset[spans.program],
            kind,
            np.asarray(scope, np.int64),
        )
        shown = np.isfinite(spans.logit)
        if level == "line":
            shown &= kind != LineKind.BLANK.value
        return view.only(shown)
