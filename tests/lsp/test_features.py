"""What the features make of a scored document, without a server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lsprotocol import types

from heatline.lsp.diagnostics import line_diagnostics
from heatline.lsp.heat import heat_params, wants_heat
from heatline.lsp.hover import hover_at
from heatline.lsp.position_encoding import ENCODINGS
from heatline.lsp.span_confidence import span_confidence
from tests.lsp.handmade import URI, scored_document

UTF_16 = ENCODINGS["utf-16"]


def test_a_diagnostic_names_the_riskiest_tokens_first() -> None:
    document = scored_document("a bb ccc dddd\n", {"bb": 0.3, "dddd": 0.6, "a": 0.2})
    (diagnostic,) = line_diagnostics(document, "scaled", 0.5, UTF_16)
    expected = "risk 60 %: about 6 in 10 lines like this get edited; riskiest here: `dddd`, `bb`, `a`"
    assert diagnostic.message == expected


def test_only_lines_that_count_as_generated_have_diagnostics() -> None:
    document = replace(scored_document("x\ny\nz\n", {"x": 0.9, "y": 0.9, "z": 0.9}), shown_lines=((1, 2),))
    assert [d.range.start.line for d in line_diagnostics(document, "scaled", 0.5, UTF_16)] == [1]


def test_a_risk_equal_to_the_threshold_is_shown() -> None:
    document = scored_document("x\n", {"x": 0.5})
    assert len(line_diagnostics(document, "scaled", 0.5, UTF_16)) == 1


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
