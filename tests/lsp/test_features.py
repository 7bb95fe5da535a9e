"""What the features make of a scored document, without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lsprotocol import types

from heatline.lsp.diagnostics import line_diagnostics, riskiest_tokens
from heatline.lsp.flagging import Policy, flagged_lines, shown_risks
from heatline.lsp.heat import heat_params, wants_heat
from heatline.lsp.hover import hover_at
from heatline.lsp.position_encoding import ENCODINGS
from heatline.lsp.scored_document import ScoredDocument
from heatline.lsp.shown_document import Notes, ShownDocument
from heatline.lsp.span_confidence import span_confidence
from heatline.settings import Settings
from heatline.settings.schema import Features
from tests.lsp.handmade import URI, scored_document

UTF_16 = ENCODINGS["utf-16"]


HALF = Policy("scaled", 0.5, 0.0)


def flagged(document: ScoredDocument, policy: Policy = HALF, **more: Any) -> list[tuple[int, float]]:
    """Number and shown risk of each flagged line."""
    return [(flag.line.line, round(flag.risk, 3)) for flag in flagged_lines(document, policy, **more)]


def test_the_riskiest_tokens_come_first() -> None:
    document = scored_document("a bb ccc dddd\n", {"bb": 0.3, "dddd": 0.6, "a": 0.2})
    assert riskiest_tokens(document, document.scored.lines[0], "scaled") == ["dddd", "bb", "a"]


def test_diagnostics_may_be_turned_off() -> None:
    document = scored_document("x\n", {"x": 0.9})
    settings = Settings(features=Features(diagnostics=False))
    shown = ShownDocument(document, flagged_lines(document, HALF), Notes(), HALF, settings, settled=True)
    assert line_diagnostics(shown, UTF_16) == []


def test_only_lines_that_count_as_generated_are_flagged() -> None:
    document = replace(scored_document("x\ny\nz\n", {"x": 0.9, "y": 0.9, "z": 0.9}), shown_lines=((1, 2),))
    assert flagged(document) == [(1, 0.9)]


def test_a_risk_equal_to_the_threshold_is_flagged() -> None:
    assert flagged(scored_document("x\n", {"x": 0.5})) == [(0, 0.5)]


def test_without_a_threshold_the_probes_own_decides_by_the_scaled_risk() -> None:
    document = scored_document("x\ny\n", {"x": 0.9, "y": 0.3})
    assert flagged(document, Policy("unscaled", None, 0.5)) == [(0, 0.9)]


def test_ignored_and_reviewed_lines_and_the_one_typed_on_are_not_flagged() -> None:
    document = scored_document("x\nx\nx\n", {"x": 0.9})
    assert flagged(document, is_quiet=lambda line: line == 0, typed=2) == [(1, 0.9)]


def test_the_budget_flags_the_riskiest() -> None:
    document = scored_document("x\ny\nz\nw\n", {"x": 0.6, "y": 0.9, "z": 0.7, "w": 0.8})
    assert flagged(document, replace(HALF, review_budget=0.5)) == [(1, 0.9), (3, 0.8)]


@pytest.mark.parametrize(("now", "shown"), [(0.57, 0.6), (0.45, 0.6), (0.8, 0.6), (0.2, None)])
def test_while_somebody_types_a_line_keeps_its_risk_within_a_bucket(now: float, shown: float | None) -> None:
    before = scored_document("x\n", {"x": 0.6})
    steady = shown_risks(before, HALF, flagged_lines(before, HALF))
    after = scored_document("new\nx\n", {"x": now})
    assert flagged(after, steady=steady) == ([] if shown is None else [(1, shown)])


def test_while_somebody_types_a_quiet_line_stays_quiet_within_a_bucket() -> None:
    before = scored_document("x\n", {"x": 0.45})
    steady = shown_risks(before, HALF, flagged_lines(before, HALF))
    assert flagged(scored_document("x\n", {"x": 0.55}), steady=steady) == []


def test_a_new_line_shows_its_own_risk() -> None:
    before = scored_document("x\n", {"x": 0.6})
    steady = shown_risks(before, HALF, flagged_lines(before, HALF))
    assert flagged(scored_document("x\ny\n", {"x": 0.6, "y": 0.55}), steady=steady) == [(0, 0.6), (1, 0.55)]


def test_heat_covers_visible_characters_in_the_clients_units() -> None:
    document = scored_document("def 😋 = bad\n", {"😋": 0.25, "bad": 0.9})
    params = heat_params(document, "scaled", UTF_16)
    assert params["tokens"] == [[0, 4, 2, 2], [0, 9, 3, 5]]


def test_heat_says_what_is_still_to_be_scored() -> None:
    text = "first\n\nsecond\nthird\n"
    document = scored_document(text, {}, scored_end=len("first"))
    assert heat_params(document, "scaled", UTF_16)["pending"] == types.Range(
        types.Position(0, 5), types.Position(4, 0)
    )


def test_heat_of_a_complete_document_has_nothing_pending() -> None:
    assert heat_params(scored_document("x\n", {}), "scaled", UTF_16)["pending"] is None


@pytest.mark.parametrize(
    ("experimental", "wanted"), [(None, False), ({}, False), ({"heatlineHeat": True}, True)]
)
def test_heat_is_for_clients_that_declare_it(experimental: dict[str, bool] | None, wanted: bool) -> None:
    assert wants_heat(types.ClientCapabilities(experimental=experimental)) is wanted


def test_hover_names_the_token_under_the_cursor() -> None:
    document = scored_document("a bb ccc\n", {"bb": 0.3})
    hover = hover_at(document, 3, "scaled", UTF_16)
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert "- token `bb`: risk 30 %, unscaled 30 %\n- line 1:" in hover.contents.value


def test_hover_lists_only_what_raises_the_risk() -> None:
    document = scored_document("a bb\n", {"bb": 0.9})
    hover = hover_at(document, 0, "scaled", UTF_16)
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.value.endswith("(log-odds): `bb` +2.20")


def test_contributions_and_bias_add_up_to_the_logit_of_the_risk() -> None:
    document = scored_document("a bb\n", {"bb": 0.9})
    answer = span_confidence(document, types.Range(types.Position(0, 0), types.Position(0, 4)), UTF_16)
    assert answer is not None
    total = sum(share["logit"] for share in answer["contributions"]) + answer["bias"]
    assert total == pytest.approx(2.197225, abs=1e-6)


def test_a_range_without_scored_tokens_has_no_confidence() -> None:
    document = scored_document("a\n\n\nbb\n", {}, scored_end=1)
    asked = types.Range(types.Position(3, 0), types.Position(3, 2))
    assert span_confidence(document, asked, UTF_16) is None


def test_the_uri_and_version_of_heat_are_the_documents() -> None:
    params = heat_params(scored_document("x\n", {}), "unscaled", UTF_16)
    assert (params["uri"], params["version"], params["scaling"]) == (URI, 3, "unscaled")
